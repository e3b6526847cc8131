//! A plugin whose state outlives its instances, in two versions.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// The configuration.
#[derive(Default, Deserialize, Schema)]
#[serde(default)]
pub struct Config {
    /// The amount that each call adds.
    step: Option<u64>,
}

impl Config {
    fn step(&self) -> u64 {
        self.step.unwrap_or(1)
    }
}

#[cfg(feature = "old")]
mod version_1 {
    use super::*;

    /// Counts its calls.
    #[plugin(state = "json", id = "stateful", version = "1.0.0")]
    #[derive(Serialize, Deserialize)]
    pub struct Counter {
        count: u64,
        #[serde(skip)]
        config: Config,
    }

    #[plugin]
    impl Counter {
        /// Creates the plugin.
        #[init]
        pub fn new(config: Config) -> Self {
            Counter { count: 0, config }
        }

        /// Returns the count after this call.
        #[command]
        pub fn count(&mut self) -> u64 {
            self.count += self.config.step();
            self.count
        }
    }
}
#[cfg(feature = "old")]
pub use version_1::Counter;

#[cfg(not(feature = "old"))]
mod version_2 {
    use std::collections::BTreeMap;

    use super::*;

    /// The name under which the calls of version 1 are counted.
    const OF_VERSION_1: &str = "all";

    /// Counts its calls by name.
    #[plugin(state = "json", id = "stateful", version = "2.0.0")]
    #[derive(Default, Serialize, Deserialize)]
    pub struct Counter {
        counts: BTreeMap<String, u64>,
        #[serde(skip)]
        config: Config,
        /// The commands that this instance has served.
        #[serde(skip_deserializing)]
        served: u64,
    }

    /// The state of version 1.
    #[derive(Deserialize)]
    pub struct Old {
        count: u64,
    }

    #[plugin]
    impl Counter {
        /// Creates the plugin.
        #[init]
        pub fn new(config: Config) -> Self {
            Counter {
                config,
                ..Counter::default()
            }
        }

        /// Takes over from version 1.
        #[migrate]
        pub fn migrate(old: Old) -> Result<Self> {
            if old.count > 1_000_000 {
                return Err(Error::msg("version 1 never counted this far"));
            }
            Ok(Counter {
                counts: BTreeMap::from([(OF_VERSION_1.to_owned(), old.count)]),
                ..Counter::default()
            })
        }

        /// Returns the count of a name after this call.
        #[command]
        pub fn count(&mut self, #[arg(default = OF_VERSION_1)] name: &str) -> u64 {
            self.served += 1;
            let count = self.counts.entry(name.to_owned()).or_default();
            *count += self.config.step();
            *count
        }

        /// Returns the number of calls of `count` that this instance has served.
        #[command]
        pub fn served(&self) -> u64 {
            self.served
        }
    }
}
#[cfg(not(feature = "old"))]
pub use version_2::Counter;
