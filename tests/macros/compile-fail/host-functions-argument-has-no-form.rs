use plugin_sdk::prelude::*;

pub struct Filter {
    pub name: String,
}

#[host_functions(module = "m")]
pub trait Text {
    fn by_reference(filter: &Filter);
    fn by_value(filter: Filter);
    fn in_place(filter: &mut Filter);
    fn json(#[json] filter: &Filter) -> Result<()>;
}

fn main() {}
