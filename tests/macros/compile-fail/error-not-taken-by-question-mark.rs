use plugin_sdk::prelude::*;

struct Refusal;

#[plugin]
#[derive(Default)]
struct Counter;

fn library() -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    Ok(1)
}

#[plugin]
impl Counter {
    #[command]
    fn total(&self) -> Result<u64> {
        let total = library()?;
        Err(Refusal)?;
        Ok(total)
    }
}

fn main() {}
