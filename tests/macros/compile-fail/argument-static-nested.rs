use plugin_sdk::prelude::*;

use std::borrow::Cow;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn greet(&self, name: Cow<'static, str>) -> usize {
        name.len()
    }
}

fn main() {}
