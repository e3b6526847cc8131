use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
struct Guest {
    #[schema(default = 1)]
    age: u8,
}

fn main() {}
