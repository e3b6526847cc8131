//! Host functions that end the guest's call.

use std::fmt;
use std::time::Duration;

use plugin_sdk::imports::HostFunction;

use crate::failure::FailureKind;
use crate::text;

/// The reason why a host function ended the guest's call. Boxed, because it is rare.
#[derive(Clone, Debug)]
pub(crate) struct HostTrap(Box<Ending>);

/// See [`HostTrap`].
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// The function, as `module.name`.
    pub(crate) function: String,
    pub(crate) reason: Reason,
}

#[derive(Clone, Debug)]
pub(crate) enum Reason {
    /// An argument is invalid.
    Argument(String),
    /// The function failed, and its signature has no error to return.
    Failed(plugin_sdk::Error),
    /// The function used up the time of the call.
    Timeout,
    /// The call has made more host calls than this limit.
    TooMany { limit: u64 },
    /// The plugin is being prepared for a snapshot, without a host.
    Ahead,
}

impl HostTrap {
    #[cold]
    pub(crate) fn new(function: &HostFunction, reason: Reason) -> Self {
        HostTrap(Box::new(Ending {
            function: full_name(function),
            reason,
        }))
    }

    /// Creates the trap of a function that was called ahead of time.
    #[cold]
    pub(crate) fn ahead(function: String) -> Self {
        HostTrap(Box::new(Ending {
            function,
            reason: Reason::Ahead,
        }))
    }

    pub(crate) fn ending(&self) -> &Ending {
        &self.0
    }

    /// Returns the kind of failure of the call, which has this time limit.
    pub(crate) fn kind(&self, timeout: Option<Duration>) -> FailureKind {
        let Ending { function, reason } = self.0.as_ref().clone();
        match (reason, timeout) {
            (Reason::Argument(reason), _) => FailureKind::BadHostArgument { function, reason },
            (Reason::Failed(error), _) => FailureKind::HostFunction { function, error },
            (Reason::Timeout, Some(limit)) => FailureKind::Timeout {
                limit,
                during: Some(function),
            },
            (Reason::TooMany { limit }, _) => FailureKind::TooManyHostCalls {
                limit,
                during: function,
            },
            (Reason::Ahead, _) => FailureKind::NoSnapshot {
                reason: format!("the plugin calls its host before the first call: `{}`", text::name(&function)),
                help: "a snapshot is one state for all instances, and an answer of the host is for one: move the call from `Default` to an `#[init]` hook \
                     or to a command, or build without a snapshot"
                    .to_owned(),
            },
            (Reason::Timeout, None) => FailureKind::Trap {
                message: text::from_str(&self.to_string()),
            },
        }
    }
}

impl fmt::Display for HostTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host function `{}`: ", self.0.function)?;
        match &self.0.reason {
            Reason::Argument(reason) => f.write_str(reason),
            Reason::Failed(error) => fmt::Display::fmt(error, f),
            Reason::Timeout => f.write_str("it used up the time that the call had left"),
            Reason::Ahead => f.write_str("it is called before the first call"),
            Reason::TooMany { limit } => write!(f, "it is called after {limit} other host calls"),
        }
    }
}

impl std::error::Error for HostTrap {}

/// Returns the name of a function as failures show it.
pub(crate) fn full_name(function: &HostFunction) -> String {
    format!("{}.{}", function.module, function.name)
}
