use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command(raw)]
    fn echo(&self, #[arg(rename = "data")] bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

fn main() {}
