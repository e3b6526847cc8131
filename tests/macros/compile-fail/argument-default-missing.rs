use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
struct Point {
    weight: f64,
}

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn weigh(&self, #[arg(default)] point: Point) -> f64 {
        point.weight
    }
}

fn main() {}
