//! A Rust toolchain that builds for `wasm32-unknown-unknown`: found, or installed if missing. It
//! concerns the machine that builds this repository, not the SDK.

#![forbid(unsafe_code)]

mod debian;
pub mod process;
mod rustc;
mod toolchain;

pub use rustc::{RustcVersion, TARGET, probe};
pub use toolchain::{DEBUG, Toolchain, VARIANTS, set_up};
