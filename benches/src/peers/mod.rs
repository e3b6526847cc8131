//! What plugin-sdk is measured against, one file each.

pub mod component;
pub mod extism;
pub mod raw;
