//! Typst, by its documentation and its plugin protocol: `docs/hosts/typst.md`.

use std::any::Any;
use std::sync::MutexGuard;

use plugin_sdk::abi;
use plugin_sdk::hosts::names;
use plugin_sdk::hosts::typst::{self, Typst};
use plugin_sdk::imports::{
    Answer, CallError, Form, HostFunction, HostFunctions, Kind, Parameter, Serve, WasmType,
};
use plugin_sdk::{Error, code};

use super::contract::HostContract;
use super::emulator::{Emulation, Emulator, Words};
use super::guest::Guest;
use crate::abi::{ExportedFunction, I32};
use crate::failure::{Failure, FailureKind};
use crate::memory::range_mut;
use crate::sync::Shared;

/// The functions that a document may call in addition to the commands, if a plugin has them.
const OTHERS: [ExportedFunction; 1] = [(abi::INIT_EXPORT, &[I32], &[I32], false)];

/// The module of Typst's functions.
const MODULE: &str = "typst_env";

pub(super) const CONTRACT: HostContract = HostContract {
    name: "typst",
    summary: "Typst, which typesets documents, by its plugin protocol",
    feature: Some("host-typst"),
    asks: &OTHERS,
    command_parameters: Some(&[I32]),
    modules: &[MODULE],
    allocator: None,
    // Its calls are pure: any instance may serve any of them.
    fresh_instances: true,
    emulator: |_| {
        let functions = Functions::default();
        let document = Document {
            functions: functions.clone(),
            config: None,
        };
        let provided = [
            typst::provide(functions.clone()),
            HostFunctions::new(functions, ARGUMENTS),
        ];
        Emulation::new(provided, document)
    },
    words,
    ..super::native::CONTRACT
};

/// A document that calls a plugin.
struct Document {
    functions: Functions,
    /// The argument that `plugin.transition` passed to `plugin_init`. Typst repeats that call in
    /// every instance.
    config: Option<Vec<u8>>,
}

impl Document {
    /// Calls an export with some bytes, and returns what it sends.
    fn call(
        &mut self,
        guest: &mut Guest,
        export: &str,
        argument: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let Ok(len) = u32::try_from(argument.len()) else {
            return Err(guest.failure(FailureKind::ArgumentsTooLarge {
                bytes: argument.len() as u64,
                limit: u64::from(u32::MAX),
            }));
        };
        *self.functions.call() = Call {
            argument: argument.to_vec(),
            sent: Vec::new(),
        };
        let status: i32 = guest.call_named(export, len)?;
        let sent = std::mem::take(&mut self.functions.call().sent);
        let rule = "a function returns 0 if it succeeds, and 1 if it fails";
        if !guest.yes_or_no(rule, status)? {
            return Ok(sent);
        }
        Err(match String::from_utf8(sent) {
            Ok(words) => refused(guest, &words),
            Err(_) => guest.breaks(
                "an error is text in UTF-8",
                format!("`{export}` returned 1 and sent other bytes"),
            ),
        })
    }

    /// Brings a new instance to the state that `plugin.transition` has created.
    fn repeat(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        match self.config.clone() {
            Some(config) if guest.has(abi::INIT_EXPORT) => {
                self.call(guest, abi::INIT_EXPORT, &config).map(drop)
            }
            _ => Ok(()),
        }
    }
}

/// Returns the plugin's error, whose code follows its message: `sold out (sold_out)`.
fn refused(guest: &Guest, words: &str) -> Failure {
    let coded = words
        .strip_suffix(')')
        .and_then(|words| words.rsplit_once(" ("));
    let (message, code) = coded.unwrap_or((words, code::FAILED));
    guest.refused(Error::new(code.to_owned(), message.to_owned()))
}

impl Emulator for Document {
    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure> {
        if !guest.has(abi::INIT_EXPORT) && !matches!(config, b"" | b"{}") {
            return Err(guest.lacks("configuration for a plugin without `plugin_init`"));
        }
        let before = self.config.replace(config.to_vec());
        self.repeat(guest).inspect_err(|_| self.config = before)
    }

    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let export = names::exported(name);
        if !guest.has(&export) {
            let message = format!(
                "plugin does not contain function {}",
                crate::text::name(name)
            );
            return Err(guest.refused(Error::new(code::UNKNOWN_COMMAND, message)));
        }
        self.repeat(guest)?;
        self.call(guest, &export, arguments)
    }
}

/// The current call.
#[derive(Default)]
struct Call {
    argument: Vec<u8>,
    sent: Vec<u8>,
}

/// Typst's functions.
#[derive(Clone, Default)]
struct Functions(Shared<Call>);

impl Functions {
    fn call(&self) -> MutexGuard<'_, Call> {
        self.0.lock()
    }
}

impl Typst for Functions {
    fn send_result_to_host(&mut self, bytes: &[u8]) {
        self.call().sent = bytes.to_vec();
    }
}

/// A function that no trait describes: it writes as many bytes as the export was given.
const ARGUMENTS: &[HostFunction] = &[HostFunction {
    module: MODULE,
    name: typst::ARGUMENTS,
    parameters: &[Parameter {
        name: "buffer",
        kind: Kind::Unsigned,
        types: [Some(WasmType::I32), None],
        in_place: false,
        only_written: false,
    }],
    room: [None, None],
    result: None,
    form: Form::Nothing,
    permission: None,
    serve: Serve::Now(write_arguments),
    refuse: Err,
    documentation: "Writes the argument of the export, whose length the export has received, to an address that has room for it.",
}];

fn write_arguments(
    functions: &mut (dyn Any + Send),
    memory: &mut [u8],
    slots: &[u64],
) -> Result<Answer, CallError> {
    let functions: &Functions = functions.downcast_ref().ok_or(CallError::Implementation)?;
    let address = slots.first().map_or(0, |slot| *slot as u32);
    let call = functions.call();
    let (bytes, memory_bytes) = (call.argument.len(), memory.len());
    match range_mut(memory, address, bytes) {
        Some(place) => {
            place.copy_from_slice(&call.argument);
            Ok(Answer::Slot(0))
        }
        None => Err(CallError::OutOfBounds {
            address,
            bytes: bytes as u64,
            memory: memory_bytes as u64,
        }),
    }
}

/// Returns the words of Typst.
fn words(kind: &FailureKind) -> Words {
    match kind {
        FailureKind::Plugin(error) => Words::says(format!(
            "plugin errored with: {} ({})",
            error.message(),
            error.code()
        )),
        FailureKind::Panic(_) => {
            Words::says("plugin panicked: wasm `unreachable` instruction executed")
        }
        FailureKind::MissingImports { .. } => Words::default().hint(
            "build the plugin with its feature `host-typst`: Typst has no other functions, those of WASI included",
        ),
        _ => Words::default(),
    }
}
