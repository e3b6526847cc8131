use plugin_sdk::prelude::*;

struct Counter;

impl Counter {
    #[command]
    fn total(
        /// The number.
        count: u32,
    ) -> u32 {
        count
    }

    #[command]
    fn other(&self) {}
}

fn main() {}
