//! Items for the expansions of the macros. They may change at any time.

pub use std::vec::Vec;

pub use plugin_sdk_macros::made_by_a_macro;

pub use serde::de::IgnoredAny;
pub use serde_json::Value;

pub use crate::__abi_name as abi_name;
pub use crate::__prepare_export as prepare_export;
pub use crate::__prepare_logging as prepares_logging;
#[cfg(not(target_arch = "wasm32"))]
pub use crate::__register_native as register_native;
pub use crate::__room as room;
pub use crate::batch;
#[cfg(feature = "binary")]
pub use crate::codec::Binary;
pub use crate::codec::{Codec, EncodedArguments, Json, Source};
pub use crate::contracts::Contract;
pub use crate::contracts::chosen::{
    export_batch, export_command, export_hook, export_plugin, export_record, export_state,
};
pub use crate::convert::{
    Argument, CommandError, CommandResult, ReadAny, ReadDirectly, Referent, ReferentMut, Returned,
    SettleCoded, SettleHolder, SettleOther, SettlePlain, SettleStd, Via, unread,
};
pub use crate::decode_error::DecodeError;
pub use crate::error::{Error, ErrorCode, ErrorCodes, Held, PluginError, count_codes, join_codes};
#[cfg(target_arch = "wasm32")]
pub use crate::guest::{Ahead, serve_free};
pub use crate::guest::{
    Beginning, CleanupByDefault, CleanupByHook, CleanupHook, Event, EventHandler, FreeCommand,
    Hook, Hooks, InitByDefault, InitByHook, InitHook, InitResult, ListedCommand, Plugin,
    PluginType, Start, Stop, handle_event,
};
pub use crate::json::Arena;
pub use crate::manifest::{self, CodesOf, Uncoded as NoCodes};
pub use crate::memory::CallFrame;
#[cfg(all(target_arch = "wasm32", not(feature = "_contract")))]
pub use crate::memory::room::Room;
#[cfg(not(target_arch = "wasm32"))]
pub use crate::native::Part;
pub use crate::panic::PanicRecord;
pub use crate::raw::{RawArgument, RawResult};
pub use crate::schema::Schema;
#[cfg(all(feature = "log", target_arch = "wasm32"))]
pub use crate::services::logging::log_all;
#[cfg(feature = "log")]
pub use crate::services::logging::prepare as prepare_logging;
pub use crate::state::{
    JsonState, MigrateByDefault, MigrateByHook, MigrateHook, STATE, StateForm, Stateful,
    load_state, save_state, unreadable_state,
};

/// A plugin in the contract that it is built for.
pub type Guest<P> = crate::guest::Guest<P, Contract>;

/// Skips a value.
pub fn ignore<'de>(source: &mut impl Source<'de>) -> Result<(), DecodeError> {
    source.read::<IgnoredAny>().map(drop)
}

/// Items for the expansions of `#[host_functions]`.
pub mod host {
    pub use crate::imports::argument::{AsJson, Crosses, Lent, LentMut, Passed, Plain};
    #[cfg(not(target_arch = "wasm32"))]
    pub use crate::imports::asynchronous::{CrossesThreads, changed, lend_changed};
    pub use crate::imports::call::{Call, implementation, lend_mut};
    pub use crate::imports::description::{
        Answer, CallError, HostFunction, HostFunctions, Kind, Parameter, Serve,
    };
    #[cfg(not(target_arch = "wasm32"))]
    pub use crate::imports::description::{Changed, Served, Serving};
    pub use crate::imports::native::Installed;
    #[cfg(not(target_arch = "wasm32"))]
    pub use crate::imports::native::entered;
    #[cfg(not(target_arch = "wasm32"))]
    pub use crate::imports::native::{call, install};
    pub use crate::imports::region::disjoint;
    pub use crate::imports::returned::{
        Buffer, InOut, NEEDED, NEGATED, Returned, Status, TRUNCATED,
    };
    pub use crate::imports::scalar::Scalar;
    pub use crate::memory::opaque;
}

/// Items for the expansions of `#[derive(Schema)]`.
pub mod schema {
    pub use crate::schema::parts::*;
    pub use crate::schema::{Name, Node, Recursive};
}
