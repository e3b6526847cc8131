use plugin_sdk::prelude::*;

#[plugin(commands(text::reverse))]
#[derive(Default)]
struct Tools;

mod text {
    use plugin_sdk::prelude::*;

    #[command]
    fn reverse(text: &str) -> String {
        text.chars().rev().collect()
    }
}

fn main() {}
