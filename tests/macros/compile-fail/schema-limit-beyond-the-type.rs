use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
struct Guest {
    #[schema(minimum = -1, maximum = 256)]
    age: u8,
}

fn main() {}
