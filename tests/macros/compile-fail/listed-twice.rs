use plugin_sdk::prelude::*;

#[plugin(commands(add, add))]
#[derive(Default)]
struct Tools;

#[command]
fn add(left: u64, right: u64) -> u64 {
    left + right
}

fn main() {}
