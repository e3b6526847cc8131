//! Services that a host does not have.

use crate::Result;
use crate::error::{Error, code};
use crate::services::http::Head;

/// What a plugin is told that asks its host for what the host cannot do.
#[cold]
#[allow(dead_code, reason = "a plugin is made for one host")]
pub(crate) fn unsupported(host: &str, what: &str) -> Error {
    Error::new(code::UNSUPPORTED, [host, " ", what].concat())
}

/// Refuses a request that has headers, for hosts that send none of a plugin's, but for the one that a host may be thought to send by itself.
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

/// Makes every function of a service an error, as in `unsupported!(Contract at "CIS": Random, Time);`
#[allow(unused_macros, reason = "a plugin is made for one host")]
macro_rules! unsupported {
    ($contract:ident at $host:literal: $($service:ident),+ $(,)?) => {
        $(unsupported!(@$service $contract $host);)+
    };
    (@Ai $contract:ident $host:literal) => {
        unsupported! { @impl ai::Ai $contract $host "has no language model for plugins"
            fn chat(_: &ai::Conversation) -> ai::Reply;
        }
    };
    (@Config $contract:ident $host:literal) => {
        unsupported! { @impl config::Config $contract $host "gives plugins no settings by key"
            fn get(_: &str) -> Option<Vec<u8>>;
        }
    };
    (@Events $contract:ident $host:literal) => {
        unsupported! { @impl events::Events $contract $host "takes no events from plugins"
            fn emit(_: &str, _: &[u8]) -> ();
            fn subscribe(_: &str) -> ();
            fn unsubscribe(_: &str) -> ();
        }
    };
    (@Files $contract:ident $host:literal) => {
        unsupported! { @impl files::Files $contract $host "has no files for plugins"
            fn read(_: &str) -> Vec<u8>;
            fn write(_: &str, _: &[u8]) -> ();
            fn remove(_: &str) -> ();
            fn list(_: &str) -> Vec<files::Entry>;
        }
    };
    (@Http $contract:ident $host:literal) => {
        unsupported! { @impl http::Http $contract $host "sends no requests for plugins"
            fn send(_: &http::Head, _: &[u8]) -> http::Response;
        }
    };
    (@Kv $contract:ident $host:literal) => {
        unsupported! { @impl kv::Kv $contract $host "keeps no values for plugins"
            fn get(_: &str) -> Option<Vec<u8>>;
            fn set(_: &str, _: &[u8]) -> ();
            fn delete(_: &str) -> bool;
            fn list(_: &str) -> Vec<String>;
        }
    };
    (@Random $contract:ident $host:literal) => {
        unsupported! { @impl random::Random $contract $host "has no random numbers for plugins"
            fn fill(_: &mut [u8]) -> ();
        }
    };
    (@Time $contract:ident $host:literal) => {
        unsupported! { @impl time::Time $contract $host "has no clock for plugins"
            fn now(_: &mut u64) -> ();
            fn monotonic(_: &mut u64) -> ();
        }
    };
    // A plugin that writes log lines where nobody reads them goes on.
    (@Log $contract:ident $host:literal) => {
        impl $crate::services::logging::Log for $contract {
            #[inline]
            fn max_level(&mut self) -> u32 {
                0
            }

            #[inline]
            fn write(&mut self, _: u32, _: &str, _: &str) {}
        }
    };
    (@impl $module:ident::$trait:ident $contract:ident $host:literal $why:literal $(fn $name:ident($(_: $ty:ty),*) -> $result:ty;)*) => {
        const _: () = {
            #[allow(unused_imports, reason = "named by some of the services")]
            use $crate::services::$module;

            impl $module::$trait for $contract {
                $(
                    fn $name(&mut self, $(_: $ty),*) -> $crate::Result<$result> {
                        Err($crate::contracts::unsupported::unsupported($host, $why))
                    }
                )*
            }
        };
    };
}
