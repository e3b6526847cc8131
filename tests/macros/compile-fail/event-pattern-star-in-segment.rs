use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[event("user.creat*")]
    fn on_event(&mut self) {}

    #[event("user.***")]
    fn on_all(&mut self) {}
}

fn main() {}
