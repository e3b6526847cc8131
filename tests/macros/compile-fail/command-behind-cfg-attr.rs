use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[cfg_attr(unix, command)]
    fn total(&self) -> u64 {
        0
    }
}

fn main() {}
