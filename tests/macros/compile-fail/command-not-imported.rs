use plugin_sdk::plugin;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn total(&self) -> u64 {
        0
    }
}

fn main() {}
