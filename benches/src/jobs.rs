//! The jobs that every guest does, with their inputs and outputs.

use std::sync::LazyLock;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// The arguments of `greet` as a value.
#[derive(Clone, Copy, Serialize)]
pub struct GreetArgs<'a> {
    pub name: &'a str,
    pub times: u32,
}

pub const GREET: GreetArgs<'static> = GreetArgs {
    name: "Ada",
    times: 1,
};

/// The arguments of `greet` in JSON.
pub const GREET_JSON: &[u8] = br#"{"name":"Ada","times":1}"#;

#[derive(Debug, Deserialize)]
pub struct Greeting {
    pub message: String,
    pub greeted: u64,
}

impl Greeting {
    /// Fails unless this is the answer to the first `greet` of an instance.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.message == "Hello, Ada!" && self.greeted == 1,
            "the first greet answered {self:?}"
        );
        Ok(())
    }
}

/// Fails unless `json` is the answer to the first `greet` of an instance.
pub fn check_greeting(json: &[u8]) -> Result<()> {
    serde_json::from_slice::<Greeting>(json)?.check()
}

/// The arguments of `stats`.
#[derive(Clone, Copy, Serialize)]
pub struct StatsArgs<'a> {
    pub numbers: &'a [f64],
}

#[derive(Debug, Deserialize)]
pub struct Stats {
    pub count: u64,
    pub mean: f64,
    pub min: f64,
    pub max: f64,
}

impl Stats {
    /// Fails unless these are the `stats` of [`numbers`].
    pub fn check(&self) -> Result<()> {
        let numbers = numbers();
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        let min = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // serde_json rounds a number by at most one unit, unless configured to be exact.
        let near = |one: f64, other: f64| (one - other).abs() < 1e-9;
        ensure!(
            self.count == numbers.len() as u64
                && near(self.mean, mean)
                && near(self.min, min)
                && near(self.max, max),
            "stats answered {self:?}"
        );
        Ok(())
    }
}

/// Returns 1,000 numbers between 0 and 1,000, with all their digits.
pub fn numbers() -> &'static [f64] {
    static NUMBERS: LazyLock<Vec<f64>> = LazyLock::new(|| {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24)
        };
        (0..1000).map(|_| next() * 1000.0).collect()
    });
    &NUMBERS
}

/// Returns the input of `echo`: at most [`MIB`] bytes.
pub fn bytes(len: usize) -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> =
        LazyLock::new(|| (0..MIB).map(|at| (at % 251) as u8).collect());
    &BYTES[..len]
}

pub const KIB: usize = 1024;
pub const MIB: usize = 1024 * KIB;
