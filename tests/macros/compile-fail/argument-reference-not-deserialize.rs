use plugin_sdk::prelude::*;

struct Point;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn weigh(&self, point: &Point) -> bool {
        let _ = point;
        true
    }
}

fn main() {}
