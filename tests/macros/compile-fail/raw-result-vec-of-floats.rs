use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command(raw)]
    fn louder(&self, samples: Vec<f32>) -> Vec<f32> {
        samples
    }
}

fn main() {}
