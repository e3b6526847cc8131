use plugin_sdk::prelude::*;

#[plugin(log = "info", commands(add))]
#[derive(Default)]
struct Counter;

#[command]
fn add() {}

#[plugin(log("info"))]
#[derive(Default)]
struct Other;

fn main() {}
