use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command(rename = "")]
    fn total(&self) -> u64 {
        0
    }
}

fn main() {}
