//! The state of a store.

use super::Host;
use crate::limits::Limiter;
use crate::observe::Observer;

/// The data of a store in addition to the guest.
pub(crate) struct State {
    pub(crate) limiter: Limiter,
    pub(crate) host: Host,
    /// The time at which an asynchronous call must have ended.
    #[cfg(feature = "async")]
    pub(crate) deadline: Option<tokio::time::Instant>,
    /// The observer of the instance, if there is one.
    pub(crate) observer: Option<Box<Observer>>,
}
