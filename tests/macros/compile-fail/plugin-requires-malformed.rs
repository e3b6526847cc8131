use plugin_sdk::prelude::*;

#[plugin(requires(neotalk = "new", edge-ai = ">=1", cis, "a b" = "*"))]
#[derive(Default)]
struct Particular;

fn main() {}
