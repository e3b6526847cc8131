//! Typst, which typesets documents: `docs/hosts/typst.md`.
//!
//! Typst calls an export of a command's own [name](super::names) with the lengths of what the document passes to it, of which a command takes one. It writes those bytes to where
//! the export says, takes the answer's by another function, and allows no other imports at all.

use crate::abi::Packed;
use crate::contracts::call::{self, Reply};
use crate::contracts::registry::Export;
use crate::guest::Plugin;
use crate::host_functions;
use crate::memory::{contracts as memory, typst as arguments};

/// What Typst gives to plugins, beside [`ARGUMENTS`].
#[host_functions(module = "typst_env", prefix = "wasm_minimal_protocol_")]
pub trait Typst {
    /// Takes the call's result, or the words of its error.
    fn send_result_to_host(bytes: &[u8]);
}

/// The import by which Typst writes what a command takes, at an address where there is room for as many bytes as it has told: no `#[host_functions]` trait can
/// say that, for a host could not tell where the room ends.
pub const ARGUMENTS: &str = "wasm_minimal_protocol_write_args_to_buffer";

/// An implementation, ready to be linked by a host.
#[cfg(not(target_arch = "wasm32"))]
pub fn provide<T: Typst + Send + 'static>(implementation: T) -> crate::imports::HostFunctions {
    typst::provide(implementation)
}

/// What a plugin finds at Typst.
#[doc(hidden)]
pub struct Contract;

unsupported!(Contract at "Typst": Ai, Config, Events, Files, Http, Kv, Log, Random, Time);

/// With what a plugin with an init hook begins that the document has not initialised.
#[doc(hidden)]
pub fn configuration() -> Option<Vec<u8>> {
    Some(Vec::new())
}

/// The forms of values on this host.
#[doc(hidden)]
pub use crate::contracts::written::{json as kept, json as settings};

/// Whether the host gives plugins the bodies of the responses that they ask for, and not just a status.
#[doc(hidden)]
pub const TELLS_BODIES: bool = true;

/// Typst takes nothing from a call that ends in a trap.
#[doc(hidden)]
pub const HEARS_PANICS: bool = false;

#[doc(hidden)]
pub fn hear_panic(_: &str) {}

/// A command's export: 0, or 1 where it failed.
#[doc(hidden)]
pub fn command(export: Export, len: u32) -> i32 {
    let mut words = arguments::arguments(len);
    answer(memory::call(
        export,
        memory::bytes_of(&mut words, len as usize),
    ))
}

fn answer(answer: Packed) -> i32 {
    memory::answered(answer, tell)
}

/// Gives the answer to Typst.
fn tell(reply: Reply<'_>) -> i32 {
    match reply.failed {
        false => typst::send_result_to_host(reply.bytes),
        true => typst::send_result_to_host(&words(reply.bytes)),
    }
    reply.failed.into()
}

/// An error as Typst shows it to whoever writes the document.
fn words(error: &[u8]) -> Vec<u8> {
    let (code, message) = call::told(error);
    [&*message, " (", &code, ")"].concat().into_bytes()
}

/// `plugin_init`: makes the plugin anew, for `plugin.transition`; 0, or 1 where that failed.
#[doc(hidden)]
pub fn init<P: Plugin>(len: u32) -> i32 {
    let mut config = arguments::arguments(len);
    match call::init::<P>(memory::bytes_of(&mut config, len as usize)) {
        Ok(()) => 0,
        Err(failed) => {
            typst::send_result_to_host(&words(failed.json()));
            1
        }
    }
}

/// The exports that every plugin has.
#[doc(hidden)]
#[macro_export]
macro_rules! __typst_plugin {
    ($plugin:ty, $identity:tt) => {
        #[unsafe(export_name = "plugin_init")]
        extern "C" fn init(len: ::core::primitive::u32) -> ::core::primitive::i32 {
            $crate::contracts::typst::init::<$plugin>(len)
        }
    };
}

/// A command's export.
#[doc(hidden)]
#[macro_export]
macro_rules! __typst_command {
    ($name:tt, $codec:ident, $described:tt, $export:item) => {
        const _: () = {
            $export

            #[unsafe(export_name = $crate::__exported_name!($name))]
            extern "C" fn called(len: ::core::primitive::u32) -> ::core::primitive::i32 {
                $crate::contracts::typst::command(export, len)
            }
        };
    };
}

// Typst has no events, and does not start or stop what it calls.
#[doc(hidden)]
pub use crate::{
    __no_batch as export_batch, __no_hook as export_hook, __panic_record as export_record,
    __typst_command as export_command, __typst_plugin as export_plugin,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_words_for_whoever_writes_the_document() {
        let error = br#"{"code":"name_empty","message":"a name is \"needed\"","details":1}"#;
        assert_eq!(words(error), b"a name is \"needed\" (name_empty)");
    }
}
