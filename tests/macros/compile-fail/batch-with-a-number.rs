use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command(batch = 10, batch)]
    fn total(&self) -> u64 {
        0
    }
}

fn main() {}
