//! Language models.

use plugin_sdk::services::ai::{Ai, Conversation, Reply};
use plugin_sdk::{Error, Result};

use super::script::{self, Script};
use super::{Shared, error};

/// A language model with scripted replies. Clones share one script.
///
/// ```
/// use plugin_sdk::services::ai::{Ai, Conversation, Message};
/// use plugin_sdk_harness::services::ScriptedAi;
///
/// let ai = ScriptedAi::new()
///     .answer_to("*weather*", "It rains.")
///     .answer("I see.");
///
/// let mut plugins = ai.clone();
/// let mut say = |text: &str| {
///     let messages = vec![Message { role: "user".to_owned(), content: text.to_owned() }];
///     plugins.chat(&Conversation { messages, ..Conversation::default() })
/// };
/// assert_eq!(say("How is the weather?")?.content, "It rains.");
/// assert_eq!(say("Hello")?.content, "I see.");
/// assert_eq!(say("And now?").unwrap_err().code(), "unavailable");
/// assert_eq!(ai.conversations().len(), 3);
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct ScriptedAi(Shared<Script<Conversation, Reply>>);

impl ScriptedAi {
    /// Creates a model without replies.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replies with this text whenever the last message matches the pattern, in which `*` matches
    /// any run of characters.
    pub fn answer_to(self, pattern: &str, reply: impl Into<String>) -> Self {
        let pattern = pattern.to_owned();
        self.answer_when(
            move |conversation| script::matches(&pattern, last(conversation)),
            reply,
        )
    }

    /// Replies with this text whenever the condition holds.
    pub fn answer_when(
        self,
        condition: impl Fn(&Conversation) -> bool + Send + 'static,
        reply: impl Into<String>,
    ) -> Self {
        let reply = reply_of(reply.into());
        self.0
            .lock()
            .rule(move |asked| condition(asked).then(|| Ok(reply.clone())));
        self
    }

    /// Returns the conversations so far, oldest first: the last 1000, and at most 64 MiB of them.
    pub fn conversations(&self) -> Vec<Conversation> {
        self.0.lock().asked().cloned().collect()
    }

    /// Returns the number of replies left in the queue.
    pub fn unanswered(&self) -> usize {
        self.0.lock().left()
    }

    /// Adds a reply to the queue, for the next conversation that no rule matches.
    pub fn answer(self, reply: impl Into<String>) -> Self {
        self.0.lock().queue(Ok(reply_of(reply.into())));
        self
    }

    /// Replies with the closure's result. If the closure returns `None`, later rules and the queue
    /// decide.
    pub fn answer_with(
        self,
        answer: impl FnMut(&Conversation) -> Option<Result<Reply>> + Send + 'static,
    ) -> Self {
        self.0.lock().rule(answer);
        self
    }

    /// Adds an error to the queue.
    pub fn fail(self, error: Error) -> Self {
        self.0.lock().queue(Err(error));
        self
    }
}

fn reply_of(content: String) -> Reply {
    Reply {
        content,
        model: Some("scripted".to_owned()),
    }
}

fn last(conversation: &Conversation) -> &str {
    conversation
        .messages
        .last()
        .map_or("", |message| &message.content)
}

impl std::fmt::Debug for ScriptedAi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScriptedAi")
            .field("unanswered", &self.unanswered())
            .finish_non_exhaustive()
    }
}

impl Ai for ScriptedAi {
    fn chat(&mut self, conversation: &Conversation) -> Result<Reply> {
        let bytes = conversation
            .messages
            .iter()
            .map(|message| message.role.len() + message.content.len() + size_of_val(message))
            .sum();
        let answer = self.0.lock().ask(conversation.clone(), bytes);
        answer.unwrap_or_else(|| {
            Err(error::unavailable(
                "the model has no reply",
                format_args!(
                    "none is scripted for {}; see `ScriptedAi::answer`",
                    error::quoted(last(conversation))
                ),
            ))
        })
    }
}
