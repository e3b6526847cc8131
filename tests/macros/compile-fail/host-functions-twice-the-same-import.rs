use plugin_sdk::prelude::*;

#[host_functions(module = "m")]
pub trait Text {
    fn reverse(text: &mut [u8]);
    #[host(name = "reverse")]
    fn turn_round(text: &mut [u8]);
}

fn main() {}
