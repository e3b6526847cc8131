use plugin_sdk::prelude::*;

#[plugin(permissions = "kv", logs)]
#[derive(Default)]
struct Counter;

fn main() {}
