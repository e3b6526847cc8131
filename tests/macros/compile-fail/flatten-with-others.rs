use plugin_sdk::prelude::*;

#[derive(Deserialize, Schema)]
struct Query {
    from: u32,
}

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn find(&self, #[arg(flatten)] query: Query, limit: u32) -> u32 {
        query.from + limit
    }
}

fn main() {}
