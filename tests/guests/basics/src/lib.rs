//! What the hosts in other languages are tried on: each way in which a call can end.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Ends calls in each way there is.
#[plugin]
#[derive(Default)]
pub struct Basics {
    running: bool,
}

#[plugin]
impl Basics {
    /// For a host to call a hook, which has no arguments.
    #[start]
    pub fn start(&mut self) {
        self.running = true;
    }

    /// Whether the hook was called.
    #[command]
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// A result that lies in the arguments.
    #[command(raw)]
    pub fn echo<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes
    }

    /// A result that lies within the arguments, but not where they begin.
    #[command(raw)]
    pub fn tail<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.split_at(bytes.len() / 2).1
    }

    /// A result of its own, as large as the arguments.
    #[command(raw)]
    pub fn copy(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    /// Numbers changed in place, for which alignment matters.
    #[command(raw)]
    pub fn halve<'a>(&self, numbers: &'a mut [f32]) -> &'a mut [f32] {
        numbers.iter_mut().for_each(|number| *number /= 2.0);
        numbers
    }

    /// An error with everything that an error can have.
    #[command]
    pub fn fail(&self, items: &[i64]) -> Result<()> {
        let cause = Error::new("not_enough", "three items are needed");
        Err(cause
            .with_details(&items.len())
            .context("the order was refused"))
    }

    /// A panic, at the line that the tests look for.
    #[command]
    pub fn panic(&self, message: &str) {
        panic!("{message}"); // the line of the panic
    }

    /// A trap that is no panic.
    #[command]
    pub fn abort(&self) {
        std::process::abort();
    }
}
