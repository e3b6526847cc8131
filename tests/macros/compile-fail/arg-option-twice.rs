use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn add(&self, #[arg(rename = "n", rename = "m")] amount: u64) -> u64 {
        amount
    }
}

fn main() {}
