//! [go-musicfox v2](crate::docs::musicfox), as its WebAssembly guide describes it.
//!
//! Every plugin has all ten exports. Audio goes to the command `process_audio`, the life cycle to
//! the hooks, and everything else arrives as events.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use crate::abi::MAX_LEN;
use crate::contracts::call::{self, Failed, Reply};
use crate::contracts::forms::plain;
use crate::contracts::forms::{Json, TextOrJson};
use crate::contracts::registry::{self, Codec};
use crate::contracts::services::{Config, Entry, Events, Files, Head, Http, Log, Response};
use crate::contracts::shared::{refuse_headers, unsupported as not_there};
use crate::contracts::terms::ContractTerms;
use crate::decode_error::DecodeError;
use crate::error::{Error, Result, code};
use crate::guest::Plugin;
use crate::imports::Block;
use crate::json::{self, Arena, Reader};
use crate::manifest::{Command, Identity, Interface};
use crate::memory::contracts as memory;
use crate::schema::{ObjectWriter, Sink};
use crate::services::logging;
use plugin_sdk_macros::host_functions;

/// The functions that the host offers to every plugin. It passes these three by position, so a
/// plugin imports exactly these in this order.
#[host_functions(module = "env", prefix = "host_", positional)]
pub trait Musicfox {
    /// Writes a log line: 0 is information, 1 a warning, 2 an error; anything else is debug output.
    /// The host drops a line without text.
    fn log(level: i32, message: &[u8]);
    /// Returns the text of a setting, in a block of exactly its length. A setting that is not set
    /// has no block, or an empty one.
    fn get_config(key: &str) -> Option<Block>;
    /// Emits an event to all subscribers. The host drops an event without a type or without data.
    fn emit_event(event: &str, data: &[u8]);
}

/// Functions that the guide lists but go-musicfox itself does not offer. Only a plugin that calls
/// them imports them, and only a host that links by name can load such a plugin.
#[host_functions(module = "env", prefix = "host_")]
pub trait Further {
    /// Changes a setting.
    fn set_config(key: &str, value: &str);
    /// Sends a request. If no response came, the status is below 0 and the returned bytes give the
    /// reason.
    #[host(permission = "http")]
    fn http_request(method: &str, url: &str, body: &[u8], #[out] status: &mut i32)
    -> Option<Block>;
    /// Returns the contents of a file; nothing if there is no such file or the plugin may not read
    /// it.
    #[host(permission = "files")]
    fn read_file(path: &str) -> Option<Block>;
    /// Creates or replaces a file.
    #[host(status, permission = "files")]
    fn write_file(path: &str, data: &[u8]) -> Result<()>;
    /// Subscribes to events of this type.
    #[host(status, permission = "events")]
    fn subscribe_event(event: &str) -> Result<()>;
}

/// The contract of a plugin with go-musicfox.
#[doc(hidden)]
pub struct Contract;

const NAME: &str = "go-musicfox";

/// The host's numbers for log levels.
mod level {
    pub const INFO: i32 = 0;
    pub const WARN: i32 = 1;
    pub const ERROR: i32 = 2;
    /// The host shows every unknown level as this one.
    pub const DEBUG: i32 = 3;
}

impl Log for Contract {
    /// Everything except traces, for which the host has no level. The host cannot say which levels
    /// it wants.
    fn max_level(&mut self) -> u32 {
        logging::level::DEBUG
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        let line = [target, ": ", message].concat();
        musicfox::log(level_of(level), line.as_bytes());
    }
}

/// Returns the host's number for a level of the `log` crate.
fn level_of(level: u32) -> i32 {
    match level {
        1 => level::ERROR,
        2 => level::WARN,
        3 => level::INFO,
        _ => level::DEBUG,
    }
}

/// The length of a setting in bytes up to which the guest's memory does not grow while the host
/// passes it. The host of the guide writes through a view of the memory that it took before it
/// allocated the block.
const ROOM_FOR_A_SETTING: u32 = 64 * 1024;

impl Config for Contract {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        memory::make_room(ROOM_FOR_A_SETTING);
        let setting = musicfox::get_config(key).map(|Block(text)| text);
        Ok(setting.filter(|text| !text.is_empty()))
    }
}

impl Events for Contract {
    fn emit(&mut self, topic: &str, data: &[u8]) -> Result<()> {
        if topic.is_empty() {
            return Err(Error::new(
                code::INVALID_ARGUMENT,
                "go-musicfox drops events without a topic: give it one",
            ));
        }
        musicfox::emit_event(topic, &emitted(data));
        Ok(())
    }

    fn subscribe(&mut self, topic: &str) -> Result<()> {
        if topic.contains('*') {
            return Err(not_there(
                NAME,
                "has no topic patterns: subscribe to each topic by its name",
            ));
        }
        further::subscribe_event(topic)
    }

    fn unsubscribe(&mut self, _: &str) -> Result<()> {
        Err(not_there(NAME, "cannot cancel a subscription"))
    }
}

/// Returns an event's data as text: a string as it is, unless it is empty or would be read as JSON.
fn emitted(data: &[u8]) -> Vec<u8> {
    let sound = |text: &str| {
        !text.is_empty() && json::read::<IgnoredAny>(text.as_bytes(), &Arena::new()).is_err()
    };
    plain::of_json(data.to_vec(), sound)
}

/// The beginning of every path that the host allows: `./data/`, `./config/` and `./temp/`.
const ROOT: &str = "./";

/// Maps a plugin's path to the host's form. The host itself judges absolute paths.
fn host_path(path: &str) -> Cow<'_, str> {
    match path.starts_with('/') || path.starts_with(ROOT) {
        true => path.into(),
        false => [ROOT, path].concat().into(),
    }
}

impl Files for Contract {
    fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        match further::read_file(&host_path(path)) {
            Some(Block(contents)) => Ok(contents),
            None => Err(Error::new(
                code::NOT_FOUND,
                "go-musicfox returned nothing: there is no such file, or the plugin may not read it; its files are in `data`, `config` and `temp`",
            )),
        }
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<()> {
        further::write_file(&host_path(path), contents).map_err(|error| {
            error.context("go-musicfox did not write the file, and gives no reason; a plugin's files are in `data`, `config` and `temp`")
        })
    }

    fn remove(&mut self, _: &str) -> Result<()> {
        Err(not_there(NAME, "removes no files for plugins"))
    }

    fn list(&mut self, _: &str) -> Result<Vec<Entry>> {
        Err(not_there(NAME, "lists no files for plugins"))
    }
}

impl Http for Contract {
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response> {
        refuse_headers(NAME, head)?;
        let mut status = -1;
        let Block(body) =
            further::http_request(&head.method, &head.url, body, &mut status).unwrap_or_default();
        let Ok(status) = u16::try_from(status) else {
            let reason = std::str::from_utf8(&body).unwrap_or_default();
            let message = ["go-musicfox got no response: ", reason].concat();
            return Err(Error::new(code::UNAVAILABLE, message));
        };
        Ok(Response {
            status,
            headers: Vec::new(),
            body,
        })
    }
}

unsupported!(Contract at "go-musicfox": Ai, Kv, Random, Time);

impl ContractTerms for Contract {
    type Kept = Json;
    type Settings = TextOrJson;
    const REPORTS_PANICS: bool = true;

    #[inline]
    fn report_panic(line: &str) {
        musicfox::log(level::ERROR, line.as_bytes());
    }
}

/// The result of an export: its number, or an error.
type Outcome = Result<i32, Failed>;

/// Returns the number for an error's code, the inverse of [`Error::from_status`]. A code without a
/// number of its own gets the nearest.
fn status_of(error: &str) -> i32 {
    match error {
        code::PERMISSION_DENIED => -2,
        code::UNSUPPORTED => -3,
        code::NOT_FOUND | code::UNKNOWN_COMMAND => -4,
        code::INVALID_ARGUMENT
        | code::INVALID_JSON
        | code::MISSING_ARGUMENT
        | code::UNKNOWN_ARGUMENT => -5,
        code::TOO_LARGE => -6,
        code::TIMEOUT => -7,
        code::UNAVAILABLE | code::NOT_INITIALIZED | code::BUSY => -8,
        _ => -1,
    }
}

/// Returns the number of an outcome. A number cannot hold a message, so the message goes to the
/// log.
fn answered(export: &str, outcome: Outcome) -> i32 {
    outcome.unwrap_or_else(|error| {
        let (code, message) = error.code_and_message();
        let line = [export, ": ", &message, " (", &code, ")"].concat();
        musicfox::log(level::ERROR, line.as_bytes());
        status_of(&code)
    })
}

/// Returns the bytes that the host passes to an export.
///
/// # Safety
/// The same as for [`memory::lent`], for the length of the call.
unsafe fn passed<'a>(address: *mut u8, len: u32) -> Result<&'a mut [u8], Failed> {
    if len > MAX_LEN {
        let message = "the length is below 0: pass that of the bytes at the address before it";
        return Err(Error::new(code::INVALID_ARGUMENT, message).into());
    }
    // SAFETY: the caller guarantees it.
    Ok(unsafe { memory::lent(address, len) })
}

/// The export `initialize`.
///
/// # Safety
/// The bytes must be those that the host lends for the length of the call.
#[doc(hidden)]
pub unsafe fn initialize<P: Plugin>(address: *mut u8, len: u32) -> i32 {
    // SAFETY: the caller guarantees it.
    let config = unsafe { passed(address, len) };
    let made = config.and_then(|config| call::init::<P>(config));
    answered("initialize", made.map(|()| 0))
}

/// The export `start`.
#[doc(hidden)]
pub fn start() -> i32 {
    answered("start", call::start().map(|()| 0))
}

/// The export `stop`.
#[doc(hidden)]
pub fn stop() -> i32 {
    answered("stop", call::stop().map(|()| 0))
}

/// The export `cleanup`.
#[doc(hidden)]
pub fn cleanup<P: Plugin>() -> i32 {
    call::cleanup::<P>();
    0
}

/// The command for a block of audio of any kind.
const AUDIO: &[u8] = b"process_audio";

/// The command for a block in JSON, in a plugin that also has one for samples.
const AUDIO_IN_JSON: &[u8] = b"process_audio_json";

/// Returns the command for a block. Samples never look like JSON: a float whose last byte is a
/// brace is beyond 10^37.
fn audio_command(block: &[u8]) -> &'static [u8] {
    let is_json = block.first() == Some(&b'{') && block.last() == Some(&b'}');
    match call::codec(AUDIO_IN_JSON) {
        Some(_) if is_json => AUDIO_IN_JSON,
        _ => AUDIO,
    }
}

/// The description of a command that takes plain bytes and returns none: it changes its input in
/// place.
const IN_PLACE: &str = "in place";

/// Returns the description of a command.
#[doc(hidden)]
pub const fn described(command: &Command) -> &'static str {
    match command.interface {
        Interface::Raw { output: None, .. } => IN_PLACE,
        _ => "",
    }
}

fn works_in_place(command: &[u8]) -> bool {
    let registry = registry::plugin();
    let entry = registry
        .iter()
        .find(|entry| entry.name.as_bytes() == command);
    entry.is_some_and(|entry| entry.described == IN_PLACE)
}

/// The export `process_audio`: returns the number of bytes written to `output`.
///
/// # Safety
/// The same as for [`initialize`]; `output` may be anything.
#[doc(hidden)]
pub unsafe fn process_audio(address: *mut u8, len: u32, output: usize) -> i32 {
    // SAFETY: the caller guarantees it.
    let block = unsafe { passed(address, len) };
    let written = block.and_then(|block| {
        let room = memory::boundary()
            .room_apart_from(block, output)
            .ok_or_else(no_output)?;
        memory::aligned(block, |block| process(block, output, room))
    });
    answered("process_audio", written)
}

/// Runs the command for a block and writes its result.
fn process(block: &mut [u8], output: usize, room: usize) -> Outcome {
    let command = audio_command(block);
    let in_place = works_in_place(command);
    let write = |bytes: &[u8]| match memory::boundary().put(bytes, output) {
        true => Ok(i32::try_from(bytes.len()).unwrap_or(i32::MAX)),
        false => Err(no_room(bytes.len(), room).into()),
    };
    let written = call::command(command, block, |codec, reply| match codec {
        _ if reply.failed => call::settled(reply).map(|()| None),
        Some(Codec::Binary) => Err(in_no_text(command).into()),
        _ if in_place && reply.bytes.is_empty() => Ok(None),
        _ => write(reply.bytes).map(Some),
    })?;
    written.map_or_else(|| write(block), Ok)
}

#[cold]
fn no_output() -> Error {
    Error::new(
        code::INVALID_ARGUMENT,
        "the output is not a buffer of its own: pass an address in a block from `malloc` other than the input's",
    )
}

#[cold]
fn no_room(len: usize, room: usize) -> Error {
    let message = [
        "the result has ",
        &json::decimal(len as u64),
        " bytes and the output has room for ",
        &json::decimal(room as u64),
        ": nothing was written; pass a larger output, or audio in smaller blocks",
    ];
    Error::new(code::TOO_LARGE, message.concat())
}

#[cold]
fn in_no_text(command: &[u8]) -> Error {
    let name = std::str::from_utf8(command).unwrap_or_default();
    let message = [
        "passes JSON only, and `",
        name,
        "` takes or returns other bytes",
    ];
    not_there(NAME, &message.concat())
}

/// The export `handle_event`.
///
/// # Safety
/// The same as for [`initialize`].
#[doc(hidden)]
pub unsafe fn handle_event(address: *mut u8, len: u32) -> i32 {
    // SAFETY: the caller guarantees it.
    let event = unsafe { passed(address, len) };
    let handled = event
        .and_then(|event| Ok(Event::read(event)?))
        .and_then(handle);
    answered("handle_event", handled)
}

/// The prefix of the type of an event that calls a command.
const COMMAND: &str = "command.";

fn handle(mut event: Event) -> Outcome {
    match event.kind.strip_prefix(COMMAND) {
        // The answer of a command is emitted with the same prefix, and may come back.
        Some(name) if !name.contains('.') => run(name, &mut event.data),
        _ => call::event(&event.kind, &event.data).map(|()| 0),
    }
}

/// Runs a command and emits its result.
fn run(name: &str, arguments: &mut [u8]) -> Outcome {
    let emit_answer = |reply: Reply<'_>| {
        let outcome = match reply.failed {
            true => ".error",
            false => ".result",
        };
        musicfox::emit_event(&[COMMAND, name, outcome].concat(), reply.bytes);
        call::settled(reply).map(|()| 0)
    };
    let name = name.as_bytes();
    match call::codec(name) {
        Some(Codec::Binary | Codec::Raw) => call::refuse(in_no_text(name), emit_answer),
        _ => call::command(name, arguments, |_, reply| emit_answer(reply)),
    }
}

/// An event as the host passes it: `{"type": …, "data": …}`.
struct Event {
    kind: String,
    /// JSON; empty if there is no data.
    data: Vec<u8>,
}

impl Event {
    fn read(text: &[u8]) -> Result<Self> {
        let arena = Arena::new();
        let (mut kind, mut data) = (None, Vec::new());
        let mut reader = Reader::new(text, &arena);
        let members = reader.members(|reader, name| {
            if name == "data" {
                data = carried(reader)?;
                return Ok(());
            }
            let value = reader.raw()?;
            if name == "type" {
                let read = json::read(value.as_bytes(), &arena);
                kind = Some(read.map_err(|fault| fault.in_member(name))?);
            }
            // There may be other members, such as a time or a sender.
            Ok(())
        });
        let members = members.and_then(|()| reader.end());
        members.map_err(|fault| fault.into_error("the event"))?;
        match kind {
            Some(kind) => Ok(Event { kind, data }),
            None => Err(Error::new(
                code::MISSING_ARGUMENT,
                "the event has no type: go-musicfox passes `{\"type\": …, \"data\": …}`",
            )),
        }
    }
}

/// Returns the data of an event as JSON. The host's own events carry text in a string; any other
/// value is taken as it is.
fn carried(reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    if reader.is_string() {
        return Ok(match reader.kept_string()? {
            "" => Vec::new(),
            text => call::text_as_json(text),
        });
    }
    Ok(match reader.raw()? {
        "null" => Vec::new(),
        value => value.as_bytes().to_vec(),
    })
}

/// Writes the result of `get_metadata`, with the terminating zero byte.
#[doc(hidden)]
pub const fn write_metadata(identity: &Identity, sink: &mut Sink<'_>) {
    let mut object = ObjectWriter::begin(sink);
    object.string("id", identity.id);
    object.string("name", identity.name);
    object.string("version", identity.version);
    object.string("description", identity.description);
    // The manifest lists authors, and the host takes one text.
    let author = object.value("author");
    author.raw("\"");
    let mut comma = "";
    each!(for one in identity.authors {
        author.raw(comma);
        author.escaped(one);
        comma = ", ";
    });
    author.raw("\"");
    let mut tags = object.array("tags");
    each!(for tag in identity.tags {
        tags.item().string(tag);
    });
    tags.end();
    object.end();
    sink.raw("\0");
}

/// Defines the exports of every plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __musicfox_plugin {
    ($plugin:ty, $identity:tt) => {
        $crate::__memory_exports! { $plugin, "malloc", "free" }

        $crate::__exports! {
            "initialize" => musicfox::initialize<$plugin>(address: *mut u8, len: u32) -> i32;
            "start" => musicfox::start() -> i32;
            "stop" => musicfox::stop() -> i32;
            "cleanup" => musicfox::cleanup<$plugin>() -> i32;
            "process_audio" => musicfox::process_audio(
                input: *mut u8, len: u32, output: usize
            ) -> i32;
            "handle_event" => musicfox::handle_event(address: *mut u8, len: u32) -> i32;
        }

        const IDENTITY: $crate::__private::manifest::Identity = $identity;

        #[unsafe(export_name = "get_metadata")]
        extern "C" fn get_metadata() -> *const ::core::primitive::u8 {
            $crate::__rendered!(|sink| {
                $crate::contracts::musicfox::write_metadata(&IDENTITY, sink)
            })
            .as_ptr()
        }

        #[unsafe(export_name = "get_version")]
        extern "C" fn get_version() -> *const ::core::primitive::u8 {
            $crate::__rendered!(|sink| {
                sink.raw(IDENTITY.version);
                sink.raw("\0")
            })
            .as_ptr()
        }
    };
}

/// Announces a command, which `process_audio` or an event looks up.
#[doc(hidden)]
#[macro_export]
macro_rules! __musicfox_command {
    ($name:literal, $codec:ident, $described:tt, $export:item) => {
        $crate::__announce_command! {
            $name,
            $codec,
            $crate::contracts::musicfox::described(&$described),
            $export
        }
    };
}

#[doc(hidden)]
pub use crate::{
    __announce_hook as export_hook, __musicfox_command as export_command,
    __musicfox_plugin as export_plugin, __not_exported as export_batch,
    __not_exported as export_state, __panic_record as export_record,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Result<(String, String)> {
        let Event { kind, data } = Event::read(text.as_bytes())?;
        Ok((kind, String::from_utf8(data).unwrap()))
    }

    #[test]
    fn event_data_is_read_from_its_text() {
        for (text, data) in [
            (r#"{"type":"a"}"#, ""),
            (r#"{"type":"a","data":null}"#, ""),
            (r#"{"type":"a","data":""}"#, ""),
            (r#"{"type":"a","data":{"b": 1}}"#, r#"{"b": 1}"#),
            (r#"{"data":[1, 2],"type":"a","at":12}"#, "[1, 2]"),
            (r#"{"type":"a","data":"{\"b\":1}"}"#, r#"{"b":1}"#),
            (r#"{"type":"a","data":"\"quoted\""}"#, r#""quoted""#),
            (r#"{"type":"a","data":"no \"JSON"}"#, r#""no \"JSON""#),
            (r#"{"type":"a","data":"7"}"#, "7"),
        ] {
            let read = event(text).unwrap();
            assert_eq!(read, ("a".to_owned(), data.to_owned()), "{text}");
        }
    }

    #[test]
    fn malformed_events_are_refused() {
        for (text, code) in [
            ("", "invalid_json"),
            ("[]", "invalid_json"),
            (r#"{"type":"a"}}"#, "invalid_json"),
            (r#"{"type":1}"#, "invalid_argument"),
            (r#"{"data":1}"#, "missing_argument"),
        ] {
            assert_eq!(event(text).unwrap_err().code(), code, "{text}");
        }
    }

    #[test]
    fn error_numbers_are_those_of_host_functions() {
        for number in -8..0 {
            assert_eq!(status_of(Error::from_status(number).code()), number);
        }
        assert_eq!(status_of("missing_argument"), status_of("invalid_argument"));
        assert_eq!(status_of("sold_out"), -1);
        assert_eq!(
            status_of(Error::from_status(7).code()),
            -1,
            "never a success"
        );
    }

    #[test]
    fn emitted_text_is_plain_unless_ambiguous() {
        for (data, plain) in [
            (r#""Für Elise""#, "Für Elise"),
            (r#""say \"hi\"""#, "say \"hi\""),
            (r#""1999""#, r#""1999""#),
            (r#""""#, r#""""#),
            (r#""\"quoted\"""#, r#""\"quoted\"""#),
            ("1999", "1999"),
            ("null", "null"),
            (r#"{"a":"b"}"#, r#"{"a":"b"}"#),
        ] {
            let sent = emitted(data.as_bytes());
            assert_eq!(sent, plain.as_bytes(), "{data}");
            // As the host passes it to subscribers.
            let text = serde_json::json!({"type": "a", "data": String::from_utf8(sent).unwrap()});
            let heard = event(&text.to_string()).unwrap().1;
            assert_eq!(heard, data);
        }
    }

    #[test]
    fn relative_paths_get_the_hosts_prefix() {
        for (path, expected) in [
            ("data/a.txt", "./data/a.txt"),
            ("./data/a.txt", "./data/a.txt"),
            ("config/../a", "./config/../a"),
            (".hidden", "./.hidden"),
            ("/etc/passwd", "/etc/passwd"),
            ("", "./"),
        ] {
            assert_eq!(host_path(path), expected);
        }
    }

    #[test]
    fn log_levels_match_the_guide() {
        let levels = [
            logging::level::ERROR,
            logging::level::WARN,
            logging::level::INFO,
            logging::level::DEBUG,
        ];
        assert_eq!(levels.map(level_of), [2, 1, 0, 3]);
    }

    const IDENTITY: Identity = Identity {
        id: "audio-filter",
        name: "The \"filter\"",
        version: "1.2.3",
        plugin_type: Some("audio_effect"),
        tags: &["audio", "\"filter\""],
        description: "Filters\n",
        authors: &["Ada <ada@example.org>", "\"Bob\""],
        license: "",
        homepage: "",
        repository: "",
        requires: &[],
        permissions: &[],
        optional_permissions: &[],
        limits: &[],
        emits: &[],
    };

    #[test]
    fn metadata_is_zero_terminated_json() {
        let metadata = crate::__rendered!(|sink| write_metadata(&IDENTITY, sink));
        let text = metadata.strip_suffix('\0').unwrap();
        assert!(!text.contains('\0'));
        let found: serde_json::Value = serde_json::from_str(text).unwrap();
        let expected = serde_json::json!({
            "id": "audio-filter",
            "name": "The \"filter\"",
            "version": "1.2.3",
            "description": "Filters\n",
            "author": "Ada <ada@example.org>, \"Bob\"",
            "tags": ["audio", "\"filter\""],
        });
        assert_eq!(found, expected);
    }
}
