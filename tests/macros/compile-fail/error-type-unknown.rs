use plugin_sdk::prelude::*;

struct Refusal;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn total(&self) -> Result<u64, Refusal> {
        Err(Refusal)
    }
}

fn main() {}
