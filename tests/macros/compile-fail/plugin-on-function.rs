use plugin_sdk::prelude::*;

#[plugin]
fn add(left: u64, right: u64) -> u64 {
    left + right
}

fn main() {}
