use plugin_sdk::prelude::*;
use text::reverse;

#[plugin(commands(reverse))]
#[derive(Default)]
struct Tools;

mod text {
    use plugin_sdk::prelude::*;

    #[command]
    pub fn reverse(text: &str) -> String {
        text.chars().rev().collect()
    }
}

fn main() {}
