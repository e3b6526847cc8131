//! State that outlives an instance: one instance saves it as JSON, and another one, possibly of a
//! newer build, loads it.
//!
//! Functions without type parameters are inlined, so that plugins without the option do not pay for
//! them.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::{Codec, Json};
use crate::decode_error::DecodeError;
use crate::error::{Error, code};
use crate::guest::Hooks;
use crate::json::{self, Arena};
use crate::memory::CallFrame;

/// A plugin that can be written as JSON and read again.
#[diagnostic::on_unimplemented(
    message = "the state of the plugin `{Self}` cannot be saved and loaded",
    label = "the plugin needs `serde::Serialize` and `serde::Deserialize`",
    note = "derive both for the struct, and write #[serde(skip)] at each field that does not belong to the state; or remove `state = \"json\"`"
)]
pub trait JsonState: Sized {
    /// The functions that write and read it.
    const FORM: StateForm<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> JsonState for T {
    const FORM: StateForm<Self> = StateForm {
        write: Json::write,
        read: |state| json::read(state, &Arena::new()),
    };
}

/// The functions that write and read the state of a plugin.
pub struct StateForm<P> {
    write: fn(&P, &mut Vec<u8>) -> Result<(), Error>,
    read: fn(&[u8]) -> Result<P, DecodeError>,
}

/// A plugin with `#[plugin(state = "json")]`.
#[diagnostic::on_unimplemented(
    message = "the plugin `{Self}` does not save its state, so there is nothing to migrate",
    label = "no host would ever run this hook",
    note = "write `state = \"json\"` in the #[plugin(…)] at the plugin's struct"
)]
pub trait Stateful: Sized {
    /// The form of the state. The compiler reports a plugin without one where the author asks for
    /// it, and nowhere else.
    const FORM: StateForm<Self>;

    /// Swaps all fields that belong to the state with those of `loaded`.
    fn take_state(&mut self, loaded: &mut Self);

    /// Reads the state of an older version with the migrate hook; `None` without such a hook.
    fn migrate_state(state: &mut [u8], place: &mut Option<Self>) -> Option<Result<(), Error>>;
}

/// The author's migrate hook.
pub trait MigrateHook: Stateful {
    /// Makes a plugin from the state of an older version. The error has the code `invalid_state` if
    /// the hook cannot read that state.
    fn migrate(state: &mut [u8], place: &mut Option<Self>) -> Result<(), Error>;
}

/// A plugin with a migrate hook. Method lookup finds this trait before [`MigrateByDefault`].
pub trait MigrateByHook<P> {
    /// Runs the hook.
    fn migrate_plugin(&self, state: &mut [u8], place: &mut Option<P>) -> Option<Result<(), Error>>;
}

impl<P: MigrateHook> MigrateByHook<P> for &Hooks<P> {
    fn migrate_plugin(&self, state: &mut [u8], place: &mut Option<P>) -> Option<Result<(), Error>> {
        Some(P::migrate(state, place))
    }
}

/// A plugin without a migrate hook.
pub trait MigrateByDefault<P> {
    /// Does nothing.
    fn migrate_plugin(&self, _: &mut [u8], _: &mut Option<P>) -> Option<Result<(), Error>> {
        None
    }
}

impl<P> MigrateByDefault<P> for Hooks<P> {}

/// The name of the state in messages about its text.
pub const STATE: &str = "the saved values";

/// The most bytes of each reason in a message.
const SHOWN_REASON: usize = 300;

/// Answers with the plugin's state.
pub fn save_state<P: Stateful>(
    plugin: &mut P,
    _: &mut [u8],
    frame: &mut CallFrame<'_>,
) -> Result<(), Error> {
    (P::FORM.write)(plugin, frame.output)
}

/// Replaces the plugin's state by a saved one. If that fails, the old state stays.
pub fn load_state<P: Stateful>(
    plugin: &mut P,
    state: &mut [u8],
    frame: &mut CallFrame<'_>,
) -> Result<(), Error> {
    let mut loaded = read(state)?;
    plugin.take_state(&mut loaded);
    frame.output.extend_from_slice(b"null");
    Ok(())
}

/// Reads a saved state as the plugin's own or, if that fails, as that of an older version.
fn read<P: Stateful>(state: &mut [u8]) -> Result<P, Error> {
    let not_own = match (P::FORM.read)(state) {
        Ok(plugin) => return Ok(plugin),
        Err(fault) => fault.into_error(STATE),
    };
    let mut place = None;
    if let Some(Err(error)) = P::migrate_state(state, &mut place) {
        return Err(not_migrated(&not_own, error));
    }
    place.ok_or_else(|| not_loaded(&[not_own.message()]))
}

/// Marks an error of reading the argument of a migrate hook.
#[cold]
#[inline]
pub fn unreadable_state(error: Error) -> Error {
    error.with_code(code::INVALID_STATE)
}

/// Returns the error of a state that neither the plugin nor its migrate hook took.
#[cold]
#[inline]
fn not_migrated(not_own: &Error, error: Error) -> Error {
    match error.code() {
        code::INVALID_STATE => not_loaded(&[not_own.message(), error.message()]),
        code::FAILED => error.with_code(code::INVALID_STATE),
        _ => error,
    }
}

/// Returns the error with the reason of the plugin, and that of its migrate hook.
#[cold]
#[inline]
fn not_loaded(reasons: &[&str]) -> Error {
    let mut message = String::new();
    for (reason, before) in reasons
        .iter()
        .zip(["the state cannot be loaded: ", "; for #[migrate]: "])
    {
        let end = (0..=SHOWN_REASON.min(reason.len()))
            .rev()
            .find(|&at| reason.is_char_boundary(at))
            .unwrap_or_default();
        message.push_str(before);
        message.push_str(reason.get(..end).unwrap_or_default());
        if end < reason.len() {
            message.push('…');
        }
    }
    Error::new(code::INVALID_STATE, message)
}
