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
    fn new(config: Config) {
        let _ = config.step;
    }
}

fn main() {}
