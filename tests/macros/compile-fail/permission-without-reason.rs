use plugin_sdk::prelude::*;

#[plugin(permissions(kv, http =, files("reads"), events = "", ai = "  \n"))]
#[derive(Default)]
struct Counter;

fn main() {}
