//! Language models. The permission is `ai`.
//!
//! ```
//! # fn ask() -> plugin_sdk::Result<String> {
//! use plugin_sdk::ai::{self, Conversation};
//!
//! let haiku = ai::chat("Write a haiku about bytes.")?;
//! let next = Conversation::new()
//!     .system("You are terse.")
//!     .user("Write a haiku about bytes.")
//!     .assistant(&haiku.content)
//!     .user("Shorter.");
//! # let _ =
//! ai::chat(next)?
//! # ;
//! # Ok(haiku.content)
//! # }
//! ```

use crate::contracts::Contract;
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::ai;
pub use crate::contracts::services::{Ai, Conversation, Message, Reply};
use crate::error::Result;

implemented_by_hosts!(Ai, AsyncAi as ai);

impl Conversation {
    /// Creates an empty conversation.
    #[inline]
    pub fn new() -> Self {
        Conversation::default()
    }

    /// Adds instructions for the model.
    #[inline]
    pub fn system(self, content: &str) -> Self {
        self.message("system", content)
    }

    /// Adds a message of the user.
    #[inline]
    pub fn user(self, content: &str) -> Self {
        self.message("user", content)
    }

    /// Adds an earlier reply of the model.
    #[inline]
    pub fn assistant(self, content: &str) -> Self {
        self.message("assistant", content)
    }

    /// Chooses the model.
    #[inline]
    pub fn model(mut self, model: &str) -> Self {
        self.model = Some(model.to_owned());
        self
    }

    /// Limits the reply, in tokens.
    #[inline]
    pub fn max_tokens(mut self, max_tokens: u32) -> Self {
        self.max_tokens = Some(max_tokens);
        self
    }

    #[inline]
    fn message(mut self, role: &str, content: &str) -> Self {
        self.messages.push(Message {
            role: role.to_owned(),
            content: content.to_owned(),
        });
        self
    }
}

/// Creates a conversation with one message of the user.
impl From<&str> for Conversation {
    #[inline]
    fn from(content: &str) -> Self {
        Conversation::new().user(content)
    }
}

/// Creates a conversation with one message of the user.
impl From<String> for Conversation {
    #[inline]
    fn from(content: String) -> Self {
        Conversation::from(&*content)
    }
}

/// Clones the conversation.
impl From<&Conversation> for Conversation {
    #[inline]
    fn from(conversation: &Conversation) -> Self {
        conversation.clone()
    }
}

/// Sends a message or a conversation to the model, and returns its reply.
#[inline]
pub fn chat(conversation: impl Into<Conversation>) -> Result<Reply> {
    Contract.chat(&conversation.into())
}
