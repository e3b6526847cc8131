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
        false => Err(unsupported(host, "sends no headers for plugins")),
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

/// Implements a service by `$implement!`, which gets its trait, its module of functions, the error
/// message for hosts without it, and its functions.
macro_rules! service {
    (Ai $implement:ident! $($with:tt)*) => {
        $implement! { $($with)* Ai ai "has no language model for plugins"
            fn chat(conversation: &Conversation) -> Result<Reply>;
        }
    };
    (Config $implement:ident! $($with:tt)*) => {
        $implement! { $($with)* Config config "gives plugins no settings by key"
            fn get(key: &str) -> Result<Option<Vec<u8>>>;
        }
    };
    (Events $implement:ident! $($with:tt)*) => {
        $implement! { $($with)* Events events "takes no events from plugins"
            fn emit(topic: &str, data: &[u8]) -> Result<()>;
            fn subscribe(topic: &str) -> Result<()>;
            fn unsubscribe(topic: &str) -> Result<()>;
        }
    };
    (Files $implement:ident! $($with:tt)*) => {
        $implement! { $($with)* Files files "has no files for plugins"
            fn read(path: &str) -> Result<Vec<u8>>;
            fn write(path: &str, contents: &[u8]) -> Result<()>;
            fn remove(path: &str) -> Result<()>;
            fn list(path: &str) -> Result<Vec<Entry>>;
        }
    };
    (Http $implement:ident! $($with:tt)*) => {
        $implement! { $($with)* Http http "sends no requests for plugins"
            fn send(head: &Head, body: &[u8]) -> Result<Response>;
        }
    };
    (Kv $implement:ident! $($with:tt)*) => {
        $implement! { $($with)* Kv kv "keeps no values for plugins"
            fn get(key: &str) -> Result<Option<Vec<u8>>>;
            fn set(key: &str, value: &[u8]) -> Result<()>;
            fn delete(key: &str) -> Result<bool>;
            fn list(prefix: &str) -> Result<Vec<String>>;
        }
    };
    (Log $implement:ident! $($with:tt)*) => {
        $implement! { $($with)* Log log ""
            fn max_level() -> u32;
            fn write(level: u32, target: &str, message: &str) -> ();
        }
    };
    (Random $implement:ident! $($with:tt)*) => {
        $implement! { $($with)* Random random "has no random numbers for plugins"
            fn fill(bytes: &mut [u8]) -> Result<()>;
        }
    };
    (Time $implement:ident! $($with:tt)*) => {
        $implement! { $($with)* Time time "has no clock for plugins"
            fn now(nanoseconds: &mut u64) -> Result<()>;
            fn monotonic(nanoseconds: &mut u64) -> Result<()>;
        }
    };
}

/// Makes every function of a service return `unsupported`: `unsupported!(Contract at "CIS": Random,
/// Time);`
#[allow(unused_macros, reason = "a plugin is made for one host")]
macro_rules! unsupported {
    ($contract:ident at $host:literal: $($service:ident),+ $(,)?) => {
        $(service!($service unsupported! @ $contract $host);)+
    };
    // A plugin that writes log lines must not fail for lack of a log.
    (@ $contract:ident $host:literal Log $($rest:tt)*) => {
        impl $crate::contracts::services::Log for $contract {
            #[inline]
            fn max_level(&mut self) -> u32 {
                0
            }

            #[inline]
            fn write(&mut self, _: u32, _: &str, _: &str) {}
        }
    };
    (@ $contract:ident $host:literal $trait:ident $functions:ident $why:literal
        $(fn $name:ident($($argument:ident: $ty:ty),*) -> $result:ty;)*
    ) => {
        const _: () = {
            #[allow(unused_imports, reason = "only some services name these types")]
            use $crate::contracts::services::{Conversation, Entry, Head, Reply, Response};
            use $crate::error::Result;

            impl $crate::contracts::services::$trait for $contract {
                $(
                    fn $name(&mut self, $(_: $ty),*) -> $result {
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
    use crate::services::logging::level;

    #[test]
    fn every_log_level_has_a_severity() {
        let levels = [
            level::ERROR,
            level::WARN,
            level::INFO,
            level::DEBUG,
            level::TRACE,
        ];
        assert_eq!(levels.map(severity), [3, 2, 1, 0, 0]);
    }
}
