use plugin_sdk::prelude::*;

#[plugin(state = "binary")]
#[derive(Default, Serialize, Deserialize)]
struct Counter {
    count: u64,
}

#[plugin]
impl Counter {
    #[migrate]
    fn migrate(old: u64) -> Self {
        Counter { count: old }
    }
}

fn main() {}
