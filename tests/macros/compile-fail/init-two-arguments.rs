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
    fn new(config: Config, limit: u64) -> Self {
        let _ = (config.step, limit);
        Counter
    }
}

fn main() {}
