use plugin_sdk::prelude::*;

#[plugin(commands(Sum))]
#[derive(Default)]
struct Tools;

struct Sum;

fn main() {}
