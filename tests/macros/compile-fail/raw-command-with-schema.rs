use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Echo;

#[plugin]
impl Echo {
    #[command(raw, schema = String)]
    fn echo(bytes: &[u8]) -> &[u8] {
        bytes
    }
}

fn main() {}
