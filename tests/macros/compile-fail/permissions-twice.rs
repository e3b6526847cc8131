use plugin_sdk::prelude::*;

#[plugin(permissions(kv = "remembers"), log, permissions(http = "asks"))]
#[derive(Default)]
struct Counter;

fn main() {}
