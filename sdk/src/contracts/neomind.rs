//! [NeoMind's extension runner](crate::docs::neomind).
//!
//! The runner does not ask the guest for memory: it writes the input of a command from address 0 on
//! and reads the answer from address 65536 on, whatever the guest keeps there
//! ([`memory::fixed`](crate::memory) makes sure that this is nothing). Each call has an instance of
//! its own, so no plugin keeps anything from one call to the next. The runner offers the functions
//! of the module `neomind`. Where one of them fills a buffer, it silently cuts off what does not
//! fit; this contract detects that.
//!
//! Features that only NeoMind has, such as devices, rules and agents, are behind [`invoke`]. A
//! plugin that calls it is made for this host alone:
//!
//! ```
//! use plugin_sdk::hosts::neomind::{self, NeoMind};
//! use serde_json::{Value, json};
//!
//! # struct Platform;
//! # impl NeoMind for Platform {
//! #     fn invoke_capability(&mut self, _: &str, _: &str, result: &mut [u8]) -> i32 {
//! #         let reply = br#"{"success":true,"metrics":{"temperature":25.5}}"#;
//! #         result[..reply.len()].copy_from_slice(reply);
//! #         reply.len() as i32
//! #     }
//! #     fn event_subscribe(&mut self, _: &str, _: &str) -> i64 { 1 }
//! #     fn event_poll(&mut self, _: i64, _: &mut [u8]) -> i32 { 0 }
//! #     fn event_unsubscribe(&mut self, _: i64) -> i32 { 0 }
//! #     fn free(&mut self, _: u32) {}
//! #     fn log(&mut self, _: &str, _: &str) {}
//! #     fn timestamp_ms(&mut self) -> i64 { 0 }
//! # }
//! # let host = neomind::neo_mind::install(Platform);
//! let sensor: Value = neomind::invoke("device_metrics_read", &json!({"device_id": "sensor-1"}))?;
//! assert_eq!(sensor["metrics"]["temperature"], 25.5);
//! # Ok::<(), plugin_sdk::Error>(())
//! ```

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::contracts::call;
use crate::contracts::forms::Json;
use crate::contracts::registry::{self, Codec, Kind};
use crate::contracts::services::{Events, Log, Time};
use crate::contracts::shared::{unexplained, unsupported as not_there};
use crate::contracts::terms::ContractTerms;
use crate::decode_error::DecodeError;
use crate::error::{Error, Result, code};
use crate::json::{self, Arena, Object, Reader, object};
use crate::manifest::{Command, Identity};
use crate::memory::fixed::{self, Immediate};
use crate::schema::{Form, ObjectWriter, Parameter, Sink};
use crate::services::logging::level;
use plugin_sdk_macros::host_functions;

/// The functions that the runner offers to extensions.
#[host_functions(module = "neomind", prefix = "host_")]
pub trait NeoMind {
    /// Uses a capability of the platform. Parameters and answer are JSON. Returns the number of
    /// bytes of the answer that were written, at most the size of the buffer, or -1.
    fn invoke_capability(capability: &str, parameters: &str, #[out] answer: &mut [u8]) -> i32;
    /// Starts to collect events of a type for this extension. Returns the number of the
    /// subscription, or -1. The runner ignores the filter.
    fn event_subscribe(event_type: &str, filter: &str) -> i64;
    /// Returns the collected events as a JSON array and forgets them: the number of bytes written,
    /// at most the size of the buffer, or -1.
    fn event_poll(subscription: i64, #[out] events: &mut [u8]) -> i32;
    /// Ends a subscription: 0, or -1.
    fn event_unsubscribe(subscription: i64) -> i32;
    /// Does nothing.
    fn free(address: u32);
    /// Writes a log line; the level is `error`, `warn` or `debug`, and anything else is `info`.
    fn log(level: &str, message: &str);
    /// Returns the milliseconds since 1970.
    fn timestamp_ms() -> i64;
}

const NAME: &str = "NeoMind";

/// The address at which the runner reads an answer.
const ANSWER: usize = 65_536;

/// The longest answer in bytes that the runner reads.
const MAX_ANSWER: usize = 65_535;

/// The end of the memory that the runner takes for unused.
const HOSTS_OWN: usize = 2 * 65_536;

/// The longest text in bytes that the runner takes from an extension's memory.
const MAX_TEXT: usize = 1 << 20;

/// The size of the buffer for a capability's answer in [`invoke`], in bytes. Each byte costs fuel.
const USUAL_ROOM: usize = 16 * 1024;

/// The size of the buffer for collected events, in bytes. Events beyond it are lost.
const EVENTS_ROOM: usize = 1 << 20;

/// Uses a capability of the platform, such as `device_metrics_read`, `device_control` or
/// `extension_call`, and reads its answer as a `T`. The answer may have up to 16 KiB;
/// [`invoke_with_room`] allows more.
///
/// # Errors
///
/// * `failed`: the platform reports a failure; its text is the message;
/// * `unavailable`: the platform could not be asked;
/// * `too_large`: parameters or name have more than 1 MiB, or the answer did not fit and was cut
///   off. The capability was used all the same, so this function does not try again;
/// * `bad_answer`: the answer is not a `T`.
pub fn invoke<T: DeserializeOwned>(
    capability: &str,
    parameters: &(impl Serialize + ?Sized),
) -> Result<T> {
    invoke_with_room(capability, parameters, USUAL_ROOM)
}

/// Like [`invoke`], with `room` bytes for the answer.
///
/// # Errors
///
/// The same as for [`invoke`].
pub fn invoke_with_room<T: DeserializeOwned>(
    capability: &str,
    parameters: &(impl Serialize + ?Sized),
    room: usize,
) -> Result<T> {
    let mut text = Vec::new();
    json::write(parameters, &mut text)?;
    answer_of(capability, &ask(capability, text, room)?)
}

/// Returns the bytes of the answer.
fn ask(capability: &str, parameters: Vec<u8>, room: usize) -> Result<Vec<u8>> {
    let parameters = String::from_utf8(parameters)?;
    for text in [capability, &parameters] {
        if text.len() > MAX_TEXT {
            let message = [NAME, " takes at most 1 MiB of parameters for a capability"].concat();
            return Err(Error::new(code::TOO_LARGE, message));
        }
    }
    filled(room, "the capability's answer", |buffer| {
        neo_mind::invoke_capability(capability, &parameters, buffer)
    })
}

/// Returns the bytes that an import wrote into a buffer, unless it cut them off.
fn filled(room: usize, what: &str, fill: impl FnOnce(&mut [u8]) -> i32) -> Result<Vec<u8>> {
    let mut buffer = vec![0; room];
    let status = fill(&mut buffer);
    match usize::try_from(status) {
        Ok(len) if len < room => {
            buffer.truncate(len);
            Ok(buffer)
        }
        // The runner writes at most `room` bytes, and exactly as many when it has cut something
        // off.
        Ok(_) => {
            let message = [what, " does not fit into its buffer, and was cut off"].concat();
            Err(Error::new(code::TOO_LARGE, message).with_details(&Room { room }))
        }
        Err(_) => {
            let action = ["return ", what].concat();
            Err(unexplained(NAME, &action))
        }
    }
}

#[derive(Serialize)]
struct Room {
    room: usize,
}

/// The members by which the platform reports success or failure.
#[derive(Deserialize)]
struct Outcome {
    success: Option<bool>,
    error: Option<String>,
}

fn answer_of<T: DeserializeOwned>(capability: &str, answer: &[u8]) -> Result<T> {
    let arena = Arena::new();
    // Anything but an object reports no outcome.
    if let Ok(Outcome { success, error }) = json::read(answer, &arena)
        && !success.unwrap_or(error.is_none())
    {
        let message = error.unwrap_or_else(|| [NAME, " could not do ", capability].concat());
        return Err(Error::msg(message));
    }
    json::read(answer, &arena).map_err(|fault| {
        let error = fault
            .in_member(capability)
            .into_error("the platform's answer");
        error.with_code(code::BAD_ANSWER)
    })
}

/// An event that the platform has collected for the plugin.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Event {
    /// The type, such as `device::metric`.
    pub event_type: String,
    /// The data of the event.
    pub payload: serde_json::Value,
}

/// Starts to collect events of a type, for a later call of [`poll`]. Returns the number of the
/// subscription, which the plugin must store: its next call has an instance of its own. The type
/// `all` matches all events.
///
/// # Errors
///
/// `unavailable` if the platform refuses.
pub fn subscribe(event_type: &str) -> Result<i64> {
    match neo_mind::event_subscribe(event_type, "{}") {
        number if number >= 0 => Ok(number),
        _ => Err(unexplained(NAME, "subscribe to events")),
    }
}

/// Returns the events collected since the last call, oldest first. The platform keeps 1000 of them.
///
/// # Errors
///
/// `unavailable`; `too_large` if the events have 1 MiB or more, and are lost; `bad_answer` if they
/// do not have the form of events.
pub fn poll(subscription: i64) -> Result<Vec<Event>> {
    let events = filled(EVENTS_ROOM, "the events", |buffer| {
        neo_mind::event_poll(subscription, buffer)
    })?;
    let arena = Arena::new();
    json::read(&events, &arena).map_err(|fault| {
        let error = fault
            .in_member("events")
            .into_error("the platform's answer");
        error.with_code(code::BAD_ANSWER)
    })
}

/// Ends a subscription.
///
/// # Errors
///
/// `unavailable`, also if there is no such subscription.
pub fn unsubscribe(subscription: i64) -> Result<()> {
    match neo_mind::event_unsubscribe(subscription) {
        0 => Ok(()),
        _ => Err(unexplained(NAME, "end the subscription")),
    }
}

/// The contract of an extension with the runner.
#[doc(hidden)]
pub struct Contract;

impl Log for Contract {
    /// The runner cannot say which levels it wants.
    fn max_level(&mut self) -> u32 {
        level::TRACE
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        let line = [target, ": ", message].concat();
        neo_mind::log(level_of(level), start(&line, MAX_TEXT));
    }
}

/// Returns the runner's name for a level of the `log` crate. It has none below `debug`.
fn level_of(level: u32) -> &'static str {
    match level {
        1 => "error",
        2 => "warn",
        3 => "info",
        _ => "debug",
    }
}

/// Returns as much of a text as the runner takes: it drops a log line that is longer.
fn start(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // No panic message for a case that cannot occur.
    text.get(..end).unwrap_or_default()
}

impl Time for Contract {
    fn now(&mut self, nanoseconds: &mut u64) -> Result<()> {
        let milliseconds = u64::try_from(neo_mind::timestamp_ms());
        let since_1970 = milliseconds.ok().and_then(|ms| ms.checked_mul(1_000_000));
        *nanoseconds = since_1970.ok_or_else(|| {
            Error::new(
                code::BAD_ANSWER,
                "the platform's clock shows a time before 1970",
            )
        })?;
        Ok(())
    }

    fn monotonic(&mut self, _: &mut u64) -> Result<()> {
        Err(not_there(NAME, "has no monotonic clock"))
    }
}

impl Events for Contract {
    fn emit(&mut self, topic: &str, data: &[u8]) -> Result<()> {
        let parameters = object(|parameters| {
            parameters.string("event_type", topic);
            parameters.json("payload", data);
        });
        let answer = ask("event_publish", parameters, USUAL_ROOM)?;
        answer_of::<serde::de::IgnoredAny>("event_publish", &answer).map(drop)
    }

    fn subscribe(&mut self, _: &str) -> Result<()> {
        Err(not_there(
            NAME,
            "calls no extension on events: `plugin_sdk::hosts::neomind` has functions that return the collected ones",
        ))
    }

    fn unsubscribe(&mut self, topic: &str) -> Result<()> {
        self.subscribe(topic)
    }
}

unsupported!(Contract at "NeoMind": Ai, Config, Files, Http, Kv, Random);

impl ContractTerms for Contract {
    type Kept = Json;
    type Settings = Json;
    const REPORTS_PANICS: bool = true;

    /// The runner passes no configuration.
    fn configuration() -> Option<Vec<u8>> {
        Some(Vec::new())
    }

    #[inline]
    fn report_panic(line: &str) {
        neo_mind::log("error", start(line, MAX_TEXT));
    }
}

/// The answer to a host that has overwritten the guest's memory.
struct Overrun;

impl Immediate for Overrun {
    const TEXT: &'static str = r#"{"success":false,"error":"the arguments reach into the memory that the extension itself uses: at most 1000000 bytes can be passed","code":"too_large"}"#;
}

/// The log line for a module whose memory has no room for an answer.
const NO_PLACE: &str = "this module cannot run in NeoMind, which uses the lowest 128 KiB of its memory: build it with the stack first, which is the default, and of 256 KiB or more";

/// Returns the version of the interface for extensions that this contract follows.
#[doc(hidden)]
pub fn abi_version() -> u32 {
    3
}

/// `execute_command_json`: runs the command that the input names, and returns the length of the
/// answer.
#[doc(hidden)]
pub fn execute(address: u32, len: u32) -> u32 {
    if !fixed::Layout::now().is_idle_below(HOSTS_OWN) {
        no_place();
    }
    let mut answer = Vec::new();
    if address != 0 {
        let error = Error::new(
            code::INVALID_ARGUMENT,
            "NeoMind puts the input of a command at address 0, and passed another address",
        );
        failed(&error.to_json(), &mut answer);
        return deliver(answer);
    }
    let Some(input) = fixed::take(len as usize) else {
        // Nothing in memory is reliable now.
        match fixed::put_immediate::<ANSWER, Overrun>() {
            Some(len) => return len as u32,
            None => no_place(),
        }
    };
    match request(input) {
        Ok((name, mut arguments)) => run(&name, &mut arguments, &mut answer),
        Err(error) => failed(&error.to_json(), &mut answer),
    }
    deliver(answer)
}

/// Returns the command's name, and its arguments as they are in the input.
fn request(input: Vec<u8>) -> Result<(String, Vec<u8>)> {
    let arena = Arena::new();
    let (name, arguments) =
        members(&input, &arena).map_err(|fault| fault.into_error("the input"))?;
    let name =
        name.ok_or_else(|| Error::new(code::INVALID_JSON, "the input names no `command`"))?;
    // A caller may pass `null` for no arguments.
    let arguments = if arguments == "null" { "" } else { arguments };
    Ok((name.to_owned(), arguments.as_bytes().to_vec()))
}

fn members<'a>(
    input: &'a [u8],
    arena: &'a Arena,
) -> Result<(Option<&'a str>, &'a str), DecodeError> {
    let (mut name, mut arguments) = (None, "");
    let mut reader = Reader::new(input, arena);
    reader.open_object()?;
    let mut first = true;
    while let Some(member) = reader.member(first)? {
        first = false;
        match member {
            "command" => name = Some(reader.value(Reader::kept_string)?),
            "args" => arguments = reader.value(Reader::raw)?,
            _ => drop(reader.raw()?),
        }
    }
    reader.end()?;
    Ok((name, arguments))
}

/// Runs a command and writes its answer in the form that the runner expects.
fn run(name: &str, arguments: &mut [u8], answer: &mut Vec<u8>) {
    if matches!(
        call::codec(name.as_bytes()),
        Some(Codec::Raw | Codec::Binary)
    ) {
        let shown = start(name, 64);
        let what = [
            "passes JSON only, and the command `",
            shown,
            "` takes bytes",
        ]
        .concat();
        return failed(&not_there(NAME, &what).to_json(), answer);
    }
    call::command(name.as_bytes(), arguments, |_, reply| match reply.failed {
        true => failed(reply.bytes, answer),
        false => {
            let result: &[u8] = match reply.bytes {
                [] => b"null",
                bytes => bytes,
            };
            let mut object = Object::begin(answer);
            object.json("success", b"true");
            object.json("result", result);
            object.end();
        }
    });
}

/// Writes the answer of a failed call: the message, which the runner passes on, followed by all
/// members of the error.
fn failed(error: &[u8], answer: &mut Vec<u8>) {
    let (_, message) = call::code_and_message(error);
    answer.clear();
    let mut object = Object::begin(answer);
    object.json("success", b"false");
    object.string("error", &message);
    if let [b'{', members @ .., b'}'] = error {
        object.members(members);
    }
    object.end();
}

/// Puts an answer where the runner reads it, or an error if it is too long.
fn deliver(mut answer: Vec<u8>) -> u32 {
    if answer.len() > MAX_ANSWER {
        failed(&too_long(answer.len()).to_json(), &mut answer);
    }
    if !fixed::put::<ANSWER>(&answer) {
        no_place();
    }
    answer.len() as u32
}

#[cold]
fn too_long(bytes: usize) -> Error {
    #[derive(Serialize)]
    struct Sizes {
        bytes: usize,
        limit: usize,
    }
    let message = [
        NAME,
        " reads answers of at most 65535 bytes, and this one is longer",
    ]
    .concat();
    Error::new(code::TOO_LARGE, message).with_details(&Sizes {
        bytes,
        limit: MAX_ANSWER,
    })
}

/// Ends the call without an answer, because no place in memory is free for one. The log line is
/// only as reliable as the memory that holds it.
#[cold]
fn no_place() -> ! {
    neo_mind::log("error", NO_PLACE);
    std::process::abort()
}

/// `get_descriptor_json`: describes the plugin and its commands. Returns 0 if the description does
/// not fit; the runner then reads a file next to the module.
#[doc(hidden)]
pub fn describe(metadata: &str) -> u32 {
    if !fixed::Layout::now().is_idle_below(HOSTS_OWN) {
        no_place();
    }
    let mut descriptor = b"{\"metadata\":".to_vec();
    descriptor.extend_from_slice(metadata.as_bytes());
    descriptor.extend_from_slice(b",\"metrics\":[],\"commands\":[");
    let mut last = "";
    // Searches for the next name each time: sorting would cost four kilobytes of code.
    while let Some((name, described)) = command_behind(last) {
        if !last.is_empty() {
            descriptor.push(b',');
        }
        descriptor.extend_from_slice(described.as_bytes());
        last = name;
    }
    descriptor.extend_from_slice(b"]}");
    if descriptor.len() > MAX_ANSWER {
        neo_mind::log(
            "error",
            "the description of the plugin is longer than the 65535 bytes that NeoMind reads: shorten its doc comments",
        );
        return 0;
    }
    if !fixed::put::<ANSWER>(&descriptor) {
        no_place();
    }
    descriptor.len() as u32
}

/// Returns the next command by name and its description. Commands that take bytes are left out.
fn command_behind(last: &str) -> Option<(&'static str, &'static str)> {
    let plugin = registry::plugin();
    let commands = plugin.iter().filter_map(|entry| match entry.kind {
        Kind::Command(Codec::Json, _) => Some((entry.name, entry.described)),
        _ => None,
    });
    commands.filter(|(name, _)| *name > last).min()
}

/// Writes the description of a plugin.
#[doc(hidden)]
pub const fn write_metadata(identity: &Identity, sink: &mut Sink<'_>) {
    let mut object = ObjectWriter::begin(sink);
    object.string("id", identity.id);
    object.string("name", identity.name);
    object.string("version", identity.version);
    object.text("description", identity.description);
    // The runner takes one author.
    if let [author, ..] = identity.authors {
        object.string("author", author);
    }
    object.array("config_parameters").end();
    object.end();
}

/// Writes the description of a command.
#[doc(hidden)]
pub const fn write_command(name: &str, command: &Command, sink: &mut Sink<'_>) {
    let mut object = ObjectWriter::begin(sink);
    object.string("name", name);
    object.string("display_name", name);
    object.string("description", command.description);
    let mut parameters = object.array("parameters");
    if let Some(values) = command.interface.values() {
        let mut nth = 0;
        while let Some(parameter) = Parameter::of(values.arguments, nth) {
            write_parameter(&parameter, parameters.item());
            nth += 1;
        }
    }
    parameters.end();
    object.array("samples").end();
    object.end();
}

const fn write_parameter(parameter: &Parameter, sink: &mut Sink<'_>) {
    let mut object = ObjectWriter::begin(sink);
    object.value("name").raw(parameter.name());
    object.value("display_name").raw(parameter.name());
    let description = object.value("description");
    if !parameter.write_description(description) {
        description.raw("\"\"");
    }
    let kind = match parameter.form() {
        Form::Integer => "integer",
        Form::Number => "float",
        Form::Boolean => "boolean",
        // The runner has no name for arrays and objects, and takes a name that it does not know for
        // this one.
        Form::String | Form::Other => "string",
    };
    object.string("param_type", kind);
    let required = if parameter.is_required() {
        "true"
    } else {
        "false"
    };
    object.value("required").raw(required);
    object.end();
}

/// Defines the exports of every extension.
#[doc(hidden)]
#[macro_export]
macro_rules! __neomind_plugin {
    ($plugin:ty, $identity:tt) => {
        const METADATA: &::core::primitive::str =
            $crate::__rendered!(|sink| $crate::contracts::neomind::write_metadata(
                &$identity, sink
            ));

        #[unsafe(export_name = "get_descriptor_json")]
        extern "C" fn describe() -> ::core::primitive::u32 {
            $crate::contracts::neomind::describe(METADATA)
        }

        $crate::__exports! {
            "execute_command_json" => neomind::execute(address: u32, len: u32) -> u32;
            // The platform's own SDK exports it; the runner does not call it.
            "neomind_extension_abi_version" => neomind::abi_version() -> u32;
        }
    };
}

/// Announces a command, with its description if the runner can call it. A command that takes bytes
/// has none.
#[doc(hidden)]
#[macro_export]
macro_rules! __neomind_command {
    ($name:literal, Json, $described:tt, $export:item) => {
        $crate::__announce_command! {
            $name,
            Json,
            $crate::__rendered!(|sink| {
                $crate::contracts::neomind::write_command($name, &$described, sink)
            }),
            $export
        }
    };
    ($name:literal, $codec:ident, $described:tt, $export:item) => {
        $crate::__announce_command! { $name, $codec, "", $export }
    };
}

// The runner calls no hook.
#[doc(hidden)]
pub use crate::{
    __neomind_command as export_command, __neomind_plugin as export_plugin,
    __not_exported as export_batch, __not_exported as export_hook, __not_exported as export_state,
    __panic_record as export_record,
};
