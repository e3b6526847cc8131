use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
struct Guest {
    #[schema(pattern = 1)]
    name: String,
    #[schema(minimum = "1")]
    age: u8,
    #[schema(max_items = -1)]
    children: Vec<String>,
    #[schema(examples = 1)]
    height: f32,
    #[schema(example = (1, 2))]
    place: (u8, u8),
    #[schema(with = "String")]
    date: String,
}

fn main() {}
