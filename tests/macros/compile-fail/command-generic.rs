use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn add<T: Into<u64>>(&self, amount: T) -> u64 {
        amount.into()
    }
}

fn main() {}
