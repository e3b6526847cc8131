use plugin_sdk::prelude::*;

#[host_functions(module = "m")]
pub trait Text {
    const SIZE: u32;
    async fn later(text: &str);
    unsafe fn dangerous(text: &str);
    fn generic<T>(value: T);
    fn with_body(text: &str) {}
    fn with_self(&self, text: &str);
    fn with_pattern((a, b): (u32, u32));
    fn with_impl(text: impl AsRef<str>);
    fn install(what: u32);
    #[host(status)]
    fn nothing_to_say();
}

fn main() {}
