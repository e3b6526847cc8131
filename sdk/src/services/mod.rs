//! The services that a host offers to every plugin. Each module has the functions for guests, and
//! the trait that hosts and mocks implement.
//!
//! Every function that returns a [`Result`](crate::Result) passes on the host's error. Its
//! documentation lists only further ones.
//!
//! The modules are in the crate's root as well: `plugin_sdk::kv` is `plugin_sdk::services::kv`.
//!
//! In a native test, a service is the installed implementation, or that of the harness that runs
//! the [plugin natively](crate::native); in WebAssembly, the host's. One value serves both:
//!
//! ```
//! use plugin_sdk::Result;
//! use plugin_sdk::kv::{self, Kv};
//! use std::collections::BTreeMap;
//!
//! #[derive(Default)]
//! struct InMemory(BTreeMap<String, Vec<u8>>);
//!
//! impl Kv for InMemory {
//!     fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
//!         Ok(self.0.get(key).cloned())
//!     }
//!
//!     fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
//!         self.0.insert(key.to_owned(), value.to_owned());
//!         Ok(())
//!     }
//!
//!     fn delete(&mut self, key: &str) -> Result<bool> {
//!         Ok(self.0.remove(key).is_some())
//!     }
//!
//!     fn list(&mut self, prefix: &str) -> Result<Vec<String>> {
//!         Ok(self.0.keys().filter(|key| key.starts_with(prefix)).cloned().collect())
//!     }
//! }
//!
//! let host = kv::install(InMemory::default());
//! kv::set("last", "Ada")?;
//! assert_eq!(kv::get::<String>("last")?.as_deref(), Some("Ada"));
//! assert_eq!(host.borrow().0["last"], br#""Ada""#);
//!
//! // In WebAssembly: `Plugin::builder(…).host_functions(kv::provide(InMemory::default()))`.
//! # Ok::<(), plugin_sdk::Error>(())
//! ```

/// Defines the functions that hosts and tests call with an implementation of a service.
macro_rules! implemented_by_hosts {
    ($trait:ident, $async_trait:ident as $functions:ident) => {
        #[cfg(not(target_arch = "wasm32"))]
        pub use crate::contracts::services::$async_trait;

        /// Makes an implementation ready for a host to link.
        #[cfg(not(target_arch = "wasm32"))]
        pub fn provide<T: $trait + Send + 'static>(
            implementation: T,
        ) -> crate::imports::HostFunctions {
            $functions::provide(implementation)
        }

        /// Makes an implementation with asynchronous functions ready for an asynchronous host to
        /// link.
        #[cfg(not(target_arch = "wasm32"))]
        pub fn provide_async<T: $async_trait + 'static>(
            implementation: T,
        ) -> crate::imports::HostFunctions {
            $functions::provide_async(implementation)
        }

        /// Sends native calls on this thread to an implementation while the returned value lives.
        #[cfg(not(target_arch = "wasm32"))]
        pub fn install<T: $trait + 'static>(implementation: T) -> crate::imports::Installed<T> {
            $functions::install(implementation)
        }
    };
}

pub mod ai;
pub mod config;
pub mod events;
pub mod files;
pub mod http;
pub mod kv;
pub mod logging;
pub mod random;
pub mod time;
