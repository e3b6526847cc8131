use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[derive(Deserialize, Schema)]
struct Query {
    from: u32,
}

#[plugin]
impl Counter {
    #[command]
    fn add(
        &self,
        #[arg(minimum = 5, maximum = 1)] amount: u32,
        #[arg(minimum = 1, minimum = 2)] twice: u32,
        #[arg(minimum = "1")] text: u32,
        #[arg(minLength = 1)] case: String,
        #[arg(with = String)] with: u32,
    ) {
    }

    #[command]
    fn find(&self, #[arg(flatten, example = 1)] query: Query) {}
}

fn main() {}
