use plugin_sdk::prelude::*;

struct Query {
    from: u32,
}

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn find(&self, #[arg(flatten)] query: Query) -> u32 {
        query.from
    }
}

fn main() {}
