//! A plugin that does everything that a plugin can do, whatever the host. `tests/conformance.rs`
//! tests the outcome on each host.
#![forbid(unsafe_code)]
#![allow(clippy::indexing_slicing, reason = "it fails on purpose")]

use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

use plugin_sdk::prelude::*;
use plugin_sdk::{config, http, time};

/// Does everything that a plugin can do.
#[plugin(
    log,
    type = "tool",
    permissions(
        kv = "stores the texts of the tests",
        http = "sends the requests of the tests",
        events = "announces texts",
        files = "writes the files of the tests",
        ai = "asks the questions of the tests",
    ),
    emits("conformance.told" = "a text from the command `tell`"),
)]
pub struct Conformance {
    greeting: Option<String>,
    count: u64,
    heard: Vec<String>,
    running: bool,
}

/// The options that a host can set.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(default)]
pub struct Config {
    /// The greeting, if any.
    pub greeting: Option<String>,
    /// `true` makes the init hook fail.
    pub refuse: bool,
}

/// The reasons for a missing sum.
#[derive(Debug, PluginError)]
pub enum SumError {
    /// The sum is too large.
    Overflow,
}

impl std::fmt::Display for SumError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SumError::Overflow => f.write_str("the sum is too large"),
        }
    }
}

impl std::error::Error for SumError {}

#[plugin]
impl Conformance {
    /// Creates the plugin, or fails.
    #[init]
    pub fn new(config: Config) -> Result<Self> {
        if config.refuse {
            return Err(Error::new("refused", "asked to refuse"));
        }
        Ok(Conformance {
            greeting: config.greeting,
            count: 0,
            heard: Vec::new(),
            running: false,
        })
    }

    /// Marks the plugin as running.
    #[start]
    pub fn start(&mut self) {
        self.running = true;
    }

    /// Marks the plugin as not running.
    #[stop]
    pub fn stop(&mut self) {
        self.running = false;
    }

    /// Logs that the plugin ends.
    #[cleanup]
    pub fn clean_up(&mut self) {
        log::info!("cleaned up");
    }

    /// Keeps an event.
    #[event("conformance.*")]
    pub fn hear(&mut self, topic: &str, data: String) {
        self.heard.push(format!("{topic}: {data}"));
    }

    /// Adds two numbers.
    #[command]
    pub fn add(&self, left: i64, #[arg(default = 1)] right: i64) -> Result<i64, SumError> {
        left.checked_add(right).ok_or(SumError::Overflow)
    }

    /// Returns a text.
    #[command]
    pub fn echo<'a>(&self, text: &'a str) -> &'a str {
        text
    }

    /// Returns the length of a text in bytes.
    #[command]
    pub fn length(&self, text: &str) -> usize {
        text.len()
    }

    /// Repeats a text.
    #[command]
    pub fn repeat(&self, text: &str, times: usize) -> String {
        text.repeat(times)
    }

    /// Does nothing.
    #[command]
    pub fn nothing(&self) {}

    /// Reverses bytes.
    #[command(raw)]
    pub fn reverse(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.iter().rev().copied().collect()
    }

    /// Returns the greeting from the configuration.
    #[command]
    pub fn greeting(&self) -> Option<&str> {
        self.greeting.as_deref()
    }

    /// Returns a setting.
    #[command]
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        config::get(key)
    }

    /// Logs a line at every level.
    #[command]
    pub fn log_lines(&self) {
        log::error!("an error");
        log::warn!("a warning");
        log::info!("a piece of information");
        log::debug!("a detail");
        log::trace!("a small detail");
    }

    /// Stores a text under a key.
    #[command]
    pub fn remember(&self, key: &str, text: &str) -> Result<()> {
        kv::set(key, text)
    }

    /// Returns the text of a key.
    #[command]
    pub fn recall(&self, key: &str) -> Result<Option<String>> {
        kv::get(key)
    }

    /// Deletes a key, and returns whether it existed.
    #[command]
    pub fn forget(&self, key: &str) -> Result<bool> {
        kv::delete(key)
    }

    /// Returns the keys that begin with a prefix.
    #[command]
    pub fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        kv::list(prefix)
    }

    /// Emits an event with a text.
    #[command]
    pub fn tell(&self, text: &str) -> Result<()> {
        events::emit("conformance.told", text)
    }

    /// Subscribes to the events of its own topics.
    #[command]
    pub fn listen(&self) -> Result<()> {
        events::subscribe("conformance.*")
    }

    /// Returns the events that it has received.
    #[command]
    pub fn heard(&self) -> &[String] {
        &self.heard
    }

    /// Sends a request, and returns the status of the response.
    #[command]
    pub fn send(&self, method: &str, url: &str, body: &str) -> Result<u16> {
        Ok(http::Request::new(method, url).body(body).send()?.status)
    }

    /// Posts a text, and returns the text of the response.
    #[command]
    pub fn post(&self, url: &str, body: &str) -> Result<String> {
        http::Request::post(url).body(body).send()?.text()
    }

    /// Returns the milliseconds since 1970.
    #[command]
    pub fn now(&self) -> Result<u64> {
        let since = time::now()?.duration_since(UNIX_EPOCH);
        Ok(since.unwrap_or(Duration::ZERO).as_millis() as u64)
    }

    /// Returns eight random bytes.
    #[command]
    pub fn roll(&self) -> Result<[u8; 8]> {
        random::bytes()
    }

    /// Writes a text to a file.
    #[command]
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        files::write(path, text)
    }

    /// Returns the text of a file.
    #[command]
    pub fn read(&self, path: &str) -> Result<String> {
        files::read_to_string(path)
    }

    /// Returns the answer of a language model.
    #[command]
    pub fn ask(&self, prompt: &str) -> Result<String> {
        Ok(ai::chat(prompt)?.content)
    }

    /// Returns the number of its calls, including this one.
    #[command]
    pub fn count(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Returns whether the plugin is started and not stopped.
    #[command]
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Panics.
    #[command]
    pub fn panic(&self, message: &str) {
        panic!("{message}");
    }

    /// Never ends.
    #[command]
    pub fn spin(&self) {
        let mut turns = 0u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }

    /// Allocates until the host refuses memory.
    #[command]
    pub fn hoard(&self) -> usize {
        let mut kept = Vec::new();
        loop {
            kept.push(black_box(vec![1u8; 1 << 20]));
        }
    }

    /// Calls itself `depth` times, with a kilobyte of stack for each call.
    #[command]
    pub fn descend(&self, depth: u32) -> u64 {
        descend(depth)
    }
}

#[inline(never)]
fn descend(depth: u32) -> u64 {
    let kept = black_box([u64::from(depth); 128]);
    match depth {
        0 => 0,
        depth => 1 + descend(depth - 1) + kept[depth as usize % kept.len()] - u64::from(depth),
    }
}
