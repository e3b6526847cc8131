use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[start]
    fn start(&mut self, port: u16) {
        let _ = port;
    }
}

fn main() {}
