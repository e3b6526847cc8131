//! Events to and from other plugins and the host.
//!
//! An event has a topic, which consists of segments with dots between them, and data. A pattern of topics may have `*` for exactly one segment, and `**` as
//! its last for any number of them, including none:
//!
//! | pattern | takes | but not |
//! |---|---|---|
//! | `user.created` | `user.created` | `user`, `user.created.twice` |
//! | `user.*` | `user.created`, `user.gone` | `user`, `user.created.twice` |
//! | `user.**` | `user`, `user.created`, `user.created.twice` | `users` |
//! | `*.created` | `user.created`, `order.created` | `created` |
//! | `**` | everything | |
//!
//! A plugin hears of events by [`#[event]`](macro@crate::event) on its functions, and sends them by [`emit`]. The permission is `events`.

use serde::Serialize;

use crate::contracts::Contract;
use crate::contracts::forms::to_json;
pub use crate::contracts::services::Events;
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::events;
use crate::error::Result;
pub use crate::topics::{check, matches};

implemented_by_hosts!(Events, AsyncEvents as events);

/// Tells everybody who has subscribed to the topic.
///
/// # Errors
///
/// Besides the host's: where the data has no form in JSON.
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

/// From now on, events whose topic matches the pattern reach the plugin's event handlers.
///
/// # Errors
///
/// The host's, which may be `invalid_argument` where the pattern is [none](check).
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

/// Takes back a subscription, by the pattern that it was made with.
///
/// # Errors
///
/// The host's.
#[inline]
pub fn unsubscribe(pattern: &str) -> Result<()> {
    Contract.unsubscribe(pattern)
}
