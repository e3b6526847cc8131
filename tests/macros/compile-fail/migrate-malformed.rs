use plugin_sdk::prelude::*;

#[plugin(state = "json")]
#[derive(Default, Serialize, Deserialize)]
struct Counter {
    count: u64,
}

#[plugin]
impl Counter {
    #[migrate]
    fn migrate(&mut self) {}
}

#[plugin(state = "json")]
#[derive(Default, Serialize, Deserialize)]
struct Timer {
    count: u64,
}

#[plugin]
impl Timer {
    #[migrate(from = 1)]
    fn migrate(#[arg(default)] old: u64, more: u64) -> Self {
        Timer { count: old + more }
    }
}

fn main() {}
