#[plugin_sdk_macros::test(Greeter)]
struct NoFunction;

fn main() {
    // The item is still there.
    let _ = NoFunction;
}
