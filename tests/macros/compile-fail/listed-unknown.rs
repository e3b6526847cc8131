use plugin_sdk::prelude::*;

#[plugin(commands(add))]
#[derive(Default)]
struct Tools;

fn main() {}
