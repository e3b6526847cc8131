//! The reasons why guest code ends without a result.

use std::fmt;

use super::ending::HostTrap;
use crate::failure::{RawFrame, WayOut};
use crate::limits::Denied;

/// The reason why a call of guest code had no result, or why an instantiation failed, with the
/// evidence that the engine has. Boxed, because it is rare.
#[derive(Debug)]
pub(crate) struct Error(Box<Ended>);

/// See [`Error`].
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) cause: Cause,
    /// The guest's stack, innermost frame first; `None` if the engine does not keep it.
    pub(crate) frames: Option<Vec<RawFrame>>,
    /// The way in which the guest gave up, if there are no frames to judge it by.
    pub(crate) way_out: Option<WayOut>,
    /// The guest's stack pointer.
    pub(crate) stack_pointer: Option<u32>,
    /// The growth that was refused during the call.
    pub(crate) denied: Option<Denied>,
}

/// The cause of an [`Error`].
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// A host function ended the call.
    Host(HostTrap),
    /// An instruction or a limit ended the call.
    Trap {
        trap: Trap,
        /// The engine's description, and for a memory fault its address.
        message: String,
        address: Option<u64>,
    },
    /// The pool has no free slot for an instance.
    #[cfg_attr(
        not(feature = "wasmtime"),
        expect(dead_code, reason = "only wasmtime has a pool")
    )]
    PoolExhausted,
    /// Another reason, in the engine's words.
    Other(String),
}

/// The traps that have failures of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trap {
    /// The call took too long, or another thread ended it.
    Interrupted,
    OutOfFuel,
    StackOverflow,
    MemoryOutOfBounds,
    Unreachable,
    Other,
}

impl Error {
    /// Creates an error without evidence in addition to its cause.
    #[cold]
    pub(crate) fn new(cause: Cause) -> Self {
        Error(Box::new(Ended {
            cause,
            frames: Some(Vec::new()),
            way_out: None,
            stack_pointer: None,
            denied: None,
        }))
    }

    /// Creates an error with all its evidence.
    #[cold]
    pub(super) fn with(ended: Ended) -> Self {
        Error(Box::new(ended))
    }

    pub(crate) fn into_ended(self) -> Ended {
        *self.0
    }
}

impl Cause {
    /// Returns a trap without an address.
    #[cfg(feature = "wasmi")]
    pub(super) fn trap(trap: Trap, message: impl Into<String>) -> Self {
        Cause::Trap {
            trap,
            message: message.into(),
            address: None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Host(trap) => trap.fmt(f),
            Cause::Trap {
                message,
                address: Some(address),
                ..
            } => write!(f, "{message} at address {address:#x}"),
            Cause::Trap { message, .. } | Cause::Other(message) => f.write_str(message),
            Cause::PoolExhausted => f.write_str("the pool of instances is exhausted"),
        }
    }
}

impl std::error::Error for Cause {}

/// Returns the error of an instance without the memory that its module was checked to export.
#[cold]
pub(super) fn no_memory() -> Error {
    Error::new(Cause::Other(
        "an export that was there is not there any more".to_owned(),
    ))
}
