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
    fn configure(&mut self, config: Config) -> Self {
        let _ = config.step;
        Counter
    }
}

fn main() {}
