//! A host and a plugin on it, as the behaviours use them: emulated or real.

use std::time::Duration;

use plugin_sdk::log::Level;
use plugin_sdk_harness::hosts::HostContract;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A column of the table: a host, and the plugin as built for it.
pub trait Host: Sync {
    /// The contract that the plugin is built for.
    fn contract(&self) -> &'static HostContract;

    /// Returns true for a host that is another program, and not the harness.
    fn is_real(&self) -> bool;

    /// Loads and initialises the plugin. A real host replaces the previous plugin.
    fn load(&self, setup: Setup) -> Result<Guest, Refusal>;

    /// Returns the address that answers the plugin's requests.
    fn url(&self) -> String;

    /// Checks that the module imports only functions that the host has.
    fn check_imports(&self);
}

/// The settings of a plugin. The defaults have all permissions and ample fuel.
#[derive(Default)]
pub struct Setup {
    pub config: Option<Value>,
    pub fuel: Option<u64>,
    pub timeout: Option<Duration>,
    pub memory_pages: Option<u32>,
}

/// An error or a failure, as both kinds of host report it.
#[derive(Debug)]
pub struct Refusal {
    /// The code of the plugin's error, or of the failure in the harness's words.
    pub code: String,
    pub message: String,
    /// The message of the plugin's own error.
    pub plugin_message: Option<String>,
    pub panic: Option<Box<Panic>>,
}

#[derive(Debug)]
pub struct Panic {
    pub message: String,
    pub file: String,
    pub line: u64,
}

/// The addresses and bodies of requests.
pub type Requests = Vec<(String, Vec<u8>)>;

/// A plugin on a host.
pub trait Subject {
    /// Calls a command with the text of its arguments, which may be no JSON.
    fn call_text(&mut self, command: &str, arguments: &[u8]) -> Result<Value, Refusal>;
    /// Calls a command that takes and returns plain bytes.
    fn call_bytes(&mut self, command: &str, bytes: &[u8]) -> Result<Vec<u8>, Refusal>;
    fn init(&mut self, config: Value) -> Result<(), Refusal>;
    fn start(&mut self) -> Result<(), Refusal>;
    fn stop(&mut self) -> Result<(), Refusal>;
    fn cleanup(&mut self) -> Result<(), Refusal>;
    fn event(&mut self, topic: &str, data: Value) -> Result<(), Refusal>;
    /// Returns the size of the plugin's memory in bytes.
    fn memory_bytes(&mut self) -> u64;
    /// Returns the log so far.
    fn log(&mut self) -> Vec<(Level, String)>;
    /// Returns the events that the plugin has emitted so far.
    fn emitted(&mut self) -> Vec<(String, Value)>;
    /// Returns the plugin's requests so far.
    fn requests(&mut self) -> Requests;
    /// Advances the clock, and returns the time of day in milliseconds.
    fn advance_clock(&mut self, by: Duration) -> u64;
}

/// A plugin on a host, called with types.
pub struct Guest(pub Box<dyn Subject>);

impl Guest {
    pub fn call<R: DeserializeOwned>(
        &mut self,
        command: &str,
        arguments: Value,
    ) -> Result<R, Refusal> {
        let arguments = match arguments {
            Value::Null => Vec::new(),
            arguments => arguments.to_string().into_bytes(),
        };
        let result = self.0.call_text(command, &arguments)?;
        Ok(serde_json::from_value(result).unwrap())
    }
}

impl std::ops::Deref for Guest {
    type Target = dyn Subject;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl std::ops::DerefMut for Guest {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.0
    }
}

impl dyn Host + '_ {
    pub fn plugin(&self) -> Guest {
        self.load(Setup::default()).unwrap()
    }

    pub fn configured(&self, config: Value) -> Result<Guest, Refusal> {
        self.load(Setup {
            config: Some(config),
            ..Setup::default()
        })
    }

    pub fn call<R: DeserializeOwned>(&self, command: &str, arguments: Value) -> Result<R, Refusal> {
        self.plugin().call(command, arguments)
    }

    /// Returns the arguments of a request by the command `send`.
    pub fn request(&self, method: &str, body: &str) -> Value {
        json!({"method": method, "url": self.url(), "body": body})
    }
}

/// Returns the name of a host's column.
pub fn column(contract: &HostContract, is_real: bool) -> String {
    match is_real {
        true => format!("{}, real", contract.name),
        false => contract.name.to_owned(),
    }
}
