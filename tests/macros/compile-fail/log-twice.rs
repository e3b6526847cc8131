use plugin_sdk::prelude::*;

#[plugin(log, log)]
#[derive(Default)]
struct Counter;

fn main() {}
