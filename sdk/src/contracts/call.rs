//! Calls into the plugin, with answers as bytes, shared by the exports of all contracts.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::contracts::registry::{self, Codec, Kind};
use crate::error::{Error, code};
use crate::guest::{Guest, Plugin};
use crate::json::{self, Arena, object};
pub use crate::memory::contracts::Reply;
use crate::memory::contracts::{self as memory, Export};

/// An error of the plugin, as JSON of the native ABI: `{"code", "message", "details"?, "source"?}`.
pub struct Failed(Vec<u8>);

impl Failed {
    /// Returns the JSON.
    pub fn json(&self) -> &[u8] {
        &self.0
    }

    /// Returns code and message.
    pub fn code_and_message(&self) -> (String, String) {
        code_and_message(&self.0)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed(error.to_json())
    }
}

/// Returns code and message of an error in JSON, for hosts that take plain text.
pub fn code_and_message(error: &[u8]) -> (String, String) {
    // `Error::from_json` also reads details, which costs ten kilobytes of code.
    #[derive(Deserialize)]
    struct Parts {
        code: String,
        message: String,
    }
    match json::read::<Parts>(error, &Arena::new()) {
        Ok(Parts { code, message }) => (code, message),
        Err(_) => (
            code::FAILED.to_owned(),
            "the plugin's error is not readable".to_owned(),
        ),
    }
}

/// Runs the command `name`. `then` gets the command's codec, to refuse bytes that the host cannot
/// carry, and the answer. Its own result must not borrow from the answer.
///
/// While `then` runs, the plugin is in a call: other calls fail with `busy`.
pub fn command<R>(
    name: &[u8],
    arguments: &mut [u8],
    then: impl FnOnce(Option<Codec>, Reply<'_>) -> R,
) -> R {
    match registry::plugin().command(name) {
        Some((codec, export)) => run(export, arguments, |reply| then(Some(codec), reply)),
        None => refuse(unknown_command(name), |reply| then(None, reply)),
    }
}

/// Returns the codec of the command `name`, if there is such a command.
pub fn codec(name: &[u8]) -> Option<Codec> {
    registry::plugin().command(name).map(|(codec, _)| codec)
}

/// Answers with an error without calling the plugin.
pub fn refuse<R>(error: Error, then: impl FnOnce(Reply<'_>) -> R) -> R {
    then(Reply {
        failed: true,
        bytes: &error.to_json(),
    })
}

/// Makes the plugin anew from a configuration; no bytes are `{}`.
pub fn init<P: Plugin>(config: &mut [u8]) -> Result<(), Failed> {
    // SAFETY: `run` passes the address and length of a slice, and the guest asks for no more.
    unsafe extern "C" fn export<P: Plugin>(address: *mut u8, len: u32) -> u64 {
        // SAFETY: passed on to the caller.
        unsafe { guest::<P>().init(address, len) }
    }
    run(export::<P>, config, settled)
}

#[cfg(target_arch = "wasm32")]
fn guest<P: Plugin>() -> &'static Guest<P, P::Contract> {
    P::guest()
}

/// A native build of a plugin has no guest.
#[cfg(not(target_arch = "wasm32"))]
fn guest<P: Plugin>() -> &'static Guest<P, P::Contract> {
    unreachable!("contracts call plugins on wasm32 only")
}

/// Ends the plugin's life.
pub fn cleanup<P: Plugin>() {
    // The last answer may be in the plugin's state.
    memory::within_no_answer(|| {
        guest::<P>().cleanup();
        0
    });
}

/// Runs the start hook, if there is one.
pub fn start() -> Result<(), Failed> {
    hook(|kind| match kind {
        Kind::Start(export) => Some(export),
        _ => None,
    })
}

/// Runs the stop hook, if there is one.
pub fn stop() -> Result<(), Failed> {
    hook(|kind| match kind {
        Kind::Stop(export) => Some(export),
        _ => None,
    })
}

fn hook(which: impl Fn(Kind) -> Option<registry::HookExport>) -> Result<(), Failed> {
    let export = registry::plugin()
        .iter()
        .find_map(|entry| which(entry.kind));
    match export {
        Some(export) => {
            // SAFETY: the hook takes no arguments, and no answer is borrowed.
            let answer = memory::within_no_answer(|| unsafe { export() });
            memory::answered(answer, settled)
        }
        None => Ok(()),
    }
}

/// Passes an event to the plugin's handlers; `data` is JSON.
pub fn event(topic: &str, data: &[u8]) -> Result<(), Failed> {
    event_in_json(&mut object(|event| {
        event.string("topic", topic);
        event.json("data", if data.is_empty() { b"null" } else { data });
    }))
}

/// Passes an event to the plugin's handlers: `{"topic", "data"}`.
pub fn event_in_json(event: &mut [u8]) -> Result<(), Failed> {
    let export = registry::plugin()
        .iter()
        .find_map(|entry| match entry.kind {
            Kind::Event(export) => Some(export),
            _ => None,
        });
    match export {
        Some(export) => run(export, event, settled),
        None => Ok(()),
    }
}

/// Returns only whether a call failed.
pub fn settled(reply: Reply<'_>) -> Result<(), Failed> {
    match reply.failed {
        true => Err(Failed(reply.bytes.to_vec())),
        false => Ok(()),
    }
}

fn run<R>(export: Export, arguments: &mut [u8], then: impl FnOnce(Reply<'_>) -> R) -> R {
    let answer = memory::call(export, arguments);
    memory::answered(answer, then)
}

/// Converts the value of a host that has text only: JSON stays, and any other text becomes a
/// string.
pub fn text_as_json(text: &str) -> Vec<u8> {
    if json::read::<IgnoredAny>(text.as_bytes(), &Arena::new()).is_ok() {
        return text.as_bytes().to_vec();
    }
    let mut string = Vec::with_capacity(text.len() + 2);
    json::write_str(text, &mut string);
    string
}

/// Returns the error for an unknown command.
#[cold]
pub(crate) fn unknown_command(name: &[u8]) -> Error {
    // A name that is not UTF-8 cannot be a typing error, so it is not shown.
    let name = std::str::from_utf8(name).unwrap_or("�");
    let message = ["the plugin has no command `", &shown(name), "`"].concat();
    Error::new(code::UNKNOWN_COMMAND, message)
}

/// Returns a caller's name for something, as a message shows it.
pub(crate) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_not_json_becomes_a_string() {
        for (text, json) in [
            ("1000", "1000"),
            ("true", "true"),
            (r#"{"a": []}"#, r#"{"a": []}"#),
            (r#""low""#, r#""low""#),
            ("low", r#""low""#),
            ("1.2.3", r#""1.2.3""#),
            ("Grüß Gott", r#""Grüß Gott""#),
            ("say \"hi\"\n", r#""say \"hi\"\n""#),
            ("", r#""""#),
        ] {
            assert_eq!(text_as_json(text), json.as_bytes(), "{text}");
        }
    }
}
