use plugin_sdk::prelude::*;

#[host_functions(module = "m", modul = "n", prefix = "", module = "o")]
pub trait Text {
    #[host(nam = "x", status, buffer)]
    fn reverse(text: &str) -> Result<()>;
    #[host(status(good = 1))]
    fn set(text: &str) -> Result<()>;
    #[host(buffer(initial = 10, max = 5))]
    fn get(text: &str) -> Result<Vec<u8>>;
    #[host(buffer(short = "cut"))]
    fn find(text: &str) -> Result<Vec<u8>>;
    #[host(in_out(short = "needed"))]
    fn pick(text: &str) -> Result<Vec<u8>>;
    #[host(in_out(short = 1, absent = 1, most = 2))]
    fn look(text: &str) -> Result<Option<Vec<u8>>>;
}

fn main() {}
