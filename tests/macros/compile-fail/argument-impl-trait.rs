use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn greet(&self, name: impl AsRef<str>) -> usize {
        name.as_ref().len()
    }
}

fn main() {}
