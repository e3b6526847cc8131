//! The peers of plugin-sdk, one file each.

pub mod component;
pub mod extism;
pub mod raw;
