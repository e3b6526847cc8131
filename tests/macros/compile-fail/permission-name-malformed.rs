use plugin_sdk::prelude::*;

#[plugin(permissions("" = "nothing", "host..network" = "asks", "host network" = "asks"))]
#[derive(Default)]
struct Counter;

fn main() {}
