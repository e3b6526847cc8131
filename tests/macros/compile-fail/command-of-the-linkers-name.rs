use plugin_sdk::prelude::*;

#[plugin(commands(__data_end))]
#[derive(Default)]
struct Counter;

#[plugin]
impl Counter {
    #[command]
    fn __multi3(&self) -> u64 {
        0
    }

    #[command(rename = "__heap_base")]
    fn heap_base(&self) -> u64 {
        0
    }

    #[command(rename = "data_start")]
    fn __data_start(&self) -> u64 {
        0
    }
}

#[command]
fn __data_end() {}

fn main() {}
