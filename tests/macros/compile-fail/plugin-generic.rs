use plugin_sdk::prelude::*;

#[plugin(commands(add))]
struct Counter<T> {
    total: T,
}

#[command]
fn add(left: u64, right: u64) -> u64 {
    left + right
}

fn main() {}
