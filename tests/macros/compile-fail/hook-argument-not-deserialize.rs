use plugin_sdk::prelude::*;

struct Payload;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[event]
    fn on_event(&mut self, topic: &str, data: Payload) {
        let _ = (topic, data);
    }
}

fn main() {}
