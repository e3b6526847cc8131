use plugin_sdk::prelude::*;

#[host_functions]
pub trait Text {
    fn reverse(text: &mut [u8]);
}

fn main() {
    text::reverse(&mut []);
}
