//! The same jobs as a plugin of plugin-sdk.

use plugin_sdk::prelude::*;

/// Greets people, and counts them.
#[plugin]
#[derive(Default)]
pub struct Greeter {
    greeted: u64,
}

#[derive(Serialize, Schema)]
pub struct Greeting {
    message: String,
    greeted: u64,
}

#[plugin]
impl Greeter {
    /// Greets someone by name.
    #[command]
    pub fn greet(&mut self, name: &str, #[arg(default = 1)] times: u32) -> Greeting {
        self.greeted += u64::from(times);
        Greeting {
            message: format!("Hello, {name}!"),
            greeted: self.greeted,
        }
    }

    /// Greets someone, in the binary codec.
    #[cfg(feature = "every-job")]
    #[command(codec = "binary")]
    pub fn greet_binary(&mut self, name: &str, times: u32) -> Greeting {
        self.greet(name, times)
    }

    /// Greets someone, alone or in a batch.
    #[cfg(feature = "every-job")]
    #[command(batch)]
    pub fn greet_batched(&mut self, name: &str, #[arg(default = 1)] times: u32) -> Greeting {
        self.greet(name, times)
    }

    /// Returns its input, alone or in a batch.
    #[cfg(feature = "every-job")]
    #[command(raw, batch)]
    pub fn echo_batched(data: &[u8]) -> &[u8] {
        data
    }

    /// Returns its input.
    #[cfg(feature = "every-job")]
    #[command(raw)]
    pub fn echo(data: &[u8]) -> &[u8] {
        data
    }

    /// Returns count, mean, minimum and maximum of some numbers.
    #[cfg(feature = "every-job")]
    #[command]
    pub fn stats(numbers: &[f64]) -> Stats {
        Stats::of(numbers)
    }

    /// Returns the same as `stats`, in the binary codec.
    #[cfg(feature = "every-job")]
    #[command(codec = "binary")]
    pub fn stats_binary(numbers: &[f64]) -> Stats {
        Stats::of(numbers)
    }
}

#[cfg(feature = "every-job")]
#[derive(Serialize, Schema)]
pub struct Stats {
    count: u64,
    mean: f64,
    min: f64,
    max: f64,
}

#[cfg(feature = "every-job")]
impl Stats {
    fn of(numbers: &[f64]) -> Self {
        Stats {
            count: numbers.len() as u64,
            mean: numbers.iter().sum::<f64>() / numbers.len() as f64,
            min: numbers.iter().copied().fold(f64::INFINITY, f64::min),
            max: numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}
