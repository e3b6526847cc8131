//! The interface of an emulator, and the parts that emulators share.

use plugin_sdk::imports::HostFunctions;
use plugin_sdk::services::http::{Head, Http, Response};
use plugin_sdk::services::logging::Log;
use plugin_sdk::services::time::Time;

use super::guest::Guest;
use crate::failure::Failure;
use crate::permissions::Grants;
use crate::services::Handles;
use crate::sync::Shared;

/// The operations of a host. One that a host lacks fails with
/// [`FailureKind::UnsupportedByHost`](crate::FailureKind::UnsupportedByHost), and no guest code
/// runs.
///
/// Each method is one operation that the harness's user asks for, with the time and the fuel of one
/// call. A guest that traps is dead; the method only passes the failure on.
pub(crate) trait Emulator: Send {
    /// Runs what the host does after it has created an instance and before it initialises the
    /// plugin: reading its description, for example.
    fn load(&mut self, _guest: &mut Guest) -> Result<(), Failure> {
        Ok(())
    }

    /// Initialises the plugin with its configuration: JSON, or no bytes without a configuration.
    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure>;

    /// Runs a command with arguments in JSON, or bytes for a raw command, and returns its result.
    /// The plugin's own error is [`Guest::refused`].
    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure>;

    /// Runs a command for many inputs, in the host's own way, and returns all results.
    fn batch(
        &mut self,
        guest: &mut Guest,
        _name: &str,
        _inputs: &[&[u8]],
    ) -> Result<Vec<Vec<u8>>, Failure> {
        Err(guest.lacks("batches"))
    }

    /// Starts the plugin.
    fn start(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        Err(guest.lacks("start"))
    }

    /// Stops the plugin.
    fn stop(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        Err(guest.lacks("stop"))
    }

    /// Passes an event with data in JSON to the plugin.
    fn event(&mut self, guest: &mut Guest, _topic: &str, _data: &[u8]) -> Result<(), Failure> {
        Err(guest.lacks("events"))
    }

    /// Ends the plugin's life, and checks the plugin's duties by this host's rules. Memory that was
    /// allocated for the host and not freed is checked for all hosts.
    fn cleanup(&mut self, _guest: &mut Guest) -> Result<(), Failure> {
        Ok(())
    }
}

/// An emulated host, for one plugin.
pub(crate) struct Emulation {
    /// Its functions; of several with one name, the last wins.
    pub(crate) functions: Vec<HostFunctions>,
    pub(crate) emulator: Box<dyn Emulator>,
}

impl Emulation {
    pub(crate) fn new(
        functions: impl Into<Vec<HostFunctions>>,
        emulator: impl Emulator + 'static,
    ) -> Self {
        Emulation {
            functions: functions.into(),
            emulator: Box::new(emulator),
        }
    }
}

/// The parts of the harness that an emulated host may use. Clones share their state.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) services: Handles,
    pub(crate) grants: Grants,
    /// The place to note invalid calls of host functions.
    pub(crate) breaches: Breaches,
    /// `true` if the plugin describes itself, as those of this SDK do.
    pub(crate) described: bool,
}

impl Surroundings {
    /// Returns surroundings without any plugin.
    pub(crate) fn in_memory() -> Self {
        Surroundings {
            services: Handles::in_memory(),
            grants: Grants::none(),
            breaches: Breaches::default(),
            described: false,
        }
    }

    /// Writes a line to the log, with the host's name as its target.
    pub(crate) fn log(&mut self, level: log::Level, host: &str, line: &str) {
        self.services.logs.write(level as u32, host, line);
    }

    /// Returns the level with this number at hosts that count from 0, debug, to 3, error. Any other
    /// number breaks a rule of the host.
    pub(crate) fn level(&self, rule: &'static str, number: impl Into<i64>) -> Option<log::Level> {
        Some(match number.into() {
            0 => log::Level::Debug,
            1 => log::Level::Info,
            2 => log::Level::Warn,
            3 => log::Level::Error,
            other => {
                let found = format!("it was called with the level {other}");
                self.breaches.note(rule, found);
                return None;
            }
        })
    }

    /// Sends a request without headers.
    pub(crate) fn send(
        &mut self,
        method: &str,
        url: &str,
        body: &[u8],
    ) -> plugin_sdk::Result<Response> {
        let head = Head {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            timeout_ms: None,
        };
        self.services.http.send(&head, body)
    }

    /// Returns the time of day in milliseconds; 0 if the clock fails, for hosts whose functions
    /// have no error for that.
    pub(crate) fn now_ms(&mut self) -> u64 {
        let mut nanoseconds = 0;
        match self.services.clock.now(&mut nanoseconds) {
            Ok(()) => nanoseconds / 1_000_000,
            Err(_) => 0,
        }
    }
}

/// The first rule that a plugin broke in a call of a host function, which cannot end the call
/// itself. It is reported when the call returns. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Breaches(Shared<Option<(&'static str, String)>>);

impl Breaches {
    /// Notes a rule and what was found instead, unless a rule is noted already.
    pub(crate) fn note(&self, rule: &'static str, found: impl Into<String>) {
        let mut first = self.0.lock();
        first.get_or_insert_with(|| (rule, found.into()));
    }

    /// Takes the note.
    pub(crate) fn take(&self) -> Option<(&'static str, String)> {
        self.0.lock().take()
    }
}

/// A host's own account of a failure.
#[derive(Default)]
pub(crate) struct Words {
    /// The host's message.
    pub(crate) says: Option<String>,
    /// The next step, if it differs from that of the SDK's own host.
    pub(crate) hint: Option<String>,
}

impl Words {
    /// Returns the host's message.
    pub(crate) fn says(message: impl Into<String>) -> Self {
        Words {
            says: Some(message.into()),
            hint: None,
        }
    }

    /// Adds the next step.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Words {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Adds the advice to build the plugin for the host of this name.
    pub(crate) fn build_for(self, host: &str) -> Self {
        self.hint(format!(
            "build the plugin with its feature `host-{host}`: `cargo plugin build --host {host}`"
        ))
    }
}

/// Returns JSON as hosts pass it that always pass an object.
pub(crate) fn or_empty_object(text: &[u8]) -> &[u8] {
    match text {
        [] => b"{}",
        text => text,
    }
}

/// Returns an event as one object, for hosts that pass it so. `data` is JSON.
pub(crate) fn event_object(topic: &str, data: &[u8]) -> Vec<u8> {
    let topic = serde_json::Value::from(topic);
    let start = format!("{{\"topic\":{topic},\"data\":");
    [start.as_bytes(), data, b"}"].concat()
}

/// Returns the topic and the data of an [event object](event_object).
pub(crate) fn split_event_object(event: &[u8]) -> Option<(String, &[u8])> {
    let topic = event.strip_prefix(b"{\"topic\":")?;
    let mut topics = serde_json::Deserializer::from_slice(topic).into_iter();
    let name: String = topics.next()?.ok()?;
    let rest = topic.get(topics.byte_offset()..)?;
    let data = rest.strip_prefix(b",\"data\":")?.strip_suffix(b"}")?;
    Some((name, data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_object_splits_into_topic_and_data() {
        for (topic, data) in [("a", "{\"b\":[1,2]}"), ("\"}\u{e9}\\", "null"), ("", "1.0")] {
            let event = event_object(topic, data.as_bytes());
            let split = split_event_object(&event).unwrap();
            assert_eq!(split, (topic.to_owned(), data.as_bytes()));
        }
        assert_eq!(split_event_object(b"{}"), None);
    }
}
