//! A plugin that hears of events by their topics, and says in its module what it needs them for.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Keeps what it heard.
#[cfg_attr(
    feature = "declared",
    plugin(permissions(events = "hears \"who\" comes and goes", "host.log-book" = "keeps it – always"))
)]
#[cfg_attr(not(feature = "declared"), plugin)]
#[derive(Default)]
pub struct Listener {
    heard: Vec<String>,
}

/// Somebody.
#[derive(Deserialize, Schema)]
pub struct User {
    name: String,
}

#[plugin]
impl Listener {
    /// One topic.
    #[event("user.created")]
    pub fn created(&mut self, data: User) {
        self.heard.push(format!("created {}", data.name));
    }

    /// Topics of two segments, its arguments in the other order.
    #[event("user.*")]
    pub fn user(&mut self, data: User, topic: &str) -> Result<()> {
        if data.name.is_empty() {
            return Err(Error::new("nameless", format!("{topic} was about nobody")));
        }
        self.heard.push(format!("user: {topic}"));
        Ok(())
    }

    /// Topics of any length.
    #[event("user.**")]
    pub fn users(&mut self, topic: &str) {
        self.heard.push(format!("users: {topic}"));
    }

    /// What was heard since this was last asked.
    #[command]
    pub fn heard(&mut self) -> Vec<String> {
        std::mem::take(&mut self.heard)
    }
}
