use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    #[start]
    fn begin(&mut self) {}
}

fn main() {}
