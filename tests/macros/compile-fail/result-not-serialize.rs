use plugin_sdk::prelude::*;

struct Point;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn place(&self) -> Result<Vec<Point>> {
        Ok(vec![Point])
    }
}

fn main() {}
