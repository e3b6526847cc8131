#[plugin_sdk_macros::test]
fn has_no_plugin(plugin: &mut Plugin) {}

#[plugin_sdk_macros::test(Greeter, Other)]
fn has_two_plugins(plugin: &mut Plugin) {}

#[plugin_sdk_macros::test(Greeter, native, plugin = "greeter", native_only)]
fn has_unknown_options(plugin: &mut Plugin) {}

#[plugin_sdk_macros::test(Greeter, native_only = " ", wasm_only = "it reads a file")]
fn runs_nowhere(plugin: &mut Plugin) {}

#[plugin_sdk_macros::test(Greeter, wasm_only = "one", wasm_only = "two", crate = "1")]
fn has_an_option_twice(plugin: &mut Plugin) {}

fn main() {}
