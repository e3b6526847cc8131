//! The [SDK's own ABI](crate::docs::abi): an export for each command, and each service as
//! [`services`](crate::services) declares it.

use crate::Result;
use crate::contracts::forms::Json;
use crate::contracts::services::{
    Ai, Config, Conversation, Entry, Events, Files, Head, Http, Kv, Log, Random, Reply, Response,
    Time, ai, config, events, files, http, kv, log, random, time,
};
use crate::contracts::terms::ContractTerms;

/// The contract of a plugin with a host of the SDK's own ABI.
#[doc(hidden)]
pub struct Contract;

/// Passes every call on to the guest's functions of the trait.
macro_rules! served_as_declared {
    ($($service:ident)*) => {
        $(service!($service served_as_declared! @);)*
    };
    (@ $trait:ident $functions:ident $lack:literal
        $(fn $name:ident($($argument:ident: $ty:ty),*) -> $result:ty;)*
    ) => {
        impl $trait for Contract {
            $(
                #[inline]
                fn $name(&mut self, $($argument: $ty),*) -> $result {
                    $functions::$name($($argument),*)
                }
            )*
        }
    };
}

served_as_declared!(Ai Config Events Files Http Kv Log Random Time);

impl ContractTerms for Contract {
    type Kept = Json;
    type Settings = Json;
}

/// Exports the panic record under the name that holds the ABI version.
#[doc(hidden)]
#[macro_export]
macro_rules! __native_record {
    ($record:item) => {
        #[unsafe(export_name = $crate::__abi_name!(VERSION_EXPORT))]
        $record
    };
}

/// Defines the exports of every plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __native_plugin {
    ($plugin:ty, $identity:tt) => {
        $crate::__memory_exports! { $plugin, $crate::__abi_name!(ALLOC_EXPORT), $crate::__abi_name!(FREE_EXPORT), _size }

        #[unsafe(export_name = $crate::__abi_name!(INIT_EXPORT))]
        extern "C" fn init(
            address: *mut ::core::primitive::u8,
            len: ::core::primitive::u32,
        ) -> ::core::primitive::u64 {
            // SAFETY: the host keeps the ABI, which asks for what the function asks for.
            unsafe { <$plugin as $crate::__private::Plugin>::guest().init(address, len) }
        }

        #[unsafe(export_name = $crate::__abi_name!(CLEANUP_EXPORT))]
        extern "C" fn cleanup() {
            <$plugin as $crate::__private::Plugin>::guest().cleanup()
        }
    };
}

/// Defines the export of a command.
#[doc(hidden)]
#[macro_export]
macro_rules! __native_command {
    ($name:literal, $codec:ident, $described:tt, $export:item) => {
        #[unsafe(export_name = ::core::concat!($crate::__abi_name!(COMMAND_EXPORT_PREFIX), $name))]
        $export
    };
}

/// Defines the export for many inputs of a command.
#[doc(hidden)]
#[macro_export]
macro_rules! __native_batch {
    ($name:literal, $export:item) => {
        #[unsafe(export_name = ::core::concat!($crate::__abi_name!(BATCH_EXPORT_PREFIX), $name))]
        $export
    };
}

/// Defines the export of a hook: `start`, `stop` or `event`.
#[doc(hidden)]
#[macro_export]
macro_rules! __native_hook {
    ($hook:literal, $export:item) => {
        #[unsafe(export_name = ::core::concat!($crate::__abi_name!(HOOK_EXPORT_PREFIX), $hook))]
        $export
    };
}

/// Defines an export for the plugin's state: `save` or `load`.
#[doc(hidden)]
#[macro_export]
macro_rules! __native_state {
    ("save", $export:item) => {
        #[unsafe(export_name = $crate::__abi_name!(STATE_SAVE_EXPORT))]
        $export
    };
    ("load", $export:item) => {
        #[unsafe(export_name = $crate::__abi_name!(STATE_LOAD_EXPORT))]
        $export
    };
}

#[doc(hidden)]
pub use crate::{
    __native_batch as export_batch, __native_command as export_command,
    __native_hook as export_hook, __native_plugin as export_plugin,
    __native_record as export_record, __native_state as export_state,
};
