use plugin_sdk::prelude::*;

/// Adds.
#[command]
pub struct Add;

fn main() {}
