use plugin_sdk::prelude::*;

#[plugin(commands(shout))]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn add(
        &self,
        #[arg(min_length = 1)] amount: u32,
        #[arg(maximum = 300)] other: u8,
        #[arg(minimum = 1)] many: &[u8],
        #[arg(min_items = 1)] own: Option<Own>,
    ) {
    }
}

type Own = Vec<u8>;

#[command]
fn shout(#[arg(multiple_of = 2)] text: &str) {}

fn main() {}
