use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command(codec = "binary")]
    fn add(&self, #[arg(default)] amount: u64) -> u64 {
        amount
    }
}

fn main() {}
