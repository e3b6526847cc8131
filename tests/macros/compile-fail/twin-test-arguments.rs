#[plugin_sdk_macros::test(Greeter)]
fn takes_nothing() {}

#[plugin_sdk_macros::test(Greeter)]
fn takes_two(plugin: &mut Plugin, other: &mut Plugin) {}

#[plugin_sdk_macros::test(Greeter)]
fn takes_self(&mut self) {}

#[plugin_sdk_macros::test(Greeter)]
async fn is_async<T>(plugin: &mut Plugin) {}

fn main() {}
