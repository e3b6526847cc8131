//! The attributes imported one by one.

use plugin_sdk::{Result, cleanup, command, event, init, plugin, start, stop};

#[plugin(commands(double))]
struct Counter {
    total: u64,
}

#[plugin]
impl Counter {
    #[init]
    fn new() -> Self {
        Counter { total: 1 }
    }

    #[command]
    fn add(&mut self, amount: u64) -> Result<u64> {
        self.total += amount;
        Ok(self.total)
    }

    #[start]
    fn start(&mut self) {}

    #[stop]
    fn stop(&mut self) {}

    #[event]
    fn event(&mut self) {}

    #[cleanup]
    fn cleanup(&mut self) {}
}

#[command]
fn double(number: u64) -> u64 {
    number * 2
}

#[test]
fn commands_are_functions() {
    assert_eq!(double(2), 4);
}
