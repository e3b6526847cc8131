use plugin_sdk::prelude::*;

struct Config {
    step: u64,
}

#[plugin]
struct Counter;

#[plugin]
impl Counter {
    #[init]
    fn new(config: Config) -> Self {
        let _ = config.step;
        Counter
    }
}

fn main() {}
