//! A plugin that uses every service of its host, with a line of code for each.

#![forbid(unsafe_code)]

use std::time::{Duration, Instant, UNIX_EPOCH};

use plugin_sdk::ai::Conversation;
use plugin_sdk::prelude::*;
use plugin_sdk::{config, http, time};

/// Uses services.
#[plugin(
    log,
    permissions(
        kv = "remembers who was greeted",
        events = "announces greetings",
        files = "moves files",
        http = "sends orders",
        ai = "asks a model",
    )
)]
#[derive(Default)]
pub struct Served;

/// The response to a request.
#[derive(Serialize, Schema)]
pub struct Answered {
    status: u16,
    kind: Option<String>,
    body: Vec<u8>,
}

/// An order.
#[derive(Serialize, Deserialize, Schema)]
pub struct Order {
    /// The numbers of its cakes.
    pub cakes: Vec<u32>,
}

/// A value that logs a line while it is formatted.
struct Chatty;

impl std::fmt::Display for Chatty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        log::warn!("a line within {}", "a line");
        f.write_str("chatty")
    }
}

#[plugin]
impl Served {
    /// Remembers a name, and returns the previous one.
    #[command]
    pub fn remember(&self, name: &str) -> Result<Option<String>> {
        let last = kv::get("last")?;
        kv::set("last", name)?;
        Ok(last)
    }

    /// Stores a typed value, and reads it.
    #[command]
    pub fn order(&self, order: Order) -> Result<Option<Order>> {
        kv::set("order", &order)?;
        kv::get("order")
    }

    /// Stores bytes, and reads them.
    #[command(raw)]
    pub fn keep(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        kv::set_bytes("bytes", bytes)?;
        Ok(kv::get_bytes("bytes")?.unwrap_or_default())
    }

    /// Returns the keys that begin with a prefix.
    #[command]
    pub fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        kv::list(prefix)
    }

    /// Deletes a key, and returns whether it existed.
    #[command]
    pub fn forget(&self, key: &str) -> Result<bool> {
        kv::delete(key)
    }

    /// Returns the missing permission, and how to grant it.
    #[command]
    pub fn missing(&self) -> Option<(String, String)> {
        let denied = kv::get_bytes("key").err()?.permission_denied()?;
        Some((denied.permission, denied.grant))
    }

    /// Returns a setting.
    #[command]
    pub fn limit(&self) -> Result<Option<u32>> {
        config::get("limit")
    }

    /// Emits an event while subscribed to its topic.
    #[command]
    pub fn announce(&self, name: &str) -> Result<()> {
        events::subscribe("user.*")?;
        events::emit("user.greeted", name)?;
        events::unsubscribe("user.*")
    }

    /// Returns the seconds since 1970, and the milliseconds between two moments.
    #[command]
    pub fn clock(&self) -> Result<(u64, u128)> {
        let before = time::monotonic()?;
        let now = time::now()?.duration_since(UNIX_EPOCH)?;
        Ok((now.as_secs(), (time::monotonic()? - before).as_millis()))
    }

    /// Reads the standard library's clock, which no plugin has.
    #[command]
    pub fn instant(&self) -> Duration {
        Instant::now().elapsed()
    }

    /// Returns random bytes, and a random number.
    #[command]
    pub fn draw(&self) -> Result<([u8; 4], u64)> {
        Ok((random::bytes()?, random::u64()?))
    }

    /// Moves a file, and returns the names of the files in `data`.
    #[command]
    pub fn shelve(&self, from: &str, to: &str) -> Result<Vec<String>> {
        files::write(to, files::read_to_string(from)?)?;
        files::remove(from)?;
        let entries = files::list("data")?.into_iter();
        Ok(entries.map(|entry| entry.name).collect())
    }

    /// Requests a page.
    #[command]
    pub fn fetch(&self, url: &str) -> Result<Answered> {
        let response = http::get(url)?;
        Ok(Answered {
            status: response.status(),
            kind: response.header("Content-Type").map(str::to_owned),
            body: response.bytes().to_vec(),
        })
    }

    /// Sends an order, and returns the order in the response.
    #[command]
    pub fn send(&self, url: &str, order: Order) -> Result<Order> {
        http::Request::post(url)
            .header("accept", "application/json")
            .json(&order)?
            .timeout(Duration::from_millis(1500))
            .send()?
            .json()
    }

    /// Returns the text of a page.
    #[command]
    pub fn text(&self, url: &str) -> Result<String> {
        http::get(url)?.text()
    }

    /// Asks a model, and continues the conversation.
    #[command]
    pub fn chat(&self, prompt: &str) -> Result<String> {
        let reply = ai::chat(prompt)?;
        let longer = Conversation::from(prompt).assistant(&reply.content);
        Ok(ai::chat(longer.user("Shorter.").max_tokens(10))?.content)
    }

    /// Logs a line at every level.
    #[command]
    pub fn lines(&self, name: &str) {
        log::error!("error of {name}");
        log::warn!(target: "served::special", "a warning");
        log::info!("{}", Chatty);
        log::debug!("debug");
        log::trace!("trace");
    }

    /// Logs trace lines with a value that panics when it is formatted.
    #[command]
    pub fn details(&self, times: u32) {
        struct Bomb;
        impl std::fmt::Display for Bomb {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("a line that is not wanted was formatted")
            }
        }
        for _ in 0..times {
            log::trace!("{Bomb}");
        }
    }
}
