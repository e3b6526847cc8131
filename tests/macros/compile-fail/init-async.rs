use plugin_sdk::prelude::*;

#[plugin]
struct Counter;

#[plugin]
impl Counter {
    #[init]
    async fn new() -> Self {
        Counter
    }
}

fn main() {}
