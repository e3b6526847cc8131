//! Typst, which typesets documents: `docs/hosts/typst.md`.
//!
//! Typst calls an export of a command's own [name](super::names) with the lengths of what the document passes to it, of which a command takes one. It writes those bytes to where
//! the export says, takes the answer's by another function, and allows no other imports at all.

use crate::abi::Packed;
use crate::contracts::call::{self, Reply};
use crate::contracts::contract::HostContract;
use crate::contracts::forms::Json;
use crate::contracts::registry::Export;
use crate::guest::Plugin;
use crate::memory::{contracts as memory, typst as arguments};
use plugin_sdk_macros::host_functions;

/// What Typst gives to plugins, beside [`ARGUMENTS`].
#[host_functions(module = "typst_env", prefix = "wasm_minimal_protocol_")]
pub trait Typst {
    /// Takes the call's result, or the words of its error.
    fn send_result_to_host(bytes: &[u8]);
}

/// The import by which Typst writes what a command takes, at an address where there is room for as many bytes as it has told: no `#[host_functions]` trait can
/// say that, for a host could not tell where the room ends.
pub const ARGUMENTS: &str = "wasm_minimal_protocol_write_args_to_buffer";

provided!(Typst as typst);

/// What a plugin finds at Typst.
#[doc(hidden)]
pub struct Contract;

unsupported!(Contract at "Typst": Ai, Config, Events, Files, Http, Kv, Log, Random, Time);

impl HostContract for Contract {
    type Kept = Json;
    type Settings = Json;

    /// A document need not initialize the plugin.
    fn configuration() -> Option<Vec<u8>> {
        Some(Vec::new())
    }
}

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
        $crate::__exports! {
            $crate::__abi_name!(INIT_EXPORT) => typst::init<$plugin>(len: u32) -> i32;
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
    __not_exported as export_batch, __not_exported as export_hook, __panic_record as export_record,
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
