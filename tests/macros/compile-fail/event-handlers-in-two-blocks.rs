use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[event("user.created")]
    fn created(&mut self) {}
}

#[plugin]
impl Counter {
    #[event("user.gone")]
    fn gone(&mut self) {}
}

fn main() {}
