//! The SDK's part of a plugin, run natively.

pub mod answers;
pub mod batch;
pub mod binary;
pub mod boundary;
pub mod json;
