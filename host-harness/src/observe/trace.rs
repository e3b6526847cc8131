//! What happens at the boundary, one crossing at a time.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use serde::Serialize;

use super::heap::Growth;
use super::rendering::Content;
use crate::text;

/// One crossing of the boundary between host and guest: see [`PluginBuilder::trace`](crate::PluginBuilder::trace).
///
/// `Display` makes one line of it, indented by its [`depth`](Self::depth): `->` into the guest, `<-` out of it.
pub struct Crossing<'a> {
    direction: Direction,
    depth: u32,
    function: &'a str,
    content: Content<'a>,
    outcome: Option<Outcome>,
    duration: Option<Duration>,
    growth: Option<Growth>,
}

/// Which way a [`Crossing`] goes, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Direction {
    /// The host calls a command or a hook.
    Call,
    /// The guest answers that.
    Answer,
    /// The guest calls a function of its host.
    HostCall,
    /// The host answers that.
    HostAnswer,
}

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// A result.
    Ok,
    /// An error, as a value: the plugin's own, or the host function's.
    Error,
    /// A trap, which is the end of the instance.
    Trap,
    /// Anything else that is no result: an answer that lies nowhere, arguments that the guest had no room for.
    Failure,
}

impl<'a> Crossing<'a> {
    fn new(direction: Direction, depth: u32, function: &'a str, content: Content<'a>) -> Self {
        Crossing {
            direction,
            depth,
            function,
            content,
            outcome: None,
            duration: None,
            growth: None,
        }
    }

    pub(super) fn call(depth: u32, function: &'a str, arguments: Content<'a>) -> Self {
        Self::new(Direction::Call, depth, function, arguments)
    }

    pub(super) fn answer(
        depth: u32,
        function: &'a str,
        outcome: Outcome,
        content: Content<'a>,
        took: Duration,
        growth: Option<Growth>,
    ) -> Self {
        Crossing {
            outcome: Some(outcome),
            duration: Some(took),
            growth,
            ..Self::new(Direction::Answer, depth, function, content)
        }
    }

    pub(super) fn host_call(depth: u32, function: &'a str, arguments: &'a str) -> Self {
        Self::new(
            Direction::HostCall,
            depth,
            function,
            Content::Text(arguments),
        )
    }

    pub(super) fn host_answer(
        depth: u32,
        function: &'a str,
        outcome: Outcome,
        answer: &'a str,
        took: Duration,
    ) -> Self {
        Crossing {
            outcome: Some(outcome),
            duration: Some(took),
            ..Self::new(
                Direction::HostAnswer,
                depth,
                function,
                Content::Text(answer),
            )
        }
    }

    /// Which way it goes.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// How many calls it happens within: 0 for a call of the host's, 1 for what the guest then calls.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// The command's name; for anything else that of the export, or of the host function.
    pub fn function(&self) -> &str {
        self.function
    }

    /// The arguments, the result or the error, cut and filtered as `Display` shows them: text as text, anything else in hexadecimal digits.
    pub fn content(&self) -> String {
        self.content.to_string()
    }

    /// The bytes of arguments, result or error, as they lie in the guest's memory; `None` where values cross, or where there is no answer.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::Text(_) => None,
        }
    }

    /// What it came to; only of answers.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// The time between the call and this answer; only of answers.
    pub fn duration(&self) -> Option<Duration> {
        self.duration
    }

    /// What the plugin's heap holds more than before the call; only of answers of plugins that
    /// [count their allocations](crate::CrateSource::count_allocations).
    pub fn growth(&self) -> Option<Growth> {
        self.growth
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Ok => "ok",
            Outcome::Error => "error",
            Outcome::Trap => "trap",
            Outcome::Failure => "failure",
        })
    }
}

impl Display for Crossing<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Deeper is no more legible.
        for _ in 0..self.depth.min(20) {
            f.write_str("  ")?;
        }
        f.write_str(match self.direction {
            Direction::Call | Direction::HostAnswer => "-> ",
            Direction::Answer | Direction::HostCall => "<- ",
        })?;
        f.write_str(&text::name(self.function))?;
        if let Some(outcome) = self.outcome {
            write!(f, " {outcome}")?;
        }
        if self.content.len() > 0 {
            write!(f, " {}", self.content)?;
        }
        let Some(duration) = self.duration else {
            return Ok(());
        };
        write!(f, " ({duration:.1?}")?;
        if let Some(Growth { blocks, bytes, .. }) = self.growth
            && (blocks, bytes) != (0, 0)
        {
            write!(f, ", heap {blocks:+} blocks {bytes:+} bytes")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Crossing<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}
