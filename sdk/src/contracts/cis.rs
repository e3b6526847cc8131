//! [CIS](crate::docs::cis), whose plugins are called skills.
//!
//! CIS calls `skill_init`, `skill_on_event` and `skill_shutdown`, and `skill_execute` for a
//! command. It offers six functions in the module `env`. They return bytes in a block from the
//! guest's `malloc`, with address and length packed into one `i64`.

use std::borrow::Cow;

use crate::abi::Packed;
use crate::contracts::call::{self, Reply};
use crate::contracts::forms::{Json, Text};
use crate::contracts::services::{self, Ai, Conversation, Head, Http, Kv, Log, Response};
use crate::contracts::shared::{refuse_headers, severity, unexplained, unsupported as not_there};
use crate::contracts::terms::ContractTerms;
use crate::error::{Error, Result, code};
use crate::guest::Plugin;
use crate::memory::contracts as memory;
use crate::services::logging::level;
use plugin_sdk_macros::host_functions;

/// The functions that CIS offers to skills.
#[host_functions(module = "env", prefix = "host_")]
pub trait Cis {
    /// Returns the value under a key; nothing if the key does not exist or CIS cannot read it.
    fn memory_get(key: &[u8]) -> Option<Vec<u8>>;
    /// Stores a value under a key: 0, or -1 on failure.
    fn memory_set(key: &[u8], value: &[u8]) -> i32;
    /// Removes a key: 0, or -1 on failure.
    fn memory_delete(key: &[u8]) -> i32;
    /// Returns the model's reply to a prompt; nothing on failure.
    fn ai_chat(prompt: &[u8]) -> Option<Vec<u8>>;
    /// Writes a log line: 0 debug, 1 information, 2 warning, 3 error.
    fn log(level: i32, message: &[u8]);
    /// Returns the body of the response to a POST request; nothing on failure.
    fn http_post(url: &[u8], body: &[u8]) -> Option<Vec<u8>>;
}

provided!(Cis as cis);

/// The contract of a skill with CIS.
#[doc(hidden)]
pub struct Contract;

const NAME: &str = "CIS";

impl Kv for Contract {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(cis::memory_get(key.as_bytes()))
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        match cis::memory_set(key.as_bytes(), value) {
            0 => Ok(()),
            _ => Err(unexplained(NAME, "store a value")),
        }
    }

    fn delete(&mut self, key: &str) -> Result<bool> {
        // CIS returns the same whether or not the key existed.
        let was_there = cis::memory_get(key.as_bytes()).is_some();
        match cis::memory_delete(key.as_bytes()) {
            0 => Ok(was_there),
            _ => Err(unexplained(NAME, "delete a value")),
        }
    }

    fn list(&mut self, _: &str) -> Result<Vec<String>> {
        Err(not_there(NAME, "does not list its keys"))
    }
}

impl Ai for Contract {
    fn chat(&mut self, conversation: &Conversation) -> Result<services::Reply> {
        if conversation.model.is_some() || conversation.max_tokens.is_some() {
            return Err(not_there(
                NAME,
                "takes neither a model nor a number of tokens",
            ));
        }
        let answer = cis::ai_chat(prompt(conversation).as_bytes())
            .ok_or_else(|| unexplained(NAME, "ask its model"))?;
        let content = String::from_utf8(answer)
            .map_err(|_| Error::new(code::BAD_ANSWER, "the model's answer is not UTF-8"))?;
        Ok(services::Reply {
            content,
            model: None,
        })
    }
}

/// Returns the one text that CIS takes: the only message, or all messages with their roles.
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
            .ok_or_else(|| unexplained(NAME, "send the request, or was not allowed to"))?;
        // For any other status, CIS reports a failure.
        Ok(Response {
            status: 200,
            headers: Vec::new(),
            body,
        })
    }
}

impl Log for Contract {
    fn max_level(&mut self) -> u32 {
        level::DEBUG
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        let line = [target, ": ", message].concat();
        cis::log(severity(level) as i32, line.as_bytes());
    }
}

unsupported!(Contract at "CIS": Config, Events, Files, Random, Time);

impl ContractTerms for Contract {
    type Kept = Text;
    type Settings = Json;
    const REPORTS_PANICS: bool = true;

    /// CIS has no configuration to pass.
    fn configuration() -> Option<Vec<u8>> {
        Some(Vec::new())
    }

    #[inline]
    fn report_panic(line: &str) {
        cis::log(3, line.as_bytes());
    }
}

/// `skill_init`: makes the plugin and starts it.
#[doc(hidden)]
pub fn init<P: Plugin>() {
    // CIS expects no result; its log gets the error.
    if let Err(failed) = call::init::<P>(&mut []).and_then(|()| call::start()) {
        cis::log(3, failed.json());
    }
}

/// `skill_shutdown`: stops the plugin and ends its life.
#[doc(hidden)]
pub fn shutdown<P: Plugin>() {
    if let Err(failed) = call::stop() {
        cis::log(3, failed.json());
    }
    call::cleanup::<P>();
}

/// `skill_execute`: returns 0 if the command failed; `skill_last_error` then returns the error.
///
/// # Safety
/// Both pairs of address and length are bytes that the host lends for the length of the call.
#[doc(hidden)]
pub unsafe fn execute(name: *mut u8, name_len: u32, arguments: *mut u8, arguments_len: u32) -> u64 {
    // SAFETY: the caller guarantees it.
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

/// `skill_last_error`: returns the error of the last call of `skill_execute` or `skill_on_event` as
/// JSON; 0 if that call succeeded.
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

/// Packs address and length as CIS does, without a mark for errors.
fn plain(reply: &Reply<'_>) -> u64 {
    let Packed { address, len, .. } = reply.packed();
    (u64::from(address) << 32) | u64::from(len)
}

/// `skill_on_event`: returns 0, or -1 if a handler failed.
///
/// # Safety
/// The same as for [`execute`].
#[doc(hidden)]
pub unsafe fn on_event(topic: *mut u8, topic_len: u32, data: *mut u8, data_len: u32) -> i32 {
    // SAFETY: the caller guarantees it.
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
        Ok(text) if !text.is_empty() => call::text_as_json(text).into(),
        _ => data.into(),
    }
}

/// Defines the exports of every skill.
#[doc(hidden)]
#[macro_export]
macro_rules! __cis_plugin {
    ($plugin:ty, $identity:tt) => {
        $crate::__exports! {
            "skill_init" => cis::init<$plugin>();
            "skill_execute" => cis::execute(
                name: *mut u8, name_len: u32, arguments: *mut u8, arguments_len: u32
            ) -> u64;
            "skill_last_error" => cis::last_error() -> u64;
            "skill_on_event" => cis::on_event(
                topic: *mut u8, topic_len: u32, data: *mut u8, data_len: u32
            ) -> i32;
            "skill_shutdown" => cis::shutdown<$plugin>();
        }
        $crate::__memory_exports! { $plugin, "malloc", "free" }
    };
}

#[doc(hidden)]
pub use crate::{
    __announce_hook as export_hook, __announce_undescribed_command as export_command,
    __cis_plugin as export_plugin, __not_exported as export_batch, __not_exported as export_state,
    __panic_record as export_record,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_names_roles_only_in_a_conversation() {
        assert_eq!(prompt(&Conversation::from("A haiku?")), "A haiku?");
        let conversation = Conversation::new().system("Be terse.").user("A haiku?");
        assert_eq!(prompt(&conversation), "system: Be terse.\n\nuser: A haiku?");
    }

    #[test]
    fn event_data_that_is_not_json_becomes_a_string() {
        for (data, json) in [
            (&b""[..], &b""[..]),
            (b"{\"a\": 1}", b"{\"a\": 1}"),
            (b"a line", b"\"a line\""),
            (b"\xff", b"\xff"),
        ] {
            assert_eq!(*heard(data), *json);
        }
    }
}
