use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[event("user..created")]
    fn between(&mut self) {}

    #[event(".created")]
    fn before(&mut self) {}

    #[event("user.")]
    fn behind(&mut self) {}
}

fn main() {}
