use plugin_sdk::prelude::*;

#[derive(Default, Deserialize, Schema)]
struct Query {
    from: u32,
}

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn find(&self, #[arg(flatten, default)] query: Query) -> u32 {
        query.from
    }
}

fn main() {}
