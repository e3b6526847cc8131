//! Trace events: calls and returns at the boundary between host and guest.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use serde::Serialize;

use super::heap::Growth;
use super::rendering::Content;
use crate::text;

/// One event at the boundary between host and guest: a call, a return, a host call, or its return.
/// See [`PluginBuilder::trace`](crate::PluginBuilder::trace).
///
/// `Display` formats it as one line, indented by its [`depth`](Self::depth): `->` goes into the
/// guest, `<-` out of it.
#[non_exhaustive]
pub struct TraceEvent<'a> {
    /// The kind of the event.
    pub direction: TraceKind,
    /// The number of enclosing calls: 0 for a call by the host, 1 for the guest's calls in it.
    pub depth: u32,
    /// The name of the command, of the export (for a hook or batch), or of the host function.
    pub function: &'a str,
    /// The outcome; only for returns.
    pub outcome: Option<Outcome>,
    /// The time from the call to its return; only for returns.
    pub duration: Option<Duration>,
    /// The growth of the heap since the call; only for returns of plugins that [count
    /// their allocations](crate::CrateSource::count_allocations).
    pub growth: Option<Growth>,
    content: Content<'a>,
}

/// The kind of a [`TraceEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TraceKind {
    /// The host calls a command or a hook.
    Call,
    /// The guest returns from that call.
    Answer,
    /// The guest calls a host function.
    HostCall,
    /// The host function returns.
    HostAnswer,
}

/// The outcome of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// A result.
    Ok,
    /// An error value, from the plugin or the host function.
    Error,
    /// A trap, which ends the instance.
    Trap,
    /// Any other failure, such as a result outside memory, or arguments that the guest had no room
    /// for.
    Failure,
}

impl<'a> TraceEvent<'a> {
    pub(super) fn new(
        direction: TraceKind,
        depth: u32,
        function: &'a str,
        content: Content<'a>,
    ) -> Self {
        TraceEvent {
            direction,
            depth,
            function,
            content,
            outcome: None,
            duration: None,
            growth: None,
        }
    }

    /// Returns the arguments, the result or the error as `Display` shows them, cut and escaped:
    /// text as text, anything else in hexadecimal.
    pub fn content(&self) -> String {
        self.content.to_string()
    }

    /// Returns the bytes of the arguments, the result or the error, as they are in guest memory.
    /// `None` if values are passed directly, or if there is no result.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self.content {
            Content::Bytes(bytes) => Some(bytes),
            Content::Text(_) => None,
        }
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

impl Display for TraceEvent<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // More indentation does not help.
        for _ in 0..self.depth.min(20) {
            f.write_str("  ")?;
        }
        f.write_str(match self.direction {
            TraceKind::Call | TraceKind::HostAnswer => "-> ",
            TraceKind::Answer | TraceKind::HostCall => "<- ",
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

impl fmt::Debug for TraceEvent<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}
