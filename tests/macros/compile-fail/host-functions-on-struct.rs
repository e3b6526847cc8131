use plugin_sdk::prelude::*;

#[host_functions(module = "m")]
pub struct Text;

fn main() {}
