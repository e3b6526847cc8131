//! Plugins on the target of their host, for a harness that runs them without WebAssembly: with a
//! debugger, with coverage, under a sanitizer.
//!
//! A [`Guest`] is what an instance is in WebAssembly. It decodes arguments, calls the author's
//! function and encodes its result with the same code. Its host calls go to the [`Host`] that
//! runs it, in the form in which a host gets them from WebAssembly: numbers, and a memory that they
//! refer to.
//!
//! `#[plugin]` and `#[command]` register the parts of a plugin when the process starts
//! (`registry.rs`). A test that names the plugin's type links all of them.

mod guest;
mod registry;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests;

pub use crate::guest::Plugin;
pub use crate::imports::native::entered::{Ending, Host, Import, within};
pub use crate::memory::native::Buffer;
pub use guest::{Callee, Guest, guest};
#[doc(hidden)]
pub use registry::{Part, register};
