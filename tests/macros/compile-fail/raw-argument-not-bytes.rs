use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command(raw)]
    fn count(&self, words: Vec<String>) {
        drop(words);
    }
}

fn main() {}
