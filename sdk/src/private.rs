//! What the macros' expansions name. No promise is made for any of it.

pub use std::vec::Vec;

pub use serde::de::IgnoredAny;

pub use crate::batch;
#[cfg(feature = "binary")]
pub use crate::codec::Binary;
pub use crate::codec::{Codec, Json, Source};
pub use crate::command::{
    Argument, CommandError, CommandResult, ReadAny, ReadDirectly, Referent, ReferentMut, Returned,
    SettleCoded, SettleHolder, SettleOther, SettlePlain, SettleStd, Via,
};
pub use crate::error::Error;
pub use crate::fault::Fault;
#[cfg(target_arch = "wasm32")]
pub use crate::guest::serve_free;
pub use crate::guest::{
    Beginning, CleanupByDefault, CleanupByHook, CleanupHook, Event, FreeCommand, Guest, Hook,
    Hooks, InitByDefault, InitByHook, InitHook, InitResult, ListedCommand, Plugin, PluginType,
    Start, Stop,
};
pub use crate::json::Arena;
pub use crate::memory::Answer;
pub use crate::panic::PanicRecord;
pub use crate::raw::{RawArgument, RawResult};

/// Passes a value over.
pub fn ignore<'de>(source: &mut impl Source<'de>) -> Result<(), Fault> {
    source.read::<IgnoredAny>().map(drop)
}
