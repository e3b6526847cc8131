use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
struct Config {
    step: u64,
}

#[plugin]
struct Counter;

#[plugin]
impl Counter {
    #[init]
    fn new(config: Config) -> Option<Self> {
        (config.step > 0).then_some(Counter)
    }
}

fn main() {}
