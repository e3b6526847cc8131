use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn greet(&self, names: &[impl AsRef<str>]) -> usize {
        names.len()
    }
}

fn main() {}
