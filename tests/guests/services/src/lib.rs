//! A plugin that calls every service of its host, as it is told.

#![forbid(unsafe_code)]

use std::time::Duration;

use plugin_sdk::prelude::*;
use plugin_sdk::{config, http, time};
use serde_json::{Value, json};

/// Does as it is told.
#[plugin(
    log,
    permissions(
        kv = "remembers what it is told to",
        http = "sends what it is told to",
        events = "tells others",
    ),
    optional_permissions(files = "writes what it is told to")
)]
#[derive(Default)]
pub struct Services {
    heard: Vec<String>,
}

/// A call of a service.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
pub enum Do {
    /// A value under a key.
    KvGet(String),
    /// The bytes under a key, as text if they are any.
    KvGetBytes(String),
    /// Puts a value under a key.
    KvSet(String, Value),
    /// Forgets a key.
    KvDelete(String),
    /// The keys that begin so.
    KvList(String),
    /// Method, address and body of a request.
    Http(String, String, String),
    /// The same with a timeout in milliseconds.
    HttpWithin(String, u64),
    /// Topic and data of an event.
    Emit(String, Value),
    /// From now on, hears of such events.
    Subscribe(String),
    /// Not any more.
    Unsubscribe(String),
    /// A file's contents.
    Read(String),
    /// Writes a file.
    Write(String, String),
    /// Removes a file.
    Remove(String),
    /// What is in a folder.
    List(String),
    /// What the model says to this.
    Chat(String),
    /// A value of the configuration.
    Config(String),
    /// Logs a line.
    Log(String),
    /// Nanoseconds since 1970.
    Now,
    /// Nanoseconds of the monotonic clock.
    Monotonic,
    /// A random number.
    Random,
}

#[plugin]
impl Services {
    /// Does one thing after the other. Of each, its value or its error.
    #[command]
    pub fn run(&self, calls: Vec<Do>) -> Vec<Result<Value, Error>> {
        calls.into_iter().map(call).collect()
    }

    /// Does one thing, and fails as it fails.
    #[command]
    pub fn one(&self, call: Do) -> Result<Value> {
        self::call(call)
    }

    /// Hears of an event, and emits another one.
    #[event("**")]
    pub fn hear(&mut self, topic: &str) -> Result<()> {
        self.heard.push(topic.to_owned());
        events::emit("heard", topic)
    }

    /// What was heard since this was last asked.
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
