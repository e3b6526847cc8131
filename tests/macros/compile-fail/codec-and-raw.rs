use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command(raw, codec = "binary")]
    fn echo(&self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

fn main() {}
