//! A plugin that handles events by topic, and declares permissions with reasons.

#![forbid(unsafe_code)]

use plugin_sdk::prelude::*;

/// Keeps the events that it receives.
#[cfg_attr(
    feature = "declared",
    plugin(permissions(events = "hears \"who\" comes and goes", "host.log-book" = "keeps it – always"))
)]
#[cfg_attr(not(feature = "declared"), plugin)]
#[derive(Default)]
pub struct Listener {
    heard: Vec<String>,
}

/// A user.
#[derive(Deserialize, Schema)]
pub struct User {
    name: String,
}

#[plugin]
impl Listener {
    /// Handles one topic.
    #[event("user.created")]
    pub fn created(&mut self, data: User) {
        self.heard.push(format!("created {}", data.name));
    }

    /// Handles topics of two segments, with its arguments in reverse order.
    #[event("user.*")]
    pub fn user(&mut self, data: User, topic: &str) -> Result<()> {
        if data.name.is_empty() {
            return Err(Error::new(
                "nameless",
                format!("the user of {topic} has no name"),
            ));
        }
        self.heard.push(format!("user: {topic}"));
        Ok(())
    }

    /// Handles topics of any length.
    #[event("user.**")]
    pub fn users(&mut self, topic: &str) {
        self.heard.push(format!("users: {topic}"));
    }

    /// Returns the events received since the previous call.
    #[command]
    pub fn heard(&mut self) -> Vec<String> {
        std::mem::take(&mut self.heard)
    }
}
