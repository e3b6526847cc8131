//! Events to and from other plugins and the host.
//!
//! An event has a topic, which consists of segments separated by dots, and data. A pattern of
//! topics may have `*` for exactly one segment, and `**` as its last segment for any number of
//! them, including zero:
//!
//! | pattern | matches | but not |
//! |---|---|---|
//! | `user.created` | `user.created` | `user`, `user.created.twice` |
//! | `user.*` | `user.created`, `user.gone` | `user`, `user.created.twice` |
//! | `user.**` | `user`, `user.created`, `user.created.twice` | `users` |
//! | `*.created` | `user.created`, `order.created` | `created` |
//! | `**` | everything | |
//!
//! A plugin handles events with [`#[event]`](macro@crate::event) on its functions, and sends them
//! with [`emit`]. The permission is `events`.

use serde::Serialize;

use crate::contracts::Contract;
use crate::contracts::forms::to_json;
pub use crate::contracts::services::Events;
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::events;
use crate::error::Result;
pub use crate::topics::{check, matches};

implemented_by_hosts!(Events, AsyncEvents as events);

/// Emits an event to all subscribers of its topic.
///
/// # Errors
///
/// Returns the host's error, or one of the data if it has no form in JSON.
///
/// ```
/// # use plugin_sdk::prelude::*;
/// # fn greeted(name: &str) -> Result<()> {
/// events::emit("user.greeted", name)?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub fn emit<T: Serialize + ?Sized>(topic: &str, data: &T) -> Result<()> {
    Contract.emit(topic, &to_json(data)?)
}

/// Subscribes the plugin's event handlers to topics that match a pattern.
///
/// # Errors
///
/// Returns the host's error, which may be `invalid_argument` for a [malformed](check) pattern.
///
/// ```
/// # use plugin_sdk::prelude::*;
/// # fn start() -> Result<()> {
/// events::subscribe("user.*")?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub fn subscribe(pattern: &str) -> Result<()> {
    Contract.subscribe(pattern)
}

/// Cancels a subscription; the pattern must be the one that it was made with.
#[inline]
pub fn unsubscribe(pattern: &str) -> Result<()> {
    Contract.unsubscribe(pattern)
}
