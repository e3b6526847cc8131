use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Naming;

#[plugin]
impl Naming {
    #[command]
    fn names(&self) -> Result<impl Serialize> {
        Ok(["Ada"])
    }
}

fn main() {}
