use plugin_sdk::prelude::*;

#[plugin(emits("user.*" = "any", user.greeted = "when", "a..b" = "when", "c", "d" = "", "e" = "when", "e" = "then"))]
#[derive(Default)]
struct Emitting;

#[plugin(emits = "user.greeted")]
#[derive(Default)]
struct WithoutParentheses;

fn main() {}
