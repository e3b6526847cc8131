use plugin_sdk::prelude::*;

struct Point(u64);

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn weigh(&self, point: &mut Point) {
        point.0 += 1
    }
}

fn main() {}
