use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn total(self: Box<Self>) -> u64 {
        0
    }
}

fn main() {}
