use plugin_sdk::prelude::*;

trait Count {
    fn total(&self) -> u64;
}

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Count for Counter {
    #[command]
    fn total(&self) -> u64 {
        0
    }
}

fn main() {}
