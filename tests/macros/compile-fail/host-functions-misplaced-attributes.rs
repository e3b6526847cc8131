use plugin_sdk::prelude::*;

#[host_functions(module = "m")]
pub trait Text {
    fn one(#[out] text: &str);
    fn two(#[json] text: &mut [u8]);
    fn three(#[json(pretty)] text: &str);
}

fn main() {}
