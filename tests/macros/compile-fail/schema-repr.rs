//! Only variants without fields are numbers.

use plugin_sdk::prelude::*;

#[derive(Schema)]
#[schema(repr)]
enum Shape {
    Point,
    Circle(f64),
}

#[derive(Schema)]
#[schema(repr)]
struct Level(u8);

#[derive(Schema)]
#[schema(repr, with = u8)]
enum Twice {
    One = 1,
}

fn main() {}
