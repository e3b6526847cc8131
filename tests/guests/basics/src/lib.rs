//! A plugin to test hosts in other languages with: its calls end in every possible way.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Ends calls in every possible way.
#[plugin]
#[derive(Default)]
pub struct Basics {
    running: bool,
}

#[plugin]
impl Basics {
    /// Marks the plugin as running. A host calls this hook without arguments.
    #[start]
    pub fn start(&mut self) {
        self.running = true;
    }

    /// Returns whether the start hook was called.
    #[command]
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Returns its arguments, where they are.
    #[command(raw)]
    pub fn echo<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes
    }

    /// Returns the second half of its arguments, where it is.
    #[command(raw)]
    pub fn tail<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.split_at(bytes.len() / 2).1
    }

    /// Returns a copy of its arguments.
    #[command(raw)]
    pub fn copy(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    /// Halves numbers in place, for which alignment matters.
    #[command(raw)]
    pub fn halve<'a>(&self, numbers: &'a mut [f32]) -> &'a mut [f32] {
        numbers.iter_mut().for_each(|number| *number /= 2.0);
        numbers
    }

    /// Fails with an error that has every optional member.
    #[command]
    pub fn fail(&self, items: &[i64]) -> Result<()> {
        let cause = Error::new("not_enough", "three items are needed");
        Err(cause
            .with_details(&items.len())
            .context("the order was refused"))
    }

    /// Panics at the line that the tests search for.
    #[command]
    pub fn panic(&self, message: &str) {
        panic!("{message}"); // the line of the panic
    }

    /// Traps without a panic.
    #[command]
    pub fn abort(&self) {
        std::process::abort();
    }
}
