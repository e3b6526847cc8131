use plugin_sdk::prelude::*;

#[plugin]
struct Counter {
    total: u64,
}

#[derive(Deserialize, Schema)]
struct Config {
    start: u64,
}

#[plugin]
impl Counter {
    #[init]
    fn new(config: Config, step: u64) -> Self {
        Counter {
            total: config.start + step,
        }
    }

    #[command]
    async fn total(&self) -> u64 {
        self.total
    }

    #[command(rename = "total", codec = "yaml")]
    fn sum(&self, (left, right): (u64, u64), #[arg(flaten)] rest: Vec<u64>) -> u64 {
        left + right + rest.iter().sum::<u64>()
    }

    #[command(raw)]
    fn echo(&self, bytes: Vec<u8>, times: usize) -> Vec<u8> {
        bytes.repeat(times)
    }

    #[cleanup]
    fn close(self) {}
}

fn main() {}
