use plugin_sdk::prelude::*;

struct Counter;

trait Counts {
    #[command]
    fn total(count: u32) -> u32 {
        count
    }

    #[command]
    fn none(&self);
}

impl Counts for Counter {
    #[command]
    fn none(&self) {}
}

fn main() {}
