use plugin_sdk::prelude::*;

#[plugin]
struct Counter {
    total: u64,
}

#[plugin]
impl Counter {
    #[command]
    fn total(&self) -> u64 {
        self.total
    }
}

fn main() {}
