use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn add(&mut self, amount: u64) -> u64 {
        amount
    }

    #[command(rename = "add")]
    fn add_many(&mut self, amounts: Vec<u64>) -> u64 {
        amounts.iter().sum()
    }
}

fn main() {}
