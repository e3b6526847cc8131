use plugin_sdk::prelude::*;

#[derive(Default, Serialize, Deserialize)]
struct Point;

#[plugin]
struct Plotter;

#[plugin]
impl Plotter {
    #[init]
    fn new(_config: Point) -> Self {
        Plotter
    }

    #[command]
    fn plot(
        &self,
        _owned: Point,
        _borrowed: &Point,
        _several: &[Point],
        #[arg(default)] _with_default: Vec<Point>,
    ) -> Result<Point> {
        Ok(Point)
    }

    #[command]
    fn flattened(#[arg(flatten)] _point: Point) -> Option<Point> {
        None
    }

    #[event]
    fn heard(&self, data: Point) {
        drop(data);
    }

    #[command(schema = Point)]
    fn told(#[arg(schema = Point)] _point: Point) -> Point {
        Point
    }
}

fn main() {}
