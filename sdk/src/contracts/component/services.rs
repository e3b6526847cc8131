//! The services, as imports of the interfaces in `host.wit`.
//!
//! Texts and lists are passed as address and length. The last parameter of a function is the
//! address of an area for its result, whose layout the canonical ABI prescribes. What the result
//! refers to is in blocks that the host allocates and the guest then owns.

use std::cell::Cell;

use super::Contract;
use crate::contracts::canonical::{Answer, Place, text_of};
use crate::contracts::services::{
    Ai, Config, Conversation, Entry, Events, Files, Head, Http, Kv, Log, Random, Reply, Response,
    Time,
};
use crate::error::{Error, Result};
use crate::memory::Address;
use crate::memory::canonical::Given;
use crate::services::logging::level;

imported! {
    "plugin-sdk:host/ai@0.1.0":
        fn ai_chat = "chat"(
            messages: Address, count: usize, has_model: u32, model: Address, model_len: usize,
            has_max: u32, max: u32, area: Address
        );
    "plugin-sdk:host/config@0.1.0":
        fn config_get = "get"(key: Address, key_len: usize, area: Address);
    "plugin-sdk:host/events@0.1.0":
        fn events_emit = "emit"(
            topic: Address, topic_len: usize, data: Address, data_len: usize, area: Address
        );
        fn events_subscribe = "subscribe"(pattern: Address, len: usize, area: Address);
        fn events_unsubscribe = "unsubscribe"(pattern: Address, len: usize, area: Address);
    "plugin-sdk:host/files@0.1.0":
        fn files_read = "read"(path: Address, len: usize, area: Address);
        fn files_write = "write"(
            path: Address, len: usize, contents: Address, contents_len: usize, area: Address
        );
        fn files_remove = "remove"(path: Address, len: usize, area: Address);
        fn files_entries = "entries"(path: Address, len: usize, area: Address);
    "plugin-sdk:host/http@0.1.0":
        fn http_send = "send"(
            method: Address, method_len: usize, url: Address, url_len: usize,
            headers: Address, count: usize, body: Address, body_len: usize,
            has_timeout: u32, timeout_ms: u64, area: Address
        );
    "plugin-sdk:host/kv@0.1.0":
        fn kv_get = "get"(key: Address, len: usize, area: Address);
        fn kv_set = "set"(
            key: Address, len: usize, value: Address, value_len: usize, area: Address
        );
        fn kv_delete = "delete"(key: Address, len: usize, area: Address);
        fn kv_keys = "keys"(prefix: Address, len: usize, area: Address);
    "plugin-sdk:host/log@0.1.0":
        fn log_max_level = "max-level"(area: Address);
        fn log_write = "write"(
            level: u32, target: Address, target_len: usize, message: Address, message_len: usize
        );
    "plugin-sdk:host/random@0.1.0":
        fn random_bytes = "bytes"(count: u32, area: Address);
    "plugin-sdk:host/time@0.1.0":
        fn time_now = "now"(area: Address);
        fn time_monotonic = "monotonic"(area: Address);
}

/// The position of the payload in `result<…, error>`, unless the payload has a `u64`.
const PAYLOAD: usize = 4;

/// Asks for a result of the type `result<…, error>`, and returns its error.
fn checked(payload: usize, ask: impl FnOnce(Address)) -> Result<Answer> {
    let mut answer = Answer::of(ask);
    if !answer.is_some(0) {
        return Ok(answer);
    }
    let code = answer.text(payload)?;
    let message = answer.text(payload + 8)?;
    let error = Error::new(code, message);
    Err(match answer.is_some(payload + 16) {
        false => error,
        true => error.with_details_json(answer.bytes(payload + 20)?),
    })
}

fn header(given: &mut Given, element: Place<'_>) -> Result<(String, String)> {
    Ok((text_of(given, element, 0)?, text_of(given, element, 8)?))
}

/// Returns address and length of texts, one after the other, as a list of them is in memory.
fn ranges<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<u32> {
    let ranges = texts.map(|text| [Address::of(text.as_bytes()).get(), text.len() as u32]);
    ranges.flatten().collect()
}

/// Calls an import with one text.
fn of_text(text: &str, import: fn(Address, usize, Address)) -> Result<Answer> {
    checked(PAYLOAD, |area| {
        import(Address::of(text.as_bytes()), text.len(), area);
    })
}

/// Calls an import with a text and bytes.
fn of_two(
    text: &str,
    bytes: &[u8],
    import: fn(Address, usize, Address, usize, Address),
) -> Result<Answer> {
    checked(PAYLOAD, |area| {
        let name = Address::of(text.as_bytes());
        import(name, text.len(), Address::of(bytes), bytes.len(), area);
    })
}

impl Ai for Contract {
    fn chat(&mut self, conversation: &Conversation) -> Result<Reply> {
        let Conversation {
            messages,
            model,
            max_tokens,
        } = conversation;
        let texts = messages
            .iter()
            .flat_map(|message| [&*message.role, &*message.content]);
        let ranges = ranges(texts);
        let chosen = model.as_deref().unwrap_or_default();
        let mut answer = checked(PAYLOAD, |area| {
            ai_chat(
                Address::of(&ranges),
                messages.len(),
                model.is_some().into(),
                Address::of(chosen.as_bytes()),
                chosen.len(),
                max_tokens.is_some().into(),
                max_tokens.unwrap_or_default(),
                area,
            );
        })?;
        Ok(Reply {
            content: answer.text(PAYLOAD)?,
            model: match answer.is_some(PAYLOAD + 8) {
                false => None,
                true => Some(answer.text(PAYLOAD + 12)?),
            },
        })
    }
}

impl Config for Contract {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        optional(of_text(key, config_get)?)
    }
}

/// Returns the bytes of `option<…>`.
fn optional(mut answer: Answer) -> Result<Option<Vec<u8>>> {
    match answer.is_some(PAYLOAD) {
        false => Ok(None),
        true => answer.bytes(PAYLOAD + 4).map(Some),
    }
}

impl Events for Contract {
    fn emit(&mut self, topic: &str, data: &[u8]) -> Result<()> {
        of_two(topic, data, events_emit).map(drop)
    }

    fn subscribe(&mut self, topic: &str) -> Result<()> {
        of_text(topic, events_subscribe).map(drop)
    }

    fn unsubscribe(&mut self, topic: &str) -> Result<()> {
        of_text(topic, events_unsubscribe).map(drop)
    }
}

impl Files for Contract {
    fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        of_text(path, files_read)?.bytes(PAYLOAD)
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<()> {
        of_two(path, contents, files_write).map(drop)
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        of_text(path, files_remove).map(drop)
    }

    fn list(&mut self, path: &str) -> Result<Vec<Entry>> {
        of_text(path, files_entries)?.list(PAYLOAD, 24, |given, entry| {
            Ok(Entry {
                name: text_of(given, entry, 0)?,
                folder: entry.part(8, 0).number(1) != 0,
                bytes: entry.part(16, 0).number(8),
            })
        })
    }
}

impl Http for Contract {
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response> {
        let texts = head
            .headers
            .iter()
            .flat_map(|(name, value)| [&**name, &**value]);
        let ranges = ranges(texts);
        let mut answer = checked(PAYLOAD, |area| {
            http_send(
                Address::of(head.method.as_bytes()),
                head.method.len(),
                Address::of(head.url.as_bytes()),
                head.url.len(),
                Address::of(&ranges),
                head.headers.len(),
                Address::of(body),
                body.len(),
                head.timeout_ms.is_some().into(),
                head.timeout_ms.unwrap_or_default(),
                area,
            );
        })?;
        Ok(Response {
            status: answer.number(PAYLOAD, 2) as u16,
            headers: answer.list(PAYLOAD + 4, 16, header)?,
            body: answer.bytes(PAYLOAD + 12)?,
        })
    }
}

impl Kv for Contract {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        optional(of_text(key, kv_get)?)
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        of_two(key, value, kv_set).map(drop)
    }

    fn delete(&mut self, key: &str) -> Result<bool> {
        Ok(of_text(key, kv_delete)?.is_some(PAYLOAD))
    }

    fn list(&mut self, prefix: &str) -> Result<Vec<String>> {
        of_text(prefix, kv_keys)?.list(PAYLOAD, 8, |given, key| text_of(given, key, 0))
    }
}

/// Writes a line: its level, its target and its text.
type Write = fn(u32, &str, &str);

thread_local! {
    /// The function that writes lines, in plugins that log. Others import nothing for it.
    static WRITE: Cell<Option<Write>> = const { Cell::new(None) };
}

impl Log for Contract {
    fn max_level(&mut self) -> u32 {
        WRITE.set(Some(write));
        let mut answer = Answer::of(log_max_level);
        match answer.is_some(0) {
            false => 0,
            true => answer.number(1, 1) as u32 + 1,
        }
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        write(level, target, message);
    }
}

/// Writes a line at a level of the crate `log`, which counts from 1.
fn write(level: u32, target: &str, message: &str) {
    log_write(
        level.saturating_sub(1),
        Address::of(target.as_bytes()),
        target.len(),
        Address::of(message.as_bytes()),
        message.len(),
    );
}

/// Writes a panic to the log of a plugin that logs.
pub(super) fn report_panic(line: &str) {
    if let Some(write) = WRITE.get() {
        write(level::ERROR, "panic", line);
    }
}

impl Random for Contract {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        let mut answer = checked(PAYLOAD, |area| random_bytes(bytes.len() as u32, area))?;
        answer.fill(PAYLOAD, bytes)
    }
}

/// The position of a `u64` in `result<u64, error>`.
const WIDE_PAYLOAD: usize = 8;

impl Time for Contract {
    fn now(&mut self, nanoseconds: &mut u64) -> Result<()> {
        *nanoseconds = checked(WIDE_PAYLOAD, time_now)?.number(WIDE_PAYLOAD, 8);
        Ok(())
    }

    fn monotonic(&mut self, nanoseconds: &mut u64) -> Result<()> {
        *nanoseconds = checked(WIDE_PAYLOAD, time_monotonic)?.number(WIDE_PAYLOAD, 8);
        Ok(())
    }
}
