use plugin_sdk::prelude::*;

const WHY: &str = "remembers";

#[plugin(permissions(kv = WHY, http = concat!("a", "b"), files = 7, ai = "a" + "b"))]
#[derive(Default)]
struct Counter;

fn main() {}
