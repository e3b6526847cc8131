use plugin_sdk::prelude::*;

pub struct Row;

#[host_functions(module = "m")]
pub trait Database {
    fn row() -> Row;
    fn rows() -> Result<Vec<Row>>;
    fn borrowed() -> &'static str;
    fn strange_error() -> Result<String, u32>;
    #[json]
    fn no_result() -> Vec<u32>;
}

fn main() {}
