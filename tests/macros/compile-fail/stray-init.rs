use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

impl Counter {
    #[init]
    fn new() -> Self {
        Counter
    }
}

fn main() {}
