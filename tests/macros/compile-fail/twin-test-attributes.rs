#[plugin_sdk_macros::test(Greeter)]
#[test]
#[should_panic]
fn has_attributes_of_other_tests(plugin: &mut Plugin) {}

fn main() {}
