//! Events to and from other plugins and the host.

use crate::Result;

/// What a host implements.
pub trait Events {
    /// Tells everybody who has subscribed; `data` is JSON.
    fn emit(&mut self, topic: &str, data: &[u8]) -> Result<()>;
    /// From now on, events whose topic matches reach the plugin's event handlers.
    fn subscribe(&mut self, topic: &str) -> Result<()>;
    /// No more of them.
    fn unsubscribe(&mut self, topic: &str) -> Result<()>;
}
