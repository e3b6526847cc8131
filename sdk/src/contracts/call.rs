//! What the exports of other hosts' contracts have in common: a call into the plugin, and its answer as bytes.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::contracts::registry::{self, Codec, Kind};
use crate::error::{Error, code};
use crate::guest::{Guest, Plugin};
use crate::json::{self, Arena, object};
pub use crate::memory::contracts::Reply;
use crate::memory::contracts::{self as memory, Export};

/// An error of the plugin's, as the JSON that the native ABI gives: `{"code", "message", "details"?, "source"?}`.
pub struct Failed(Vec<u8>);

impl Failed {
    /// The JSON.
    pub fn json(&self) -> &[u8] {
        &self.0
    }

    /// Code and message.
    pub fn told(&self) -> (String, String) {
        told(&self.0)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed(error.to_json())
    }
}

/// Code and message of an error in JSON, for hosts that take no JSON there.
pub fn told(error: &[u8]) -> (String, String) {
    // Not by `Error::from_json`, which has to carry any details and brings a reader of ten kilobytes for them.
    #[derive(Deserialize)]
    struct Told {
        code: String,
        message: String,
    }
    match json::read::<Told>(error, &Arena::new()) {
        Ok(Told { code, message }) => (code, message),
        Err(_) => (
            code::FAILED.to_owned(),
            "the plugin's error is not readable".to_owned(),
        ),
    }
}

/// Runs the command of a name. `then` gets its codec, so that it can refuse bytes that its host has no way to carry, and the answer; what it makes of that must not lie in the answer.
///
/// While `then` runs, the plugin is in a call: whoever calls it meanwhile is told that it is busy.
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

/// The codec of the command of a name, if there is such a command.
pub fn codec(name: &[u8]) -> Option<Codec> {
    registry::plugin().command(name).map(|(codec, _)| codec)
}

/// Answers with an error in the plugin's stead.
pub fn refuse<R>(error: Error, then: impl FnOnce(Reply<'_>) -> R) -> R {
    then(Reply {
        failed: true,
        bytes: &error.to_json(),
    })
}

/// Makes the plugin anew with a configuration, `{}` where there is none.
pub fn init<P: Plugin>(config: &mut [u8]) -> Result<(), Failed> {
    // SAFETY: a call of the guest's own that asks for nothing else than the two numbers, which `run` makes of a slice.
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

/// Natively, a plugin has no guest of its own.
#[cfg(not(target_arch = "wasm32"))]
fn guest<P: Plugin>() -> &'static Guest<P, P::Contract> {
    unreachable!("contracts call plugins on wasm32 only")
}

/// Ends the plugin's life.
pub fn cleanup<P: Plugin>() {
    // An answer may lie in the plugin.
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
            // SAFETY: it takes nothing, and nobody looks at an answer.
            let answer = memory::within_no_answer(|| unsafe { export() });
            memory::answered(answer, settled)
        }
        None => Ok(()),
    }
}

/// Gives an event to the plugin's handlers; `data` is JSON.
pub fn event(topic: &str, data: &[u8]) -> Result<(), Failed> {
    let export = registry::plugin()
        .iter()
        .find_map(|entry| match entry.kind {
            Kind::Event(export) => Some(export),
            _ => None,
        });
    let Some(export) = export else {
        return Ok(());
    };
    let mut event = object(|event| {
        event.string("topic", topic);
        event.json("data", if data.is_empty() { b"null" } else { data });
    });
    run(export, &mut event, settled)
}

/// An answer of which no more is wanted than whether the call failed.
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

/// The value of a host that has text only: text that is JSON is that value, and any other is a string.
pub fn text_as_json(text: String) -> Vec<u8> {
    if json::read::<IgnoredAny>(text.as_bytes(), &Arena::new()).is_ok() {
        return text.into_bytes();
    }
    let mut string = Vec::with_capacity(text.len() + 2);
    json::write_str(&text, &mut string);
    string
}

/// An error for a name that no command has.
#[cold]
fn unknown_command(name: &[u8]) -> Error {
    // A name that is not one of UTF-8 is nobody's typing error.
    let name = std::str::from_utf8(name).unwrap_or("�");
    let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    let message = ["the plugin has no command `", &shown, "`"].concat();
    Error::new(code::UNKNOWN_COMMAND, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_json_is_that_and_any_other_a_string() {
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
            assert_eq!(text_as_json(text.to_owned()), json.as_bytes(), "{text}");
        }
    }
}
