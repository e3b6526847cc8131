//! Helpers of several contracts: services that a host lacks, failures without a reason, log levels.

use super::services::Head;
use crate::error::{Error, Result, code};

/// Returns the error for something that the host cannot do.
#[cold]
#[allow(dead_code, reason = "a plugin is made for one host")]
pub(crate) fn unsupported(host: &str, what: &str) -> Error {
    Error::new(code::UNSUPPORTED, [host, " ", what].concat())
}

/// Refuses a request with headers, for hosts that send no headers for plugins. Allows the one
/// header that a host may be expected to send by itself.
#[allow(dead_code, reason = "a plugin is made for one host")]
pub(crate) fn refuse_headers(host: &str, head: &Head) -> Result<()> {
    let implied = |(name, value): &(String, String)| {
        name.eq_ignore_ascii_case("content-type") && value == "application/json"
    };
    match head.headers.iter().all(implied) {
        true => Ok(()),
        false => Err(unsupported(host, "sends no headers of a plugin's")),
    }
}

/// Returns the error for a failure for which the host gives no reason.
#[cold]
#[allow(dead_code, reason = "a plugin is made for one host")]
pub(crate) fn unexplained(host: &str, action: &str) -> Error {
    let message = [host, " could not ", action, ", and gives no reason"].concat();
    Error::new(code::UNAVAILABLE, message)
}

/// Returns the number of a `log` level at hosts that count from 0, debug, to 3, error.
#[allow(dead_code, reason = "a plugin is made for one host")]
pub(crate) fn severity(level: u32) -> u32 {
    match level {
        1 => 3,
        2 => 2,
        3 => 1,
        _ => 0,
    }
}

/// Defines `provide`, with which a host links an implementation of these functions.
#[allow(unused_macros, reason = "a plugin is made for one host")]
macro_rules! provided {
    ($trait:ident as $functions:ident) => {
        /// Makes an implementation ready for a host to link.
        #[cfg(not(target_arch = "wasm32"))]
        pub fn provide<T: $trait + Send + 'static>(
            implementation: T,
        ) -> crate::imports::HostFunctions {
            $functions::provide(implementation)
        }
    };
}

/// Makes every function of a service return `unsupported`: `unsupported!(Contract at "CIS": Random,
/// Time);`
#[allow(unused_macros, reason = "a plugin is made for one host")]
macro_rules! unsupported {
    ($contract:ident at $host:literal: $($service:ident),+ $(,)?) => {
        $(unsupported!(@$service $contract $host);)+
    };
    (@Ai $contract:ident $host:literal) => {
        unsupported! { @impl Ai $contract $host "has no language model for plugins"
            fn chat(_: &Conversation) -> Reply;
        }
    };
    (@Config $contract:ident $host:literal) => {
        unsupported! { @impl Config $contract $host "gives plugins no settings by key"
            fn get(_: &str) -> Option<Vec<u8>>;
        }
    };
    (@Events $contract:ident $host:literal) => {
        unsupported! { @impl Events $contract $host "takes no events from plugins"
            fn emit(_: &str, _: &[u8]) -> ();
            fn subscribe(_: &str) -> ();
            fn unsubscribe(_: &str) -> ();
        }
    };
    (@Files $contract:ident $host:literal) => {
        unsupported! { @impl Files $contract $host "has no files for plugins"
            fn read(_: &str) -> Vec<u8>;
            fn write(_: &str, _: &[u8]) -> ();
            fn remove(_: &str) -> ();
            fn list(_: &str) -> Vec<Entry>;
        }
    };
    (@Http $contract:ident $host:literal) => {
        unsupported! { @impl Http $contract $host "sends no requests for plugins"
            fn send(_: &Head, _: &[u8]) -> Response;
        }
    };
    (@Kv $contract:ident $host:literal) => {
        unsupported! { @impl Kv $contract $host "keeps no values for plugins"
            fn get(_: &str) -> Option<Vec<u8>>;
            fn set(_: &str, _: &[u8]) -> ();
            fn delete(_: &str) -> bool;
            fn list(_: &str) -> Vec<String>;
        }
    };
    (@Random $contract:ident $host:literal) => {
        unsupported! { @impl Random $contract $host "has no random numbers for plugins"
            fn fill(_: &mut [u8]) -> ();
        }
    };
    (@Time $contract:ident $host:literal) => {
        unsupported! { @impl Time $contract $host "has no clock for plugins"
            fn now(_: &mut u64) -> ();
            fn monotonic(_: &mut u64) -> ();
        }
    };
    // A plugin that writes log lines must not fail for lack of a log.
    (@Log $contract:ident $host:literal) => {
        impl $crate::contracts::services::Log for $contract {
            #[inline]
            fn max_level(&mut self) -> u32 {
                0
            }

            #[inline]
            fn write(&mut self, _: u32, _: &str, _: &str) {}
        }
    };
    (@impl $trait:ident $contract:ident $host:literal $why:literal $(fn $name:ident($(_: $ty:ty),*) -> $result:ty;)*) => {
        const _: () = {
            #[allow(unused_imports, reason = "only some services name these types")]
            use $crate::contracts::services::{Conversation, Entry, Head, Reply, Response};

            impl $crate::contracts::services::$trait for $contract {
                $(
                    fn $name(&mut self, $(_: $ty),*) -> $crate::error::Result<$result> {
                        Err($crate::contracts::shared::unsupported($host, $why))
                    }
                )*
            }
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_log_level_has_a_severity() {
        let levels = [
            log::Level::Error,
            log::Level::Warn,
            log::Level::Info,
            log::Level::Debug,
            log::Level::Trace,
        ];
        assert_eq!(levels.map(|level| severity(level as u32)), [3, 2, 1, 0, 0]);
    }
}
