//! The state of a store.

use super::Host;
use crate::limits::Limiter;
use crate::observe::Observer;

/// What a store holds beside the guest.
pub(crate) struct State {
    pub(crate) limiter: Limiter,
    pub(crate) host: Host,
    /// When a call that can be waited for must have ended.
    #[cfg(feature = "async")]
    pub(crate) deadline: Option<tokio::time::Instant>,
    /// What watches the instance, if anybody does.
    pub(crate) observer: Option<Box<Observer>>,
}
