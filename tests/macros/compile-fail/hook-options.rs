use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[start(early)]
    fn start(&mut self) {}
}

fn main() {}
