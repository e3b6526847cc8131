//! Write WebAssembly plugins as ordinary Rust.

pub mod abi;
#[cfg(feature = "binary")]
pub mod binary;
#[doc(hidden)]
pub mod codec;
#[doc(hidden)]
pub mod command;
mod allocator;
mod error;
#[doc(hidden)]
pub mod fault;
#[doc(hidden)]
pub mod guest;
#[doc(hidden)]
pub mod json;
#[doc(hidden)]
pub mod memory;
#[doc(hidden)]
pub mod panic;
#[doc(hidden)]
pub mod raw;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use plugin_sdk_macros::{PluginError, cleanup, command, event, init, plugin, start, stop};

/// What a plugin's source begins with: `use plugin_sdk::prelude::*;`
pub mod prelude {
    pub use crate::{
        Error, PluginError, Result, cleanup, command, event, init, plugin, start, stop,
    };
    pub use serde::{Deserialize, Serialize};
}

pub use error::{Error, PluginError, Result, code};
