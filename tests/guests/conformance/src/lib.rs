//! A plugin that does everything that a plugin can do: what comes of it in each host is tested in `tests/conformance.rs`. Its source knows no host.
#![forbid(unsafe_code)]
#![allow(clippy::indexing_slicing, reason = "it fails on purpose")]

use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

use plugin_sdk::prelude::*;
use plugin_sdk::{config, http, time};

/// Does what it is told.
#[plugin(
    log,
    type = "tool",
    permissions(
        kv = "remembers what it is told to",
        http = "sends what it is told to",
        events = "tells others",
        files = "writes what it is told to",
        ai = "asks what it is told to",
    ),
    emits("conformance.told" = "when it is told to"),
)]
pub struct Conformance {
    greeting: Option<String>,
    count: u64,
    heard: Vec<String>,
    running: bool,
}

/// What a host can choose.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(default)]
pub struct Config {
    /// What the plugin says, if anything.
    pub greeting: Option<String>,
    /// Whether the plugin refuses to be made.
    pub refuse: bool,
}

/// Why a sum cannot be told.
#[derive(Debug, PluginError)]
pub enum SumError {
    /// It is too large.
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
    /// Makes the plugin, or refuses to.
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

    /// Runs from now on.
    #[start]
    pub fn start(&mut self) {
        self.running = true;
    }

    /// Runs no more.
    #[stop]
    pub fn stop(&mut self) {
        self.running = false;
    }

    /// Says that it goes.
    #[cleanup]
    pub fn clean_up(&mut self) {
        log::info!("cleaned up");
    }

    /// Hears of an event.
    #[event("conformance.*")]
    pub fn hear(&mut self, topic: &str, data: String) {
        self.heard.push(format!("{topic}: {data}"));
    }

    /// Adds two numbers.
    #[command]
    pub fn add(&self, left: i64, #[arg(default = 1)] right: i64) -> Result<i64, SumError> {
        left.checked_add(right).ok_or(SumError::Overflow)
    }

    /// Says what it is told.
    #[command]
    pub fn echo<'a>(&self, text: &'a str) -> &'a str {
        text
    }

    /// How many bytes a text has.
    #[command]
    pub fn length(&self, text: &str) -> usize {
        text.len()
    }

    /// Says something many times.
    #[command]
    pub fn repeat(&self, text: &str, times: usize) -> String {
        text.repeat(times)
    }

    /// Does nothing.
    #[command]
    pub fn nothing(&self) {}

    /// Turns bytes around.
    #[command(raw)]
    pub fn reverse(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.iter().rev().copied().collect()
    }

    /// What the configuration says.
    #[command]
    pub fn greeting(&self) -> Option<&str> {
        self.greeting.as_deref()
    }

    /// What a setting is.
    #[command]
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        config::get(key)
    }

    /// Writes a line of every level.
    #[command]
    pub fn log_lines(&self) {
        log::error!("an error");
        log::warn!("a warning");
        log::info!("a piece of information");
        log::debug!("a detail");
        log::trace!("a small detail");
    }

    /// Puts a text under a key.
    #[command]
    pub fn remember(&self, key: &str, text: &str) -> Result<()> {
        kv::set(key, text)
    }

    /// The text under a key.
    #[command]
    pub fn recall(&self, key: &str) -> Result<Option<String>> {
        kv::get(key)
    }

    /// Forgets a key.
    #[command]
    pub fn forget(&self, key: &str) -> Result<bool> {
        kv::delete(key)
    }

    /// The keys that begin so.
    #[command]
    pub fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        kv::list(prefix)
    }

    /// Tells everybody.
    #[command]
    pub fn tell(&self, text: &str) -> Result<()> {
        events::emit("conformance.told", text)
    }

    /// From now on, hears of its events.
    #[command]
    pub fn listen(&self) -> Result<()> {
        events::subscribe("conformance.*")
    }

    /// What it has heard.
    #[command]
    pub fn heard(&self) -> &[String] {
        &self.heard
    }

    /// Sends a request, and says with which status it was answered.
    #[command]
    pub fn send(&self, method: &str, url: &str, body: &str) -> Result<u16> {
        Ok(http::Request::new(method, url).body(body).send()?.status)
    }

    /// Posts a text, and says what the answer was.
    #[command]
    pub fn post(&self, url: &str, body: &str) -> Result<String> {
        http::Request::post(url).body(body).send()?.text()
    }

    /// Milliseconds since 1970.
    #[command]
    pub fn now(&self) -> Result<u64> {
        let since = time::now()?.duration_since(UNIX_EPOCH);
        Ok(since.unwrap_or(Duration::ZERO).as_millis() as u64)
    }

    /// Eight random bytes.
    #[command]
    pub fn roll(&self) -> Result<[u8; 8]> {
        random::bytes()
    }

    /// Puts a text into a file.
    #[command]
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        files::write(path, text)
    }

    /// What is in a file.
    #[command]
    pub fn read(&self, path: &str) -> Result<String> {
        files::read_to_string(path)
    }

    /// What a model says to this.
    #[command]
    pub fn ask(&self, prompt: &str) -> Result<String> {
        Ok(ai::chat(prompt)?.content)
    }

    /// Counts how often it is called.
    #[command]
    pub fn count(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Whether it was started and not stopped.
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

    /// Takes memory until it is refused.
    #[command]
    pub fn hoard(&self) -> usize {
        let mut kept = Vec::new();
        loop {
            kept.push(black_box(vec![1u8; 1 << 20]));
        }
    }

    /// Calls itself so often, each time with a kilobyte of its own.
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
