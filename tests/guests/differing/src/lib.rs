//! A plugin whose results differ between a native run and WebAssembly.

use std::collections::HashMap;

use plugin_sdk::prelude::*;

/// Differs.
#[plugin(log)]
#[derive(Default)]
pub struct Differing {
    calls: usize,
}

#[plugin]
impl Differing {
    /// Returns the number of calls, which is the same in both.
    #[command]
    pub fn calls(&mut self) -> usize {
        self.calls += 1;
        self.calls
    }

    /// Returns the complement of a number, in as many bits as an address has.
    #[command]
    pub fn complement(&self, number: usize) -> usize {
        !number
    }

    /// Returns the next number.
    #[command]
    pub fn successor(&self, number: usize) -> usize {
        number + 1
    }

    /// Returns the keys of a map in the order of the map.
    #[command]
    pub fn keys(&self) -> Vec<String> {
        let map: HashMap<String, u32> = (0..40).map(|key| (format!("key {key}"), key)).collect();
        map.into_keys().collect()
    }

    /// Returns the values of functions that come from the platform's library.
    #[command]
    pub fn curves(&self, numbers: Vec<f64>) -> Vec<f64> {
        let curves = [
            f64::sin,
            f64::tan,
            f64::exp,
            f64::sinh,
            f64::tanh,
            f64::cbrt,
        ];
        let at = |number: f64| curves.map(|curve| curve(number));
        numbers.into_iter().flat_map(at).collect()
    }

    /// Logs the number of bits of an address, and returns the same in both.
    #[command]
    pub fn log_bits(&self) {
        log::info!("an address has {} bits", usize::BITS);
    }

    /// Returns the time, which only a native plugin has without its host.
    #[command]
    pub fn time(&self) -> bool {
        std::time::SystemTime::now() > std::time::UNIX_EPOCH
    }

    /// Returns whether a file of the computer can be read, which only a native plugin can.
    #[command]
    pub fn read(&self, path: &str) -> Result<()> {
        std::fs::read(path)?;
        Ok(())
    }

    /// Panics while a value lives that logs a line when it is dropped.
    #[command]
    pub fn panic_with_guard(&self) {
        struct Guard;
        impl Drop for Guard {
            fn drop(&mut self) {
                log::info!("dropped");
            }
        }
        let _guard = Guard;
        panic!("with a guard");
    }

    /// Panics in the same way in both.
    #[command]
    pub fn panic(&self, reason: &str) {
        panic!("no {reason} left");
    }
}
