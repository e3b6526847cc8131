//! Running modules: compiled modules, their instances within limits, and the steps of a call.

mod batch;
mod instance;
pub(crate) mod json;
mod module;
mod sandbox;
mod trap;

pub use batch::Answers;
pub(crate) use batch::{Inputs, argument_len, call as call_batch, frame, gather};
pub(crate) use instance::Instance;

pub use module::Module;
pub(crate) use sandbox::{Blueprint, Sandbox};
pub(crate) use trap::refused;
