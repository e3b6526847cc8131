use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command(raw)]
    fn count(&self, bytes: &[u8]) -> usize {
        bytes.len()
    }
}

fn main() {}
