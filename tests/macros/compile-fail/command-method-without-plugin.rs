use plugin_sdk::prelude::*;

struct Counter;

impl Counter {
    #[command]
    fn total(&self) -> u64 {
        0
    }
}

fn main() {}
