use plugin_sdk::prelude::*;

#[derive(Schema)]
union Number {
    whole: u32,
    real: f32,
}

fn main() {}
