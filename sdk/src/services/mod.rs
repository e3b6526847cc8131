//! What a host offers to every plugin: one module for each service, with its trait for hosts and its functions for guests.

pub mod ai;
pub mod config;
pub mod events;
pub mod files;
pub mod http;
pub mod kv;
pub mod logging;
pub mod random;
pub mod time;
