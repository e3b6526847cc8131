use plugin_sdk::prelude::*;

#[plugin(state = "json")]
#[derive(Default, Serialize, Deserialize)]
struct Counter {
    count: u64,
}

#[plugin]
impl Counter {
    #[migrate]
    fn of_a_number(old: u64) -> Self {
        Counter { count: old }
    }

    #[migrate]
    fn of_a_text(old: &str) -> Self {
        Counter {
            count: old.len() as u64,
        }
    }
}

fn main() {}
