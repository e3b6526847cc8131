use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn greet(&self, name: &'static str) -> usize {
        name.len()
    }
}

fn main() {}
