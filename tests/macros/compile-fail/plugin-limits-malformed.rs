use plugin_sdk::prelude::*;

#[plugin(limits(memory_pages = 65537, max_fuel = 0, timeout_ms = "5s", stack = 1))]
#[derive(Default)]
struct Greedy;

#[plugin(limits(max_fuel = 1, max_fuel = 2), limits = 5)]
#[derive(Default)]
struct Twice;

fn main() {}
