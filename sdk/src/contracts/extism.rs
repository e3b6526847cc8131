//! [Extism](crate::docs::extism).
//!
//! Extism calls an export with the command's own [name](super::names) and no arguments. Input and
//! output are in Extism's own memory, which a plugin reads and writes eight bytes at a time through
//! functions of the module `extism:host/env`. So are the names and values that a plugin passes to
//! other functions there, which take ownership of them, and the values that these return.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::abi::Packed;
use crate::contracts::call::{self, Reply};
use crate::contracts::forms::TextOrJson;
use crate::contracts::registry::{Export, HookExport};
use crate::contracts::services::{Config, Head, Http, Kv, Log, Response};
use crate::contracts::shared::unsupported as not_there;
use crate::contracts::terms::ContractTerms;
use crate::error::{Error, Result, code};
use crate::guest::Plugin;
use crate::json::{self, Arena, Object, object};
use crate::memory::contracts as memory;
use crate::services::logging::level;
use plugin_sdk_macros::host_functions;

/// The functions that Extism offers to plugins, except for HTTP. Every `u64` is the address of a
/// block in Extism's memory unless its doc says that it is a length; 0 is no block.
#[host_functions(module = "extism:host/env")]
pub trait Env {
    /// Returns the length of the input in bytes.
    fn input_length() -> u64;
    /// Returns a byte of the input.
    fn input_load_u8(at: u64) -> u8;
    /// Returns eight bytes of the input as a little-endian number.
    fn input_load_u64(at: u64) -> u64;
    /// Allocates a block; 0 for no bytes, or if there is no room.
    fn alloc(length: u64) -> u64;
    /// Frees a block.
    fn free(block: u64);
    /// Returns the length of a block in bytes; 0 if it is not a block.
    fn length(block: u64) -> u64;
    /// Like `length`, for an address that is certainly a block. The SDK does not use it.
    fn length_unsafe(block: u64) -> u64;
    /// Returns a block with the input. The SDK does not use it.
    fn input_offset() -> u64;
    /// Returns a byte of a block.
    fn load_u8(at: u64) -> u8;
    /// Returns eight bytes of a block.
    fn load_u64(at: u64) -> u64;
    /// Writes a byte of a block.
    fn store_u8(at: u64, byte: u8);
    /// Writes eight bytes of a block.
    fn store_u64(at: u64, bytes: u64);
    /// Makes the first `length` bytes of a block the output.
    fn output_set(block: u64, length: u64);
    /// Makes a block the error.
    fn error_set(block: u64);
    /// Returns the setting under a key.
    fn config_get(key: u64) -> u64;
    /// Returns a variable.
    fn var_get(name: u64) -> u64;
    /// Sets a variable, or removes it if the value is 0.
    fn var_set(name: u64, value: u64);
    /// Returns the status of the last response.
    fn http_status_code() -> u32;
    /// Returns the headers of the last response as a JSON object; 0 if the program that runs Extism
    /// hides them.
    fn http_headers() -> u64;
    /// Writes a log line.
    fn log_trace(line: u64);
    /// Writes a log line.
    fn log_debug(line: u64);
    /// Writes a log line.
    fn log_info(line: u64);
    /// Writes a log line.
    fn log_warn(line: u64);
    /// Writes a log line.
    fn log_error(line: u64);
    /// Returns the most detailed level that the host wants: 0 trace, 1 debug, 2 info, 3 warn, 4
    /// error; `i32::MAX` none.
    fn get_log_level() -> u32;
}

/// HTTP requests, which need a permission.
#[host_functions(module = "extism:host/env", permission = "http")]
pub trait Requests {
    /// Sends a request with the head `{"url", "method", "headers"}` and waits for the response.
    /// Returns its body, or 0 if it has none. Any failure ends the plugin's call.
    fn http_request(head: u64, body: u64) -> u64;
}

/// The contract of a plugin with Extism.
#[doc(hidden)]
pub struct Contract;

const NAME: &str = "Extism";

/// The key under which Extism holds the plugin's whole configuration.
const CONFIG: &str = "config";

/// The number of bytes in a word.
const WORD: usize = size_of::<u64>();

/// Copies bytes into a block, which the host frees; 0 for no bytes, or if there is no room.
fn block(bytes: &[u8]) -> u64 {
    let block = env::alloc(bytes.len() as u64);
    if block == 0 {
        return 0;
    }
    let (words, rest) = bytes.as_chunks::<WORD>();
    for (at, word) in (block..).step_by(WORD).zip(words) {
        env::store_u64(at, u64::from_le_bytes(*word));
    }
    for (at, byte) in (block + bytes.len() as u64 - rest.len() as u64..).zip(rest) {
        env::store_u8(at, *byte);
    }
    block
}

/// Takes ownership of the bytes of a block; `None` for 0.
fn taken(block: u64) -> Option<Vec<u8>> {
    if block == 0 {
        return None;
    }
    let length = env::length(block);
    let (words, rest) = (length / WORD as u64, length % WORD as u64);
    let mut bytes = Vec::with_capacity(length as usize);
    for nth in 0..words {
        bytes.extend_from_slice(&env::load_u64(block + nth * WORD as u64).to_le_bytes());
    }
    for at in length - rest..length {
        bytes.push(env::load_u8(block + at));
    }
    env::free(block);
    Some(bytes)
}

/// Returns the bytes of the input, aligned as ABI 1 promises to commands that take numbers. A
/// number has at most eight bytes.
fn input() -> Vec<u64> {
    let length = env::input_length();
    let (words, rest) = (length / WORD as u64, length % WORD as u64);
    let mut input: Vec<u64> = Vec::with_capacity(words as usize + 1);
    input.extend((0..words).map(|nth| u64::from_le(env::input_load_u64(nth * WORD as u64))));
    let mut last = [0; WORD];
    for (byte, at) in last.iter_mut().zip(length - rest..length) {
        *byte = env::input_load_u8(at);
    }
    input.push(u64::from_ne_bytes(last));
    input
}

impl Config for Contract {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(set_under(key))
    }
}

/// Returns the setting under a key.
fn set_under(key: &str) -> Option<Vec<u8>> {
    under(key, env::config_get)
}

/// Returns what Extism has under a name; `None` for an empty one, for which Extism would end the
/// call.
fn under(name: &str, get: fn(u64) -> u64) -> Option<Vec<u8>> {
    match block(name.as_bytes()) {
        0 => None,
        name => taken(get(name)),
    }
}

impl Kv for Contract {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(under(key, env::var_get))
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        if key.is_empty() || value.is_empty() {
            return Err(not_there(
                NAME,
                "stores no variable without a name or without bytes: delete the variable instead",
            ));
        }
        let (name, value) = (block(key.as_bytes()), block(value));
        if name == 0 || value == 0 {
            return Err(no_room());
        }
        env::var_set(name, value);
        Ok(())
    }

    fn delete(&mut self, key: &str) -> Result<bool> {
        // `var_set` returns nothing, so read the variable first.
        let was_there = Kv::get(self, key)?.is_some();
        if was_there {
            match block(key.as_bytes()) {
                0 => return Err(no_room()),
                name => env::var_set(name, 0),
            }
        }
        Ok(was_there)
    }

    fn list(&mut self, _: &str) -> Result<Vec<String>> {
        Err(not_there(NAME, "does not list its variables"))
    }
}

#[cold]
fn no_room() -> Error {
    Error::new(
        code::UNAVAILABLE,
        "Extism has no more memory for the plugin",
    )
}

impl Http for Contract {
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response> {
        let (request, content) = (block(&request(head)), block(body));
        if request == 0 || content == 0 && !body.is_empty() {
            return Err(no_room());
        }
        let body = taken(requests::http_request(request, content)).unwrap_or_default();
        let headers = match taken(env::http_headers()) {
            Some(headers) => headers_of(&headers)?,
            None => Vec::new(),
        };
        Ok(Response {
            status: env::http_status_code() as u16,
            headers,
            body,
        })
    }
}

/// Returns the head of a request as Extism takes it. Extism takes one value for each name, so
/// repeated headers become a comma-separated list.
fn request(head: &Head) -> Vec<u8> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &head.headers {
        let all = headers.entry(name.to_ascii_lowercase()).or_default();
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(value);
    }
    object(|request| {
        request.string("url", &head.url);
        request.string("method", &head.method);
        let mut members = Object::begin(request.key("headers"));
        for (name, value) in &headers {
            members.string(name, value);
        }
        members.end();
    })
}

/// Returns the headers of a response from Extism's object.
fn headers_of(text: &[u8]) -> Result<Vec<(String, String)>> {
    let headers = json::read::<BTreeMap<String, String>>(text, &Arena::new());
    let headers = headers.map_err(|fault| {
        let error = fault.in_member("headers").into_error("the host's bytes");
        error.with_code(code::BAD_ANSWER)
    })?;
    let headers = headers.into_iter();
    Ok(headers
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect())
}

impl Log for Contract {
    fn max_level(&mut self) -> u32 {
        // `log` counts in the other direction.
        level::TRACE - env::get_log_level().min(level::TRACE)
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        let line = block([target, ": ", message].concat().as_bytes());
        if line == 0 {
            return;
        }
        match level {
            1 => env::log_error(line),
            2 => env::log_warn(line),
            3 => env::log_info(line),
            4 => env::log_debug(line),
            _ => env::log_trace(line),
        }
    }
}

unsupported!(Contract at "Extism": Ai, Events, Files, Random, Time);

impl ContractTerms for Contract {
    type Kept = TextOrJson;
    type Settings = TextOrJson;
    const REPORTS_PANICS: bool = true;

    /// Returns what the host has set under the key `config`.
    fn configuration() -> Option<Vec<u8>> {
        Some(set_under(CONFIG).unwrap_or_default())
    }

    #[inline]
    fn report_panic(line: &str) {
        // Extism shows the error that was set before a trap.
        for report in [env::log_error, env::error_set] {
            match block(line.as_bytes()) {
                0 => {}
                block => report(block),
            }
        }
    }
}

thread_local! {
    /// `true` from the beginning of a call to its return. Extism makes no nested calls, but keeps
    /// calling an instance after a trap.
    static CALLED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a call unless an earlier one ended in a trap. Returns 0, or 1 on failure.
fn alive(call: impl FnOnce() -> i32) -> i32 {
    if CALLED.replace(true) {
        return call::refuse(trapped(), deliver);
    }
    let status = call();
    CALLED.set(false);
    status
}

#[cold]
fn trapped() -> Error {
    Error::new(
        code::BUSY,
        "an earlier call ended in a trap, so the plugin's state is unreliable: make a new instance",
    )
}

/// Runs the export of a command, or of a hook with arguments. Returns 0, or 1 on failure.
#[doc(hidden)]
pub fn command(export: Export) -> i32 {
    alive(|| {
        let mut input = input();
        answer(memory::call(
            export,
            memory::bytes_of(&mut input, env::input_length() as usize),
        ))
    })
}

/// Runs the export of a hook without arguments.
#[doc(hidden)]
pub fn hook(export: HookExport) -> i32 {
    // SAFETY: the hook takes no arguments, and no answer is borrowed.
    alive(|| answer(memory::within_no_answer(|| unsafe { export() })))
}

fn answer(answer: Packed) -> i32 {
    memory::answered(answer, deliver)
}

/// Passes the answer to Extism.
fn deliver(reply: Reply<'_>) -> i32 {
    let answer = block(reply.bytes);
    if answer == 0 {
        // Without bytes there is no output, which is Extism's state before a call. An error has
        // bytes; if there is no room for them, the returned number reports the failure.
        return i32::from(reply.failed || !reply.bytes.is_empty());
    }
    match reply.failed {
        false => env::output_set(answer, reply.bytes.len() as u64),
        true => env::error_set(answer),
    }
    reply.failed.into()
}

/// `plugin_init`: makes the plugin anew with the input as its configuration. Returns 0, or 1 on
/// failure.
#[doc(hidden)]
pub fn init<P: Plugin>() -> i32 {
    alive(|| {
        let mut input = input();
        let config = memory::bytes_of(&mut input, env::input_length() as usize);
        match call::init::<P>(config) {
            Ok(()) => deliver(Reply {
                failed: false,
                bytes: b"null",
            }),
            Err(failed) => deliver(Reply {
                failed: true,
                bytes: failed.json(),
            }),
        }
    })
}

/// `plugin_cleanup`: ends the plugin's life.
#[doc(hidden)]
pub fn cleanup<P: Plugin>() -> i32 {
    call::cleanup::<P>();
    0
}

/// Makes an implementation of all functions ready for a host to link.
#[cfg(not(target_arch = "wasm32"))]
pub fn provide<T: Env + Requests + Clone + Send + 'static>(
    implementation: T,
) -> [crate::imports::HostFunctions; 2] {
    [
        env::provide(implementation.clone()),
        requests::provide(implementation),
    ]
}

/// Defines the exports of every plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __extism_plugin {
    ($plugin:ty, $identity:tt) => {
        $crate::__exports! {
            $crate::__abi_name!(INIT_EXPORT) => extism::init<$plugin>() -> i32;
            $crate::__abi_name!(CLEANUP_EXPORT) => extism::cleanup<$plugin>() -> i32;
        }
    };
}

/// Defines the export of a command.
#[doc(hidden)]
#[macro_export]
macro_rules! __extism_command {
    ($name:tt, $codec:ident, $described:tt, $export:item) => {
        $crate::__extism_export! { $crate::__exported_name!($name), command, $export }
    };
}

/// Defines the export for many inputs of a command.
#[doc(hidden)]
#[macro_export]
macro_rules! __extism_batch {
    ($name:literal, $export:item) => {
        $crate::__extism_export! { ::core::concat!($crate::__abi_name!(BATCH_EXPORT_PREFIX), $name), command, $export }
    };
}

/// Defines the export of a hook.
#[doc(hidden)]
#[macro_export]
macro_rules! __extism_hook {
    ("event", $export:item) => {
        $crate::__extism_export! { $crate::__abi_name!(EVENT_EXPORT), command, $export }
    };
    ($hook:literal, $export:item) => {
        $crate::__extism_export! { ::core::concat!($crate::__abi_name!(HOOK_EXPORT_PREFIX), $hook), hook, $export }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __extism_export {
    ($name:expr, $call:ident, $export:item) => {
        const _: () = {
            $export

            #[unsafe(export_name = $name)]
            extern "C" fn called() -> ::core::primitive::i32 {
                $crate::contracts::extism::$call(export)
            }
        };
    };
}

#[doc(hidden)]
pub use crate::{
    __extism_batch as export_batch, __extism_command as export_command,
    __extism_hook as export_hook, __extism_plugin as export_plugin, __not_exported as export_state,
    __panic_record as export_record,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_request_headers_are_joined() {
        let head = Head {
            method: "PUT".to_owned(),
            url: "https://example.org/?q=\"".to_owned(),
            headers: [("Accept", "a"), ("X", "1"), ("accept", "b")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            timeout_ms: Some(5),
        };
        let text = String::from_utf8(request(&head)).unwrap();
        assert_eq!(
            text,
            r#"{"url":"https://example.org/?q=\"","method":"PUT","headers":{"accept":"a, b","x":"1"}}"#
        );
    }
}
