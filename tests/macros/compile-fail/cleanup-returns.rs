use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[cleanup]
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

fn main() {}
