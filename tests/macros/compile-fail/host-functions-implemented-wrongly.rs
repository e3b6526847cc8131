use plugin_sdk::prelude::*;

#[host_functions(module = "m")]
pub trait Text {
    fn reverse(text: &mut [u8]);
    fn lookup(key: &str) -> Result<Option<String>>;
}

struct Host;

impl Text for Host {
    fn reverse(&mut self, text: &[u8]) {}
}

fn main() {
    text::provide(Host);
    text::install(3);
}
