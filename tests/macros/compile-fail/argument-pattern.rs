use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn sum(&self, (left, right): (u64, u64)) -> u64 {
        left + right
    }
}

fn main() {}
