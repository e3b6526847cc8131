//! Greets people, and counts them: state, a configuration, and errors with codes.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Greets people, and counts them.
#[plugin(type = "tool")]
pub struct Greeter {
    config: Config,
    greeted: u64,
}

/// The options that a host can set.
#[derive(Clone, Debug, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The word before the name.
    pub greeting: String,
    /// The maximum number of people to greet; unlimited by default.
    pub limit: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            greeting: "Hello".to_owned(),
            limit: None,
        }
    }
}

/// The answer to a greeted person.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Greeting {
    /// One line per greeting.
    pub message: String,
    /// The number of people greeted so far, including this one.
    pub greeted: u64,
}

/// The reasons to refuse a greeting.
#[derive(Debug, PartialEq, PluginError)]
pub enum Refusal {
    /// The name is empty.
    NameEmpty,
    /// The limit in the configuration is reached.
    #[plugin_error(code = "limit_reached")]
    Limit(u64),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::NameEmpty => f.write_str("a name is needed to greet somebody"),
            Refusal::Limit(limit) => write!(f, "{limit} people have been greeted, which is enough"),
        }
    }
}

impl std::error::Error for Refusal {}

#[plugin]
impl Greeter {
    /// Takes the configuration; `{}` is valid.
    #[init]
    pub fn new(config: Config) -> Result<Self> {
        if config.greeting.trim().is_empty() {
            return Err(Error::msg("the greeting must not be empty"));
        }
        Ok(Greeter { config, greeted: 0 })
    }

    /// Greets someone by name.
    #[command]
    pub fn greet(
        &mut self,
        name: &str,
        #[arg(default = 1)] times: u8,
    ) -> Result<Greeting, Refusal> {
        if name.is_empty() {
            return Err(Refusal::NameEmpty);
        }
        if let Some(limit) = self.config.limit.filter(|limit| self.greeted >= *limit) {
            return Err(Refusal::Limit(limit));
        }
        self.greeted += 1;
        let line = format!("{}, {name}!", self.config.greeting);
        Ok(Greeting {
            message: vec![line; times.into()].join("\n"),
            greeted: self.greeted,
        })
    }

    /// Returns the number of people greeted.
    #[command]
    pub fn greeted(&self) -> u64 {
        self.greeted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command is an ordinary function. `tests/plugin.rs` calls the plugin as a host does.
    #[test]
    fn a_repeated_greeting_has_several_lines_and_counts_once() {
        let mut greeter = Greeter::new(Config::default()).unwrap();
        let greeting = greeter.greet("Ada", 2).unwrap();
        assert_eq!(greeting.message, "Hello, Ada!\nHello, Ada!");
        assert_eq!(greeting.greeted, 1);
        assert_eq!(greeter.greeted(), 1);
    }
}
