//! Running modules: compiled modules, their instances within limits, and the steps of a call.

mod batch;
mod blueprint;
mod instance;
pub(crate) mod json;
mod module;
mod sandbox;
mod trap;

pub use batch::Answers;
pub(crate) use batch::{Batches, Inputs, call as call_batch, frame, gather};
pub(crate) use instance::{Instance, argument_len};

pub(crate) use blueprint::Blueprint;
pub(crate) use module::MakeNative;
pub use module::Module;
pub(crate) use sandbox::{Sandbox, own_error, poisoned, within};
pub(crate) use trap::refused;
