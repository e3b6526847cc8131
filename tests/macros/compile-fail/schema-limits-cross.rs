use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
struct Guest {
    #[schema(minimum = 9, maximum = 1)]
    age: u8,
    #[schema(min_length = 3, max_length = 2)]
    name: String,
    #[schema(exclusive_minimum = 0.5, exclusive_maximum = 0.5)]
    height: f32,
    #[schema(multiple_of = 0)]
    children: u8,
    #[schema(minimum = 1, exclusive_minimum = 0)]
    cats: u8,
}

fn main() {}
