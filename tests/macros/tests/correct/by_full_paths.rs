//! The attributes by their paths, with nothing imported.

#[plugin_sdk::plugin(commands(double))]
#[derive(Default)]
struct Counter;

#[plugin_sdk::plugin]
impl Counter {
    #[plugin_sdk::command]
    fn zero(&self) -> u64 {
        0
    }

    #[::plugin_sdk::stop]
    fn stop(&mut self) {}
}

#[plugin_sdk::command]
fn double(number: u64) -> u64 {
    number * 2
}

#[test]
fn commands_are_functions() {
    assert_eq!(Counter.zero(), 0);
    assert_eq!(double(2), 4);
}
