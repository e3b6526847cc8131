use plugin_sdk::prelude::*;

#[plugin(state = "json")]
#[derive(Default, Serialize, Deserialize)]
struct Counter {
    count: u64,
}

#[plugin]
impl Counter {
    #[migrate]
    fn migrate(old: u64) -> Option<Self> {
        Some(Counter { count: old })
    }
}

fn main() {}
