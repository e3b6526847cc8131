//! A Rust toolchain that builds for `wasm32-unknown-unknown`: found, or installed if missing. It
//! concerns the machine that builds this repository, not the SDK.

#![forbid(unsafe_code)]

mod debian;
pub mod process;
mod toolchain;

pub use toolchain::{RustcVersion, TARGET, Toolchain, probe, set_up};
