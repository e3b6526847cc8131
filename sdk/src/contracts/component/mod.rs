//! Components, by [the canonical ABI](crate::docs::component).
//!
//! `cargo plugin build --host component` turns the module into a component. It adds an export for
//! each command, with the parameters that the canonical ABI prescribes for the command's types, and
//! a [description](description) of these types. Every such export calls [`CALL_EXPORT`], which
//! converts the arguments to JSON by the description (`lift`), runs the command as every other
//! contract does, and writes its result as the canonical ABI prescribes (`lower`).
//!
//! The services are imports with the signatures of the canonical ABI (`services`).

#[doc(hidden)]
pub mod description;
mod lift;
mod lower;
mod services;
#[cfg(test)]
mod tests;

use crate::contracts::call::{self, Failed, Reply};
use crate::contracts::canonical::{Node, Place};
use crate::contracts::forms::Json;
use crate::contracts::terms::ContractTerms;
use crate::decode_error::DecodeError;
use crate::error::{Error, code};
use crate::guest::Plugin;
use crate::memory::canonical::{Frame, Given};
use crate::memory::component::{self as memory, Lowered, address_of};
use description::function;
use lower::{put, put_range};

/// The export that every function of the component calls. It takes the description of all
/// functions, its length, the position of the called one in it, and [`SLOTS`] flat parameters, and
/// returns the address of the result.
pub const CALL_EXPORT: &str = "plugin_component_call";

/// The export that drops a result.
pub const RETURN_EXPORT: &str = "plugin_component_return";

/// The export that allocates memory for the description.
pub const CONSTANTS_EXPORT: &str = "plugin_component_constants";

/// The greatest number of flat parameters of a function in the canonical ABI.
pub const SLOTS: usize = 16;

/// The package of the interfaces that the services are in, with its version.
pub const PACKAGE: &str = "plugin-sdk:host@0.1.0";

/// The package of the services, in the language WIT.
pub const WIT: &str = include_str!("host.wit");

/// The contract of a plugin in a component.
#[doc(hidden)]
pub struct Contract;

impl ContractTerms for Contract {
    type Kept = Json;
    type Settings = Json;
    const REPORTS_PANICS: bool = true;

    /// A host need not initialize a plugin that can do without a configuration.
    fn configuration() -> Option<Vec<u8>> {
        Some(Vec::new())
    }

    #[inline]
    fn report_panic(line: &str) {
        services::report_panic(line);
    }
}

/// Runs a function of the component, and returns the address of its result.
///
/// # Safety
/// The description must be readable for the life of the plugin.
#[doc(hidden)]
pub unsafe fn call<P: Plugin>(
    description: *mut u8,
    len: u32,
    position: u32,
    slots: [u64; SLOTS],
) -> *mut u8 {
    // SAFETY: the caller guarantees it, and nothing writes to the description.
    let description = unsafe { crate::memory::contracts::lent(description, len) };
    memory::forget_returned();
    run::<P>(Function::read(description, position as usize), &slots)
}

/// A function of the component.
struct Function<'a> {
    kind: u8,
    name: &'a str,
    parameters_size: usize,
    /// The type of the parameters; for a raw command, the size of an element.
    parameters: Node<'a>,
    result_size: usize,
    payload: usize,
    /// The type of the result; for a raw command, the size of an element.
    result: Node<'a>,
    error: Node<'a>,
}

impl<'a> Function<'a> {
    fn read(description: &'a [u8], position: usize) -> Self {
        let mut node = Node::new(description, position);
        let (kind, name, parameters_size) = (node.byte(), node.text(), node.number());
        let parameters = node;
        node.number();
        let (result_size, payload) = (node.number(), node.number());
        let result = node;
        node.number();
        Function {
            kind,
            name,
            parameters_size,
            parameters,
            result_size,
            payload,
            result,
            error: node.inner(),
        }
    }

    /// Returns the arguments as JSON; no bytes without arguments.
    fn arguments(&self, slots: &[u64], given: &Given) -> Result<Vec<u8>, DecodeError> {
        let mut parameters = self.parameters;
        let mut arguments = Vec::new();
        let Some(ty) = parameters.reference() else {
            return Ok(arguments);
        };
        let mut place = Place::Slots(slots);
        if self.parameters_size > 0 {
            let (address, _) = place.range();
            let block = given.bytes(address, self.parameters_size);
            place = Place::Memory(block.unwrap_or_default());
        }
        lift::lift(ty, place, given, &mut arguments)?;
        Ok(arguments)
    }

    /// Writes the outcome of a call.
    fn give(&self, reply: &Reply<'_>, mut lowered: Lowered) -> *mut u8 {
        let mut area = Frame::new(self.result_size);
        let mut result = self.result;
        let outcome = match (reply.failed, self.kind) {
            (true, _) => None,
            (false, function::RAW | function::IN_PLACE) => {
                let size = result.number();
                if size > 0 {
                    put_bytes(reply.bytes, size, area.from(self.payload), &mut lowered);
                }
                Some(Ok(()))
            }
            (false, _) => Some(match result.reference() {
                None => Ok(()),
                Some(ty) => lower::lower(reply.bytes, ty, area.from(self.payload), &mut lowered),
            }),
        };
        let error = match outcome {
            Some(Ok(())) => return lowered.give(area),
            Some(Err(fault)) => {
                area.from(0).fill(0);
                invalid_result(fault).to_json()
            }
            None => reply.bytes.to_vec(),
        };
        put(area.from(0), 1, 1);
        // The text of an error always fits the type of errors.
        let _ = lower::lower(&error, self.error, area.from(self.payload), &mut lowered);
        lowered.give(area)
    }

    fn settle(&self, outcome: Result<(), Failed>) -> *mut u8 {
        let reply = match &outcome {
            Ok(()) => Reply {
                failed: false,
                bytes: b"null",
            },
            Err(failed) => Reply {
                failed: true,
                bytes: failed.json(),
            },
        };
        self.give(&reply, Lowered::default())
    }

    fn refuse(&self, fault: DecodeError, what: &str) -> *mut u8 {
        let error = fault.into_error(what);
        call::refuse(error, |reply| self.give(&reply, Lowered::default()))
    }
}

/// Writes the place of a raw command's output, where it is if it is aligned.
fn put_bytes(bytes: &[u8], size: usize, out: &mut [u8], lowered: &mut Lowered) {
    let mut address = address_of(bytes);
    if !(address as usize).is_multiple_of(size) {
        let mut copy = Frame::new(bytes.len());
        copy.from(0).copy_from_slice(bytes);
        address = lowered.keep_frame(copy);
    }
    match bytes.len() / size {
        0 => {}
        count => put_range(address, count, out),
    }
}

fn run<P: Plugin>(function: Function<'_>, slots: &[u64]) -> *mut u8 {
    let given = Given::take();
    if matches!(function.kind, function::RAW | function::IN_PLACE) {
        return raw(&function, slots, given);
    }
    let arguments = function.arguments(slots, &given);
    // A call that passes much need not hold it twice.
    drop(given);
    let mut arguments = match arguments {
        Ok(arguments) => arguments,
        Err(fault) => return function.refuse(fault, "the arguments"),
    };
    match function.kind {
        function::COMMAND => call::command(function.name.as_bytes(), &mut arguments, |_, reply| {
            function.give(&reply, Lowered::default())
        }),
        function::INIT => function.settle(call::init::<P>(&mut arguments)),
        function::START => function.settle(call::start()),
        function::STOP => function.settle(call::stop()),
        function::EVENT => function.settle(call::event_in_json(&mut arguments)),
        _ => {
            call::cleanup::<P>();
            function.settle(Ok(()))
        }
    }
}

/// Runs a raw command on the bytes that the host passed, where they are.
fn raw(function: &Function<'_>, slots: &[u64], mut given: Given) -> *mut u8 {
    let mut parameters = function.parameters;
    let size = parameters.number();
    let (address, count) = Place::Slots(slots).range();
    let mut block = given.remove(address, count.saturating_mul(size));
    let input = match &mut block {
        Some(block) => block.bytes_mut(),
        None => &mut [],
    };
    let in_place = function.kind == function::IN_PLACE;
    let result = call::command(function.name.as_bytes(), input, |_, reply| {
        let answers = reply.failed || !in_place;
        answers.then(|| function.give(&reply, Lowered::default()))
    });
    let result = result.unwrap_or_else(|| {
        let bytes = block.as_ref().map_or(&[][..], |block| block.bytes());
        let failed = false;
        function.give(&Reply { failed, bytes }, Lowered::default())
    });
    if let Some(block) = block {
        // The output may be in it.
        memory::keep_with_returned(block);
    }
    result
}

#[cold]
fn invalid_result(fault: DecodeError) -> Error {
    let words = fault.to_string();
    let path = &fault.parts().path;
    let place = match path.is_empty() {
        true => ["", "", ""],
        false => [" at `", path, "`"],
    };
    let message = [
        "the result does not match the schema in the plugin's manifest",
        &place.concat(),
        ": ",
        &words,
    ];
    Error::new(code::INVALID_RESULT, message.concat())
}

/// Defines the exports of every plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __component_plugin {
    ($plugin:ty, $identity:tt) => {
        const _: () = {
            // An author's own type may have one of these names.
            #[allow(unused_imports)]
            use ::core::primitive::{u8, u32, u64, usize};

            #[unsafe(export_name = "plugin_component_call")]
            #[allow(clippy::too_many_arguments)]
            extern "C" fn call(
                description: *mut u8,
                len: u32,
                position: u32,
                s0: u64,
                s1: u64,
                s2: u64,
                s3: u64,
                s4: u64,
                s5: u64,
                s6: u64,
                s7: u64,
                s8: u64,
                s9: u64,
                s10: u64,
                s11: u64,
                s12: u64,
                s13: u64,
                s14: u64,
                s15: u64,
            ) -> *mut u8 {
                let slots = [
                    s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15,
                ];
                // SAFETY: the exports that the tool adds pass the description that they have copied
                // to memory for the life of the plugin.
                unsafe {
                    $crate::contracts::component::call::<$plugin>(description, len, position, slots)
                }
            }
        };
        $crate::__exports! {
            "plugin_component_return" => component::forget_returned(_result: *mut u8);
            "plugin_component_constants" => component::constants(len: usize) -> *mut u8;
            "cabi_realloc" => component::realloc(
                address: usize, old_size: usize, alignment: usize, size: usize
            ) -> *mut u8;
        }
    };
}

/// Announces a hook, and exports its name, by which the tool knows that there is one.
#[doc(hidden)]
#[macro_export]
macro_rules! __component_hook {
    ("event", $export:item) => {
        $crate::__component_hook! { "event" $crate::__abi_name!(EVENT_EXPORT), $export }
    };
    ($hook:tt, $export:item) => {
        $crate::__component_hook! {
            $hook ::core::concat!($crate::__abi_name!(HOOK_EXPORT_PREFIX), $hook), $export
        }
    };
    ($hook:tt $name:expr, $export:item) => {
        const _: () = {
            $crate::__announce_hook! { $hook, $export }

            #[unsafe(export_name = $name)]
            extern "C" fn exists() {}
        };
    };
}

/// `plugin_component_return`: drops the result that the host has read.
#[doc(hidden)]
pub fn forget_returned(_: *mut u8) {
    memory::forget_returned();
}

#[doc(hidden)]
pub use crate::memory::canonical::{constants, realloc};

#[doc(hidden)]
pub use crate::{
    __announce_undescribed_command as export_command, __component_hook as export_hook,
    __component_plugin as export_plugin, __not_exported as export_batch,
    __not_exported as export_state, __panic_record as export_record,
};
