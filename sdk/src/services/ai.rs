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
    /// Nothing has been said yet.
    #[inline]
    pub fn new() -> Self {
        Conversation::default()
    }

    /// How the model is to behave.
    #[inline]
    pub fn system(self, content: &str) -> Self {
        self.message("system", content)
    }

    /// What somebody said.
    #[inline]
    pub fn user(self, content: &str) -> Self {
        self.message("user", content)
    }

    /// What the model said.
    #[inline]
    pub fn assistant(self, content: &str) -> Self {
        self.message("assistant", content)
    }

    /// Which model is to go on.
    #[inline]
    pub fn model(mut self, model: &str) -> Self {
        self.model = Some(model.to_owned());
        self
    }

    /// How long the reply may be, in tokens.
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

/// Something that the user said.
impl From<&str> for Conversation {
    #[inline]
    fn from(content: &str) -> Self {
        Conversation::new().user(content)
    }
}

/// Something that the user said.
impl From<String> for Conversation {
    #[inline]
    fn from(content: String) -> Self {
        Conversation::from(&*content)
    }
}

/// A copy of it.
impl From<&Conversation> for Conversation {
    #[inline]
    fn from(conversation: &Conversation) -> Self {
        conversation.clone()
    }
}

/// What a model says to something, or to a whole conversation.
///
/// # Errors
///
/// The host's.
#[inline]
pub fn chat(conversation: impl Into<Conversation>) -> Result<Reply> {
    Contract.chat(&conversation.into())
}
