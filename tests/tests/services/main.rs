//! Services: the in-memory implementations against the real ones, and both against a plugin.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod emulated;
mod faults;
mod files;
mod http;
mod kv;
mod plugin;
mod redis;
mod replay;
