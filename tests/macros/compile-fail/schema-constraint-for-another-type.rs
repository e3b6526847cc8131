use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
struct Guest {
    #[schema(minimum = 1)]
    name: String,
    #[schema(max_length = 8)]
    age: Option<Age>,
    #[schema(min_length = 1)]
    children: Vec<String>,
    #[schema(min_properties = 1)]
    here: bool,
}

#[derive(Deserialize, Schema)]
struct Age(u8);

fn main() {}
