//! Hosts on tokio: plugins whose calls are futures, and a pool of them.
//!
//! What a call does is in `run/instance/asynchronous.rs`, and in `imports/asynchronous.rs` for what it asks of its host.

mod plugin;
mod pool;

pub use plugin::AsyncPlugin;
pub use pool::AsyncPool;
