use plugin_sdk::prelude::*;

struct Point;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn weigh(&self, points: Vec<Point>) -> usize {
        points.len()
    }
}

fn main() {}
