use plugin_sdk::prelude::*;

#[plugin(id = "My_Plugin", name = " ", version = "1.0", type = "LLM backend")]
#[derive(Default)]
struct Shouting;

#[plugin(id = "-ends-", name = "two\nlines", type = "")]
#[derive(Default)]
struct Odd;

#[plugin(id = "", id = "twice", version, name = 5)]
#[derive(Default)]
struct Twice;

fn main() {}
