use plugin_sdk::prelude::*;

#[plugin]
struct Counter;

#[plugin]
impl Counter {
    #[init]
    fn new() -> Self {
        Counter
    }

    #[init]
    fn with_step() -> Self {
        Counter
    }
}

fn main() {}
