use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command(raw)]
    fn mix(&self, samples: &mut [f32], gain: f32) {
        for sample in samples {
            *sample *= gain;
        }
    }
}

fn main() {}
