use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn add<const N: usize>(&self, amounts: [u64; N]) -> u64 {
        amounts.iter().sum()
    }
}

fn main() {}
