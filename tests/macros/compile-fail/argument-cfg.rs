use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn add(&self, left: u64, #[cfg(unix)] right: u64) -> u64 {
        left + right
    }
}

fn main() {}
