use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn greet(&self, name: &dyn std::fmt::Display) -> String {
        name.to_string()
    }
}

fn main() {}
