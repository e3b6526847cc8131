//! Language models.

use serde::{Deserialize, Serialize};

use crate::Result;

/// What a host implements.
pub trait Ai {
    /// Goes on with a conversation.
    fn chat(&mut self, conversation: &Conversation) -> Result<Reply>;
}

/// What has been said, and how to go on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// In their order.
    pub messages: Vec<Message>,
    /// Which model; the host's choice unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How long the reply may be, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
}

/// One thing said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// What was said.
    pub content: String,
}

/// What the model said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Its words.
    pub content: String,
    /// Which model it was.
    #[serde(default)]
    pub model: Option<String>,
}
