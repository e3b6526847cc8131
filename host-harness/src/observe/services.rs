//! Services of an emulated host that record each call in the transcript, or answer it from one.
//!
//! An emulated host answers its plugin in its own way, from what the services answer to it. So a
//! replay runs the emulated host, and replaces the services.

use std::sync::{Arc, Mutex};

use plugin_sdk::abi;
use plugin_sdk::imports::Payload;
use plugin_sdk::services::ai::{Ai, Conversation, Reply};
use plugin_sdk::services::config::Config;
use plugin_sdk::services::events::Events;
use plugin_sdk::services::files::{Entry, Files};
use plugin_sdk::services::http::{Head, Http, Response};
use plugin_sdk::services::kv::Kv;
use plugin_sdk::services::logging::Log;
use plugin_sdk::services::random::Random;
use plugin_sdk::services::time::Time;
use plugin_sdk::{Error, Result, code};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::transcript::{Answer, Argument, Data, HostCall, Recorded, Recorder, Value};
use crate::services::Handles;
use crate::sync::{Shared, lock};

/// Makes the services record their calls.
pub(crate) fn recorded(handles: Handles, recorder: &Shared<Recorder>) -> Handles {
    macro_rules! relay {
        ($($name:ident),*) => {
            Handles {
                $($name: Arc::new(Mutex::new(Relay {
                    service: handles.$name,
                    recorder: recorder.clone(),
                })),)*
                settings: handles.settings,
                bus: handles.bus,
            }
        };
    }
    relay!(kv, files, http, ai, events, config, logs, clock, random)
}

/// A service that records its calls. In a replay, the service is not called.
struct Relay<T: ?Sized> {
    recorder: Shared<Recorder>,
    service: Arc<Mutex<T>>,
}

impl<T: ?Sized> Relay<T> {
    /// Calls a function of the service.
    fn call<R: Answered>(
        &self,
        function: &str,
        arguments: Vec<Argument>,
        call: impl FnOnce(&mut T) -> R,
    ) -> R {
        self.call_out(function, arguments, &mut [], |service, _| call(service))
    }

    /// Calls a function of the service that also writes to a buffer.
    fn call_out<R: Answered>(
        &self,
        function: &str,
        arguments: Vec<Argument>,
        buffer: &mut [u8],
        call: impl FnOnce(&mut T, &mut [u8]) -> R,
    ) -> R {
        let mut asked = HostCall::new(format!("{}.{function}", abi::SERVICES_MODULE), arguments);
        asked.by_host = true;
        // The service may take long, and others may read the transcript meanwhile.
        let recorded = self.recorder.lock().host_call(asked);
        let result = match recorded {
            Recorded::Nothing => call(&mut lock(&self.service), buffer),
            Recorded::End | Recorded::Departed => R::failed(departed()),
            Recorded::Call(recorded) => {
                if let Some(bytes) = recorded.changed.first().and_then(Data::bytes)
                    && bytes.len() == buffer.len()
                {
                    buffer.copy_from_slice(bytes);
                }
                let answer = recorded.answer.as_ref().and_then(R::replayed);
                answer.unwrap_or_else(|| R::failed(departed()))
            }
        };
        let changed = match buffer {
            [] => Vec::new(),
            buffer => vec![data(buffer)],
        };
        self.recorder
            .lock()
            .host_answer(result.recorded(), changed, true);
        result
    }
}

/// The error of a service whose answer is not in the record.
fn departed() -> Error {
    Error::new(code::UNAVAILABLE, "the record has no answer to this call")
}

impl Kv for Relay<dyn Kv + Send> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        self.call("kv_get", vec![text("key", key)], |kv| kv.get(key))
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        let arguments = vec![text("key", key), bytes("value", value)];
        self.call("kv_set", arguments, |kv| kv.set(key, value))
    }

    fn delete(&mut self, key: &str) -> Result<bool> {
        self.call("kv_delete", vec![text("key", key)], |kv| kv.delete(key))
    }

    fn list(&mut self, prefix: &str) -> Result<Vec<String>> {
        self.call("kv_list", vec![text("prefix", prefix)], |kv| {
            kv.list(prefix)
        })
    }
}

impl Files for Relay<dyn Files + Send> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        self.call("files_read", vec![text("path", path)], |files| {
            files.read(path)
        })
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<()> {
        let arguments = vec![text("path", path), bytes("contents", contents)];
        self.call("files_write", arguments, |files| {
            files.write(path, contents)
        })
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        self.call("files_remove", vec![text("path", path)], |files| {
            files.remove(path)
        })
    }

    fn list(&mut self, path: &str) -> Result<Vec<Entry>> {
        self.call("files_list", vec![text("path", path)], |files| {
            files.list(path)
        })
    }
}

impl Http for Relay<dyn Http + Send> {
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response> {
        let arguments = vec![json("head", head), bytes("body", body)];
        self.call("http_send", arguments, |http| http.send(head, body))
    }
}

impl Ai for Relay<dyn Ai + Send> {
    fn chat(&mut self, conversation: &Conversation) -> Result<Reply> {
        let arguments = vec![json("conversation", conversation)];
        self.call("ai_chat", arguments, |ai| ai.chat(conversation))
    }
}

impl Events for Relay<dyn Events + Send> {
    fn emit(&mut self, topic: &str, data: &[u8]) -> Result<()> {
        let arguments = vec![text("topic", topic), bytes("data", data)];
        self.call("events_emit", arguments, |events| events.emit(topic, data))
    }

    fn subscribe(&mut self, topic: &str) -> Result<()> {
        self.call("events_subscribe", vec![text("topic", topic)], |events| {
            events.subscribe(topic)
        })
    }

    fn unsubscribe(&mut self, topic: &str) -> Result<()> {
        self.call("events_unsubscribe", vec![text("topic", topic)], |events| {
            events.unsubscribe(topic)
        })
    }
}

impl Config for Relay<dyn Config + Send> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        self.call("config_get", vec![text("key", key)], |config| {
            config.get(key)
        })
    }
}

impl Log for Relay<dyn Log + Send> {
    fn max_level(&mut self) -> u32 {
        self.call("log_max_level", Vec::new(), |log| log.max_level())
    }

    /// The line is also written in a replay, so that its failures quote the log.
    fn write(&mut self, level: u32, target: &str, message: &str) {
        let arguments = vec![
            Argument::new("level", Value::Unsigned(level.into())),
            text("target", target),
            text("message", message),
        ];
        let mut written = false;
        self.call("log_write", arguments, |log| {
            log.write(level, target, message);
            written = true;
        });
        if !written {
            lock(&self.service).write(level, target, message);
        }
    }
}

impl Time for Relay<dyn Time + Send> {
    fn now(&mut self, nanoseconds: &mut u64) -> Result<()> {
        self.time("time_now", nanoseconds, |time, now| time.now(now))
    }

    fn monotonic(&mut self, nanoseconds: &mut u64) -> Result<()> {
        self.time("time_monotonic", nanoseconds, |time, now| {
            time.monotonic(now)
        })
    }
}

impl Relay<dyn Time + Send> {
    fn time(
        &self,
        function: &str,
        nanoseconds: &mut u64,
        call: fn(&mut (dyn Time + Send), &mut u64) -> Result<()>,
    ) -> Result<()> {
        let mut buffer = nanoseconds.to_le_bytes();
        let arguments = vec![Argument::new("nanoseconds", Value::Room(8))];
        let result = self.call_out(function, arguments, &mut buffer, |time, buffer| {
            let mut now = 0;
            let result = call(time, &mut now);
            buffer.copy_from_slice(&now.to_le_bytes());
            result
        });
        *nanoseconds = u64::from_le_bytes(buffer);
        result
    }
}

impl Random for Relay<dyn Random + Send> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        let arguments = vec![Argument::new("bytes", Value::Room(bytes.len() as u64))];
        self.call_out("random_fill", arguments, bytes, |random, bytes| {
            random.fill(bytes)
        })
    }
}

fn text(name: &str, value: &str) -> Argument {
    bytes(name, value.as_bytes())
}

fn bytes(name: &str, value: &[u8]) -> Argument {
    Argument::new(name, Value::Data(data(value)))
}

fn json(name: &str, value: &impl Serialize) -> Argument {
    bytes(name, &serde_json::to_vec(value).unwrap_or_default())
}

fn data(bytes: &[u8]) -> Data {
    Data::within(bytes, Recorder::MAX_VALUE)
}

/// A result of a service, as the transcript has it: the form in which the service's host function
/// returns it to plugins with the SDK's own ABI.
trait Answered: Sized {
    fn recorded(&self) -> Answer;

    fn replayed(answer: &Answer) -> Option<Self>;

    fn failed(error: Error) -> Self;
}

impl Answered for u32 {
    fn recorded(&self) -> Answer {
        Answer::Number((*self).into())
    }

    fn replayed(answer: &Answer) -> Option<Self> {
        match answer {
            Answer::Number(number) => u32::try_from(*number).ok(),
            _ => None,
        }
    }

    fn failed(_: Error) -> Self {
        0
    }
}

impl Answered for () {
    fn recorded(&self) -> Answer {
        Answer::Number(0)
    }

    fn replayed(_: &Answer) -> Option<()> {
        Some(())
    }

    fn failed(_: Error) {}
}

impl<T: Carried> Answered for Result<T> {
    fn recorded(&self) -> Answer {
        match self {
            Ok(value) => match value.to_bytes() {
                Some(bytes) => Answer::Bytes(data(&bytes)),
                None => Answer::Number(0),
            },
            Err(error) => Answer::Error(data(&error.to_json())),
        }
    }

    fn replayed(answer: &Answer) -> Option<Self> {
        match answer {
            Answer::Number(_) => Some(T::from_bytes(None)),
            Answer::Bytes(data) => Some(T::from_bytes(Some(data.bytes()?.to_vec()))),
            Answer::Error(data) => Some(Err(Error::from_json(data.bytes()?)?)),
            _ => None,
        }
    }

    fn failed(error: Error) -> Self {
        Err(error)
    }
}

/// A value that a service returns.
trait Carried: Sized {
    fn to_bytes(&self) -> Option<Vec<u8>>;

    fn from_bytes(bytes: Option<Vec<u8>>) -> Result<Self>;
}

macro_rules! carried {
    ($($payload:ty),* ; $($json:ty),*) => {
        $(impl Carried for $payload {
            fn to_bytes(&self) -> Option<Vec<u8>> {
                Payload::into_bytes(self.clone())
            }

            fn from_bytes(bytes: Option<Vec<u8>>) -> Result<Self> {
                Payload::from_bytes(bytes)
            }
        })*

        $(impl Carried for $json {
            fn to_bytes(&self) -> Option<Vec<u8>> {
                serde_json::to_vec(self).ok()
            }

            fn from_bytes(bytes: Option<Vec<u8>>) -> Result<Self> {
                from_json(bytes.as_deref().unwrap_or(b"null"))
            }
        })*
    };
}

carried!((), bool, Vec<u8>, Option<Vec<u8>>, Response; Vec<String>, Vec<Entry>, Reply);

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::new(code::BAD_ANSWER, error.to_string()))
}
