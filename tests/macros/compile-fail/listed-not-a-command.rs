use plugin_sdk::prelude::*;

#[plugin(commands(add))]
#[derive(Default)]
struct Tools;

fn add(left: u64, right: u64) -> u64 {
    left + right
}

fn main() {}
