//! [Typst](crate::docs::typst), which typesets documents.
//!
//! Typst calls an export with the command's own [name](super::names) and passes the length of each
//! argument, of which a command takes one. It writes those bytes to an address that the export
//! passes, receives the answer through another function, and allows no other imports.

use crate::abi::Packed;
use crate::contracts::call::{self, Reply};
use crate::contracts::forms::Json;
use crate::contracts::registry::Export;
use crate::contracts::terms::ContractTerms;
use crate::guest::Plugin;
use crate::memory::{contracts as memory, typst as arguments};
use plugin_sdk_macros::host_functions;

/// The functions that Typst offers to plugins, except for [`ARGUMENTS`].
#[host_functions(module = "typst_env", prefix = "wasm_minimal_protocol_")]
pub trait Typst {
    /// Receives the result of the call, or the text of its error.
    fn send_result_to_host(bytes: &[u8]);
}

/// The import by which Typst writes the arguments of a call, to an address with room for the
/// announced length. A `#[host_functions]` trait cannot declare it: a host could not know the end
/// of that room.
pub const ARGUMENTS: &str = "wasm_minimal_protocol_write_args_to_buffer";

provided!(Typst as typst);

/// The contract of a plugin with Typst.
#[doc(hidden)]
pub struct Contract;

unsupported!(Contract at "Typst": Ai, Config, Events, Files, Http, Kv, Log, Random, Time);

impl ContractTerms for Contract {
    type Kept = Json;
    type Settings = Json;

    /// A document need not initialise the plugin.
    fn configuration() -> Option<Vec<u8>> {
        Some(Vec::new())
    }
}

/// Runs the export of a command: returns 0, or 1 on failure.
#[doc(hidden)]
pub fn command(export: Export, len: u32) -> i32 {
    let mut words = arguments::arguments(len);
    answer(memory::call(
        export,
        memory::bytes_of(&mut words, len as usize),
    ))
}

fn answer(answer: Packed) -> i32 {
    memory::answered(answer, deliver)
}

/// Passes the answer to Typst.
fn deliver(reply: Reply<'_>) -> i32 {
    match reply.failed {
        false => typst::send_result_to_host(reply.bytes),
        true => typst::send_result_to_host(&words(reply.bytes)),
    }
    reply.failed.into()
}

/// Returns an error as Typst shows it to the author of the document.
fn words(error: &[u8]) -> Vec<u8> {
    let (code, message) = call::code_and_message(error);
    [&*message, " (", &code, ")"].concat().into_bytes()
}

/// `plugin_init`: makes the plugin anew, for `plugin.transition`. Returns 0, or 1 on failure.
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

/// Defines the exports of every plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __typst_plugin {
    ($plugin:ty, $identity:tt) => {
        $crate::__exports! {
            $crate::__abi_name!(INIT_EXPORT) => typst::init<$plugin>(len: u32) -> i32;
        }
    };
}

/// Defines the export of a command.
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

// Typst has no events, and neither starts nor stops a plugin.
#[doc(hidden)]
pub use crate::{
    __not_exported as export_batch, __not_exported as export_hook, __not_exported as export_state,
    __panic_record as export_record, __typst_command as export_command,
    __typst_plugin as export_plugin,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_text_for_the_document() {
        let error = br#"{"code":"name_empty","message":"a name is \"needed\"","details":1}"#;
        assert_eq!(words(error), b"a name is \"needed\" (name_empty)");
    }
}
