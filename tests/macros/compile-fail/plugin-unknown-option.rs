use plugin_sdk::prelude::*;

#[plugin(command(add))]
#[derive(Default)]
struct Counter;

fn main() {}
