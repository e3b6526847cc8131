use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
struct Guest {
    #[schema(minimum = 1, minimum = 2)]
    #[schema(maximum = 3, title = "a")]
    #[schema(title = "b")]
    age: u8,
}

fn main() {}
