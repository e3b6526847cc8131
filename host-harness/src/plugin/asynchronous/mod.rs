//! Hosts on tokio: plugins whose calls are futures, and a pool of them.
//!
//! The steps of a call are in `run/instance/asynchronous.rs`, those of a host call in
//! `imports/asynchronous.rs`.

mod plugin;
mod pool;

pub use plugin::AsyncPlugin;
pub use pool::AsyncPool;
