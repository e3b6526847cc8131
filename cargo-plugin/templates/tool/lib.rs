//! Greets people: a tool with a configuration, a state, and an error that has a code.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Greets people, and counts them.
#[plugin(type = "tool")]
pub struct MyPlugin {
    config: Config,
    greeted: u64,
}

/// The options of the plugin.
#[derive(Clone, Debug, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The word before the name.
    pub greeting: String,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            greeting: "Hello".to_owned(),
        }
    }
}

/// The answer to a greeting.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Greeting {
    /// One line for each greeting.
    pub message: String,
    /// The number of people greeted so far, including this one.
    pub greeted: u64,
}

#[plugin]
impl MyPlugin {
    /// Reads the configuration; `{}` is enough.
    #[init]
    pub fn new(config: Config) -> Self {
        MyPlugin { config, greeted: 0 }
    }

    /// Greets someone by name.
    #[command(errors(name_empty = "the name is empty"))]
    pub fn greet(&mut self, name: &str, #[arg(default = 1)] times: u8) -> Result<Greeting> {
        if name.is_empty() {
            return Err(Error::new("name_empty", "there is nobody to greet"));
        }
        self.greeted += 1;
        let line = format!("{}, {name}!", self.config.greeting);
        Ok(Greeting {
            message: vec![line; times.into()].join("\n"),
            greeted: self.greeted,
        })
    }

    /// Returns the number of people greeted so far.
    #[command]
    pub fn greeted(&self) -> u64 {
        self.greeted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_has_a_line_for_each_time() {
        let mut plugin = MyPlugin::new(Config::default());
        let greeting = plugin.greet("Ada", 2).unwrap();
        assert_eq!(greeting.message, "Hello, Ada!\nHello, Ada!");
        assert_eq!(plugin.greeted(), 1);
    }

    #[test]
    fn an_empty_name_is_not_greeted() {
        let mut plugin = MyPlugin::new(Config::default());
        assert_eq!(plugin.greet("", 1).unwrap_err().code(), "name_empty");
        assert_eq!(plugin.greeted(), 0);
    }
}
