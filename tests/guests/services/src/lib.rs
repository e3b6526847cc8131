//! A plugin that calls the services of its host as its arguments ask for.

#![forbid(unsafe_code)]

use std::time::Duration;

use plugin_sdk::prelude::*;
use plugin_sdk::{config, http, time};
use serde_json::{Value, json};

/// Calls services.
#[plugin(
    log,
    permissions(
        kv = "stores values on request",
        http = "sends requests on request",
        events = "emits events on request",
    ),
    optional_permissions(files = "writes files on request")
)]
#[derive(Default)]
pub struct Services {
    heard: Vec<String>,
}

/// A call of a service.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
pub enum Do {
    /// Returns the value of a key.
    KvGet(String),
    /// Returns the bytes of a key, as text.
    KvGetBytes(String),
    /// Stores a value under a key.
    KvSet(String, Value),
    /// Deletes a key.
    KvDelete(String),
    /// Returns the keys that begin with a prefix.
    KvList(String),
    /// Sends a request: method, address and body.
    Http(String, String, String),
    /// Sends a GET request with a timeout in milliseconds.
    HttpWithin(String, u64),
    /// Emits an event: topic and data.
    Emit(String, Value),
    /// Subscribes to a pattern.
    Subscribe(String),
    /// Unsubscribes from a pattern.
    Unsubscribe(String),
    /// Returns the text of a file.
    Read(String),
    /// Writes a file: path and contents.
    Write(String, String),
    /// Removes a file.
    Remove(String),
    /// Returns the names in a folder.
    List(String),
    /// Returns the model's answer to a prompt.
    Chat(String),
    /// Returns a value of the configuration.
    Config(String),
    /// Logs a line.
    Log(String),
    /// Returns the nanoseconds since 1970.
    Now,
    /// Returns the nanoseconds of the monotonic clock.
    Monotonic,
    /// Returns a random number.
    Random,
}

#[plugin]
impl Services {
    /// Makes calls in order, and returns the value or error of each.
    #[command]
    pub fn run(&self, calls: Vec<Do>) -> Vec<Result<Value, Error>> {
        calls.into_iter().map(call).collect()
    }

    /// Makes one call, and fails if it fails.
    #[command]
    pub fn one(&self, call: Do) -> Result<Value> {
        self::call(call)
    }

    /// Keeps the topic of an event, and emits another event.
    #[event("**")]
    pub fn hear(&mut self, topic: &str) -> Result<()> {
        self.heard.push(topic.to_owned());
        events::emit("heard", topic)
    }

    /// Returns the topics received since the previous call.
    #[command]
    pub fn heard(&mut self) -> Vec<String> {
        std::mem::take(&mut self.heard)
    }
}

fn call(call: Do) -> Result<Value> {
    Ok(match call {
        Do::KvGet(key) => kv::get::<Value>(&key)?.into(),
        Do::KvGetBytes(key) => kv::get_bytes(&key)?
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .into(),
        Do::KvSet(key, value) => {
            kv::set(&key, &value)?;
            Value::Null
        }
        Do::KvDelete(key) => kv::delete(&key)?.into(),
        Do::KvList(prefix) => kv::list(&prefix)?.into(),
        Do::Http(method, url, body) => answer(http::Request::new(&method, &url).body(body))?,
        Do::HttpWithin(url, milliseconds) => {
            answer(http::Request::get(&url).timeout(Duration::from_millis(milliseconds)))?
        }
        Do::Emit(topic, data) => {
            events::emit(&topic, &data)?;
            Value::Null
        }
        Do::Subscribe(pattern) => {
            events::subscribe(&pattern)?;
            Value::Null
        }
        Do::Unsubscribe(pattern) => {
            events::unsubscribe(&pattern)?;
            Value::Null
        }
        Do::Read(path) => files::read_to_string(&path)?.into(),
        Do::Write(path, contents) => {
            files::write(&path, contents)?;
            Value::Null
        }
        Do::Remove(path) => {
            files::remove(&path)?;
            Value::Null
        }
        Do::List(path) => files::list(&path)?
            .into_iter()
            .map(|entry| Value::from(entry.name))
            .collect(),
        Do::Chat(text) => ai::chat(ai::Conversation::new().user(&text))?
            .content
            .into(),
        Do::Config(key) => config::get::<Value>(&key)?.into(),
        Do::Log(line) => {
            log::info!("{line}");
            Value::Null
        }
        Do::Now => nanoseconds(
            time::now()?
                .duration_since(std::time::SystemTime::UNIX_EPOCH)
                .unwrap_or_default(),
        ),
        Do::Monotonic => nanoseconds(time::monotonic()?),
        Do::Random => random::u64()?.into(),
    })
}

fn answer(request: http::Request) -> Result<Value> {
    let response = request.send()?;
    let body = String::from_utf8_lossy(response.bytes()).into_owned();
    Ok(json!([response.status(), body]))
}

fn nanoseconds(since: Duration) -> Value {
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX).into()
}
