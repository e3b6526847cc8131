use plugin_sdk::prelude::*;

#[plugin(permissions(kv = "remembers" http = "asks", files))]
#[derive(Default)]
struct Counter;

fn main() {}
