//! A plugin that uses every service of its host, one line for each.

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
        events = "tells of it",
        files = "writes it down",
        http = "asks around",
        ai = "asks further",
    )
)]
#[derive(Default)]
pub struct Served;

/// What was answered to a request.
#[derive(Serialize, Schema)]
pub struct Answered {
    status: u16,
    kind: Option<String>,
    body: Vec<u8>,
}

/// A thing with parts.
#[derive(Serialize, Deserialize, Schema)]
pub struct Order {
    /// What is in it.
    pub cakes: Vec<u32>,
}

/// A value that logs while it is formatted.
struct Chatty;

impl std::fmt::Display for Chatty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        log::warn!("a line within {}", "a line");
        f.write_str("chatty")
    }
}

#[plugin]
impl Served {
    /// Who was remembered last, and from now on somebody else.
    #[command]
    pub fn remember(&self, name: &str) -> Result<Option<String>> {
        let last = kv::get("last")?;
        kv::set("last", name)?;
        Ok(last)
    }

    /// A typed value, there and back.
    #[command]
    pub fn order(&self, order: Order) -> Result<Option<Order>> {
        kv::set("order", &order)?;
        kv::get("order")
    }

    /// Bytes, there and back.
    #[command(raw)]
    pub fn keep(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        kv::set_bytes("bytes", bytes)?;
        Ok(kv::get_bytes("bytes")?.unwrap_or_default())
    }

    /// Keys.
    #[command]
    pub fn keys(&self, prefix: &str) -> Result<Vec<String>> {
        kv::list(prefix)
    }

    /// Whether there was such a key.
    #[command]
    pub fn forget(&self, key: &str) -> Result<bool> {
        kv::delete(key)
    }

    /// Which permission is missing, and how to grant it.
    #[command]
    pub fn missing(&self) -> Option<(String, String)> {
        let denied = kv::get_bytes("key").err()?.permission_denied()?;
        Some((denied.permission, denied.grant))
    }

    /// What was set.
    #[command]
    pub fn limit(&self) -> Result<Option<u32>> {
        config::get("limit")
    }

    /// Tells, and listens.
    #[command]
    pub fn announce(&self, name: &str) -> Result<()> {
        events::subscribe("user.*")?;
        events::emit("user.greeted", name)?;
        events::unsubscribe("user.*")
    }

    /// Seconds since 1970, and milliseconds between two moments.
    #[command]
    pub fn clock(&self) -> Result<(u64, u128)> {
        let before = time::monotonic()?;
        let now = time::now()?.duration_since(UNIX_EPOCH)?;
        Ok((now.as_secs(), (time::monotonic()? - before).as_millis()))
    }

    /// What a plugin must not do.
    #[command]
    pub fn instant(&self) -> Duration {
        Instant::now().elapsed()
    }

    /// Random bytes, and a number.
    #[command]
    pub fn draw(&self) -> Result<([u8; 4], u64)> {
        Ok((random::bytes()?, random::u64()?))
    }

    /// Moves a file, and says what is there then.
    #[command]
    pub fn shelve(&self, from: &str, to: &str) -> Result<Vec<String>> {
        files::write(to, files::read_to_string(from)?)?;
        files::remove(from)?;
        let entries = files::list("data")?.into_iter();
        Ok(entries.map(|entry| entry.name).collect())
    }

    /// Asks for a page.
    #[command]
    pub fn fetch(&self, url: &str) -> Result<Answered> {
        let response = http::get(url)?;
        Ok(Answered {
            status: response.status(),
            kind: response.header("Content-Type").map(str::to_owned),
            body: response.bytes().to_vec(),
        })
    }

    /// Sends an order, and reads the one that comes back.
    #[command]
    pub fn send(&self, url: &str, order: Order) -> Result<Order> {
        http::Request::post(url)
            .header("accept", "application/json")
            .json(&order)?
            .timeout(Duration::from_millis(1500))
            .send()?
            .json()
    }

    /// A page's text.
    #[command]
    pub fn text(&self, url: &str) -> Result<String> {
        http::get(url)?.text()
    }

    /// Asks a model, and goes on.
    #[command]
    pub fn chat(&self, prompt: &str) -> Result<String> {
        let reply = ai::chat(prompt)?;
        let longer = Conversation::from(prompt).assistant(&reply.content);
        Ok(ai::chat(longer.user("Shorter.").max_tokens(10))?.content)
    }

    /// A line of each level.
    #[command]
    pub fn lines(&self, name: &str) {
        log::error!("error of {name}");
        log::warn!(target: "served::special", "a warning");
        log::info!("{}", Chatty);
        log::debug!("debug");
        log::trace!("trace");
    }

    /// Lines that nobody may want, with a value that panics when it is formatted.
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
