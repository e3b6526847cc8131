use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn add(&self, #[arg(default = self.step())] amount: u64) -> u64 {
        amount
    }

    fn step(&self) -> u64 {
        1
    }
}

fn main() {}
