//! CIS, whose plugins are skills: `docs/hosts/cis.md`.
//!
//! CIS calls `skill_init`, `skill_on_event` and `skill_shutdown`, and `skill_execute` for a command. Its six functions are those of module `env`; what they give back is in a block
//! of the guest's `malloc`, address and length packed into one `i64`.

use std::borrow::Cow;

use crate::abi::Packed;
use crate::contracts::call::{self, Reply};
use crate::contracts::unsupported::{refuse_headers, unsupported as not_there};
use crate::error::{Error, code};
use crate::guest::Plugin;
use crate::memory::contracts as memory;
use crate::services::ai::{self, Ai, Conversation};
use crate::services::http::{Head, Http, Response};
use crate::services::kv::Kv;
use crate::services::logging::Log;
use crate::{Result, host_functions};

/// What CIS gives to skills.
#[host_functions(module = "env", prefix = "host_")]
pub trait Cis {
    /// The value that is remembered under a key; nothing where there is none, or it cannot be told.
    fn memory_get(key: &[u8]) -> Option<Vec<u8>>;
    /// Remembers a value under a key: 0, or -1 where that failed.
    fn memory_set(key: &[u8], value: &[u8]) -> i32;
    /// Forgets a key: 0, or -1 where that failed.
    fn memory_delete(key: &[u8]) -> i32;
    /// What the model says to a prompt; nothing where it failed.
    fn ai_chat(prompt: &[u8]) -> Option<Vec<u8>>;
    /// Takes a line: 0 debug, 1 information, 2 warning, 3 error.
    fn log(level: i32, message: &[u8]);
    /// What a server answers to a POST request; nothing where it failed.
    fn http_post(url: &[u8], body: &[u8]) -> Option<Vec<u8>>;
}

/// An implementation, ready to be linked by a host.
#[cfg(not(target_arch = "wasm32"))]
pub fn provide<T: Cis + Send + 'static>(implementation: T) -> crate::imports::HostFunctions {
    cis::provide(implementation)
}

/// What a skill finds at CIS.
#[doc(hidden)]
pub struct Contract;

const NAME: &str = "CIS";

/// What CIS says of a failure is that there was one.
#[cold]
fn failed(what: &str) -> Error {
    let message = [NAME, " could not ", what, ", and does not say why"].concat();
    Error::new(code::UNAVAILABLE, message)
}

impl Kv for Contract {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(cis::memory_get(key.as_bytes()))
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        match cis::memory_set(key.as_bytes(), value) {
            0 => Ok(()),
            _ => Err(failed("remember a value")),
        }
    }

    fn delete(&mut self, key: &str) -> Result<bool> {
        // CIS answers the same whether there was anything to forget.
        let was_there = cis::memory_get(key.as_bytes()).is_some();
        match cis::memory_delete(key.as_bytes()) {
            0 => Ok(was_there),
            _ => Err(failed("forget a value")),
        }
    }

    fn list(&mut self, _: &str) -> Result<Vec<String>> {
        Err(not_there(NAME, "does not tell which keys it remembers"))
    }
}

impl Ai for Contract {
    fn chat(&mut self, conversation: &Conversation) -> Result<ai::Reply> {
        if conversation.model.is_some() || conversation.max_tokens.is_some() {
            return Err(not_there(
                NAME,
                "takes neither a model nor a number of tokens",
            ));
        }
        let answer =
            cis::ai_chat(prompt(conversation).as_bytes()).ok_or_else(|| failed("ask its model"))?;
        let content = String::from_utf8(answer)
            .map_err(|_| Error::new(code::BAD_ANSWER, "the model's answer is not UTF-8"))?;
        Ok(ai::Reply {
            content,
            model: None,
        })
    }
}

/// The one text that CIS takes: what was said, or who said what where more than one did.
fn prompt(conversation: &Conversation) -> String {
    match &*conversation.messages {
        [only] if only.role == "user" => only.content.clone(),
        several => {
            let lines = several
                .iter()
                .map(|message| [&*message.role, ": ", &message.content].concat());
            lines.collect::<Vec<_>>().join("\n\n")
        }
    }
}

impl Http for Contract {
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response> {
        if !head.method.eq_ignore_ascii_case("POST") {
            return Err(not_there(NAME, "sends POST requests only"));
        }
        refuse_headers(NAME, head)?;
        let body = cis::http_post(head.url.as_bytes(), body)
            .ok_or_else(|| failed("send the request, or was not allowed to"))?;
        // Of any other status it would have said that it failed.
        Ok(Response {
            status: 200,
            headers: Vec::new(),
            body,
        })
    }
}

impl Log for Contract {
    fn max_level(&mut self) -> u32 {
        log::Level::Debug as u32
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        let line = [target, ": ", message].concat();
        cis::log(level_of(level), line.as_bytes());
    }
}

/// The number that CIS has for a level of the `log` crate.
fn level_of(level: u32) -> i32 {
    match level {
        1 => 3,
        2 => 2,
        3 => 1,
        _ => 0,
    }
}

unsupported!(Contract at "CIS": Config, Events, Files, Random, Time);

/// With what a plugin begins whose host has not initialised it: CIS has no configuration to give.
#[doc(hidden)]
pub fn configuration() -> Option<Vec<u8>> {
    Some(Vec::new())
}

/// The forms of values on this host.
#[doc(hidden)]
pub use crate::contracts::written::{json as settings, text as kept};

/// Whether the host gives plugins the bodies of the responses that they ask for, and not just a status.
#[doc(hidden)]
pub const TELLS_BODIES: bool = true;

/// CIS is told of panics in its log.
#[doc(hidden)]
pub const HEARS_PANICS: bool = true;

#[doc(hidden)]
pub fn hear_panic(line: &str) {
    cis::log(3, line.as_bytes());
}

/// `skill_init`: makes the plugin, and starts it.
#[doc(hidden)]
pub fn init<P: Plugin>() {
    // CIS asks for no outcome: what went wrong is in its log.
    if let Err(failed) = call::init::<P>(&mut []).and_then(|()| call::start()) {
        cis::log(3, failed.json());
    }
}

/// `skill_shutdown`: stops the plugin, and ends its life.
#[doc(hidden)]
pub fn shutdown<P: Plugin>() {
    if let Err(failed) = call::stop() {
        cis::log(3, failed.json());
    }
    call::cleanup::<P>();
}

/// `skill_execute`: 0 where the command failed, the error then being what `skill_last_error` gives.
///
/// # Safety
/// Both pairs of an address and a length are bytes that the host lends for the length of the call.
#[doc(hidden)]
pub unsafe fn execute(name: *mut u8, name_len: u32, arguments: *mut u8, arguments_len: u32) -> u64 {
    // SAFETY: the caller vouches for them.
    let (name, arguments) = unsafe {
        (
            memory::lent(name, name_len),
            memory::lent(arguments, arguments_len),
        )
    };
    call::command(name, arguments, |_, reply| {
        if reply.failed {
            memory::keep(reply.bytes.to_vec());
            return 0;
        }
        memory::keep(Vec::new());
        plain(&reply)
    })
}

/// `skill_last_error`: the error of the last call of `skill_execute` or `skill_on_event`, as JSON; 0 where it did not fail.
#[doc(hidden)]
pub fn last_error() -> u64 {
    memory::kept(|bytes| match bytes {
        [] => 0,
        bytes => plain(&Reply {
            failed: false,
            bytes,
        }),
    })
}

/// Address and length as CIS packs them: there is no mark for errors.
fn plain(reply: &Reply<'_>) -> u64 {
    let Packed { address, len, .. } = reply.packed();
    (u64::from(address) << 32) | u64::from(len)
}

/// `skill_on_event`: 0, or -1 where a handler failed.
///
/// # Safety
/// As [`execute`].
#[doc(hidden)]
pub unsafe fn on_event(topic: *mut u8, topic_len: u32, data: *mut u8, data_len: u32) -> i32 {
    // SAFETY: the caller vouches for them.
    let (topic, data) = unsafe { (memory::lent(topic, topic_len), memory::lent(data, data_len)) };
    let outcome = match std::str::from_utf8(topic) {
        Ok(topic) => call::event(topic, &heard(data)),
        Err(_) => Err(Error::new(code::INVALID_ARGUMENT, "the event's type is not UTF-8").into()),
    };
    match outcome {
        Ok(()) => {
            memory::keep(Vec::new());
            0
        }
        Err(failed) => {
            cis::log(3, failed.json());
            memory::keep(failed.json().to_vec());
            -1
        }
    }
}

/// Returns an event's data as JSON: text that is not JSON becomes a string.
fn heard(data: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(data) {
        Ok(text) if !text.is_empty() => call::text_as_json(text.to_owned()).into(),
        _ => data.into(),
    }
}

/// The exports that every skill has.
#[doc(hidden)]
#[macro_export]
macro_rules! __cis_plugin {
    ($plugin:ty, $identity:tt) => {
        #[unsafe(export_name = "skill_init")]
        extern "C" fn init() {
            $crate::contracts::cis::init::<$plugin>()
        }

        #[unsafe(export_name = "skill_execute")]
        extern "C" fn execute(
            name: *mut ::core::primitive::u8,
            name_len: ::core::primitive::u32,
            arguments: *mut ::core::primitive::u8,
            arguments_len: ::core::primitive::u32,
        ) -> ::core::primitive::u64 {
            // SAFETY: what the contract asks of a host is what this asks of its caller.
            unsafe { $crate::contracts::cis::execute(name, name_len, arguments, arguments_len) }
        }

        #[unsafe(export_name = "skill_last_error")]
        extern "C" fn last_error() -> ::core::primitive::u64 {
            $crate::contracts::cis::last_error()
        }

        #[unsafe(export_name = "skill_on_event")]
        extern "C" fn on_event(
            topic: *mut ::core::primitive::u8,
            topic_len: ::core::primitive::u32,
            data: *mut ::core::primitive::u8,
            data_len: ::core::primitive::u32,
        ) -> ::core::primitive::i32 {
            // SAFETY: what the contract asks of a host is what this asks of its caller.
            unsafe { $crate::contracts::cis::on_event(topic, topic_len, data, data_len) }
        }

        #[unsafe(export_name = "skill_shutdown")]
        extern "C" fn shutdown() {
            $crate::contracts::cis::shutdown::<$plugin>()
        }

        $crate::__memory_exports! { $plugin, "malloc", "free" }
    };
}

#[doc(hidden)]
pub use crate::{
    __announce_hook as export_hook, __announce_undescribed_command as export_command,
    __cis_plugin as export_plugin, __no_batch as export_batch, __panic_record as export_record,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_question_is_the_prompt_and_a_conversation_says_who_said_what() {
        assert_eq!(prompt(&Conversation::from("A haiku?")), "A haiku?");
        let conversation = Conversation::new().system("Be terse.").user("A haiku?");
        assert_eq!(prompt(&conversation), "system: Be terse.\n\nuser: A haiku?");
    }

    #[test]
    fn an_events_data_are_json_or_text() {
        for (data, json) in [
            (&b""[..], &b""[..]),
            (b"{\"a\": 1}", b"{\"a\": 1}"),
            (b"a line", b"\"a line\""),
            (b"\xff", b"\xff"),
        ] {
            assert_eq!(*heard(data), *json);
        }
    }

    #[test]
    fn levels_are_those_of_the_document() {
        let levels = [
            log::Level::Error,
            log::Level::Warn,
            log::Level::Info,
            log::Level::Debug,
            log::Level::Trace,
        ];
        assert_eq!(levels.map(|level| level_of(level as u32)), [3, 2, 1, 0, 0]);
    }
}
