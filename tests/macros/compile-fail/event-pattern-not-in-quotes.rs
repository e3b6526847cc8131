use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

const CREATED: &str = "user.created";

#[plugin]
impl Counter {
    #[event(user.created)]
    fn bare(&mut self) {}

    #[event(CREATED)]
    fn constant(&mut self) {}
}

fn main() {}
