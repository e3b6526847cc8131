use plugin_sdk::prelude::*;

#[plugin(permissions(kv = "remembers", http = "asks", "kv" = "remembers as well"))]
#[derive(Default)]
struct Counter;

fn main() {}
