use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[event("")]
    fn on_event(&mut self) {}
}

fn main() {}
