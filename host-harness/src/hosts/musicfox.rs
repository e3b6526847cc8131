//! go-musicfox v2, by its WebAssembly guide: `docs/hosts/musicfox.md`.

use std::collections::BTreeMap;
use std::time::Duration;

use plugin_sdk::Error;
use plugin_sdk::abi;
use plugin_sdk::hosts::musicfox::{Further, Musicfox, further, musicfox};
use plugin_sdk::imports::Block;
use plugin_sdk::json::object;
use plugin_sdk::services::events::Events;
use plugin_sdk::services::files::Files;
use serde_json::{Value, json};

use super::contract::{HostContract, HostLimits};
use super::emulator::{Emulation, Emulator, Surroundings, Words, or_empty_object};
use super::guest::{Allocator, Guest};
use crate::abi::{ExportedFunction, I32, check_command};
use crate::failure::{Failure, FailureKind, Region};
use crate::run::argument_len;
use crate::services::setting;
use crate::sync::Shared;
use crate::text;
use crate::wasm::inspect::Inspection;

const INITIALIZE: &str = "initialize";
const START: &str = "start";
const STOP: &str = "stop";
const CLEANUP: &str = "cleanup";
const PROCESS_AUDIO: &str = "process_audio";
const HANDLE_EVENT: &str = "handle_event";
const GET_METADATA: &str = "get_metadata";
const GET_VERSION: &str = "get_version";
const MALLOC: &str = "malloc";
const FREE: &str = "free";

/// The host of the guide binds eight of them, and lists the other two.
const EXPORTS: [ExportedFunction; 9] = [
    (INITIALIZE, &[I32, I32], &[I32], true),
    (START, &[], &[I32], true),
    (STOP, &[], &[I32], true),
    (CLEANUP, &[], &[I32], true),
    (PROCESS_AUDIO, &[I32, I32, I32], &[I32], true),
    (GET_METADATA, &[], &[I32], true),
    (MALLOC, &[I32], &[I32], true),
    (HANDLE_EVENT, &[I32, I32], &[I32], false),
    (GET_VERSION, &[], &[I32], false),
];

pub(super) const CONTRACT: HostContract = HostContract {
    name: "musicfox",
    summary: "go-musicfox v2, by its guide for WebAssembly plugins",
    feature: Some("host-musicfox"),
    // 30 MB, as the guide's sidecar has it for plugins in Rust.
    memory_pages: 480,
    limits: HostLimits {
        fuel: None,
        timeout: Some(Duration::from_secs(30)),
        asked: true,
    },
    asks: &EXPORTS,
    further_rules: |inspection| {
        let free = wrong_free(inspection).into_iter();
        free.chain(wrong_positions(inspection)).collect()
    },
    modules: &["env"],
    allocator: Some(Allocator {
        alloc: MALLOC,
        free: FREE,
        alignment: 1,
    }),
    emulator: |surroundings| {
        let functions = Functions {
            host: surroundings,
            own: Shared::default(),
            turn: Shared::default(),
        };
        let player = Player {
            turn: functions.turn.clone(),
            running: false,
        };
        let provided = [
            musicfox::provide(functions.clone()),
            further::provide(functions),
        ];
        Emulation::new(provided, player)
    },
    words,
    ..super::native::CONTRACT
};

/// Returns a failure unless the module has one of the two forms of `free`: the guide's C sample has
/// one, and its Rust sample the other.
fn wrong_free(inspection: &Inspection<'_>) -> Option<Failure> {
    let interface = inspection.interface();
    let by_address = check_command(interface, FREE, &[I32], &[])?;
    check_command(interface, FREE, &[I32, I32], &[]).map(|_| by_address)
}

/// The functions that the host passes by position, whatever their names in the module.
const POSITIONS: [&str; 3] = ["host_log", "host_get_config", "host_emit_event"];

/// Returns a failure for a wrong order of imports. A module that imports further functions of the
/// host is for a host that resolves names.
fn wrong_positions(inspection: &Inspection<'_>) -> Option<Failure> {
    let imports = inspection.imports().iter().map(|imported| &imported.import);
    let names: Vec<_> = imports
        .map(|import| match import.module.as_str() {
            "env" => import.name.clone(),
            module => format!("{module}.{}", import.name),
        })
        .collect();
    let further = names.iter().any(|name| !POSITIONS.contains(&name.as_str()));
    if further || names == POSITIONS {
        return None;
    }
    let found = match names.as_slice() {
        [] => "it imports nothing".to_owned(),
        names => format!("it imports {}", names.join(", ")),
    };
    let rule = "host_log, host_get_config and host_emit_event are passed by position: a plugin imports all three, in this order";
    Some(Failure::load(CONTRACT.guest_rules().violation(rule, found)).with_hint(
        "a plugin built with its feature `host-musicfox` does so; elsewhere, refer to all three in one place, in this order: docs/hosts/musicfox.md",
    ))
}

struct Player {
    turn: Shared<Turn>,
    running: bool,
}

/// Data that the guest has passed to its host during one operation.
#[derive(Default)]
struct Turn {
    /// The event that calls a command, during a command: `command.greet`.
    call: String,
    /// The bytes that were emitted as the command's result or error.
    answer: Option<Result<Vec<u8>, Vec<u8>>>,
    /// The last line of the log about an error.
    error_line: Option<String>,
}

impl Emulator for Player {
    fn load(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        let metadata = constant_text(guest, GET_METADATA)?;
        let metadata: Value = crate::run::json::decode(&metadata, Region::Result)
            .map_err(|kind| guest.failure(kind))?;
        let rule =
            "`get_metadata` returns the plugin's id, name, version, description, author and tags";
        let text_of = |member| metadata.get(member).and_then(Value::as_str);
        for member in ["id", "name", "version", "description", "author"] {
            if text_of(member).is_none() {
                return Err(guest.breaks(rule, format!("its `{member}` is not text")));
            }
        }
        let tags = metadata.get("tags").and_then(Value::as_array);
        if !tags.is_some_and(|tags| tags.iter().all(Value::is_string)) {
            return Err(guest.breaks(rule, "its `tags` are not a list of texts"));
        }
        if guest.has(GET_VERSION) {
            let version = constant_text(guest, GET_VERSION)?;
            if text_of("version").map(str::as_bytes) != Some(&version) {
                return Err(guest.breaks(
                    "`get_version` returns the same version as `get_metadata`",
                    format!("it is {:?}", String::from_utf8_lossy(&version)),
                ));
            }
        }
        Ok(())
    }

    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure> {
        // The host of the guide encodes a map as JSON.
        let config = or_empty_object(config);
        let address = allocate(guest, config.len(), "failed to allocate memory for config")?;
        guest.write(address, config)?;
        self.begin("");
        let status: i32 = guest.call(INITIALIZE, (address, config.len() as u32))?;
        guest.free(address)?;
        self.expect_zero(guest, INITIALIZE, status)
    }

    fn start(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        self.run(guest, START)?;
        self.running = true;
        Ok(())
    }

    /// A plugin that does not run is not stopped.
    fn stop(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        if !self.running {
            return Ok(());
        }
        self.run(guest, STOP)?;
        self.running = false;
        Ok(())
    }

    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        if name != PROCESS_AUDIO {
            return self.by_event(guest, name, arguments);
        }
        const SAYS: [&str; 2] = [
            "failed to allocate input memory",
            "failed to allocate output memory",
        ];
        let (outputs, failed) = self.process_audio(guest, &[arguments], SAYS)?;
        match failed {
            Some(status) => Err(self.refused(guest, PROCESS_AUDIO, status)),
            None => Ok(outputs.concat()),
        }
    }

    /// Implements `ProcessAudioBatch`.
    fn batch(
        &mut self,
        guest: &mut Guest,
        name: &str,
        inputs: &[&[u8]],
    ) -> Result<Vec<Vec<u8>>, Failure> {
        if name != PROCESS_AUDIO {
            return Err(guest.lacks("batches of anything but audio"));
        }
        const SAYS: [&str; 2] = [
            "failed to allocate batch input memory",
            "failed to allocate batch output memory",
        ];
        let (outputs, failed) = self.process_audio(guest, inputs, SAYS)?;
        let Some(status) = failed else {
            return Ok(outputs);
        };
        let says = format!("batch process error at index {}: {status}", outputs.len());
        let failure = self.refused(guest, PROCESS_AUDIO, status);
        Err(failure.with_host_says(says))
    }

    fn event(&mut self, guest: &mut Guest, topic: &str, data: &[u8]) -> Result<(), Failure> {
        self.begin("");
        let status = handle_event(guest, topic, data)?;
        self.expect_zero(guest, HANDLE_EVENT, status)
    }

    fn cleanup(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        self.stop(guest)?;
        self.run(guest, CLEANUP)
    }
}

impl Player {
    /// Forgets earlier messages, and sets the event that calls a command now.
    fn begin(&self, call: &str) {
        *self.turn.lock() = Turn {
            call: call.to_owned(),
            ..Turn::default()
        };
    }

    /// Calls an export without parameters.
    fn run(&self, guest: &mut Guest, export: &'static str) -> Result<(), Failure> {
        self.begin("");
        let status: i32 = guest.call(export, ())?;
        self.expect_zero(guest, export, status)
    }

    fn expect_zero(&self, guest: &Guest, export: &'static str, status: i32) -> Result<(), Failure> {
        match status {
            0 => Ok(()),
            status => Err(self.refused(guest, export, status)),
        }
    }

    /// Returns the failure of a status that is not success. Only the log has the reason.
    fn refused(&self, guest: &Guest, export: &'static str, status: i32) -> Failure {
        let says = format!("{export} returned error code: {status}");
        let code = Error::from_status(status).code().to_owned();
        let error = match self.turn.lock().error_line.take() {
            Some(line) => Error::new(code, line).context(says.clone()),
            None => Error::new(code, says.clone()),
        };
        guest.refused(error).with_host_says(says)
    }

    /// Processes audio in one block for all inputs, one of twice the size for all outputs, and the
    /// same offsets in both. Returns the outputs up to the first input that fails, and its status.
    /// `says` are the host's words for an input and an output without memory.
    fn process_audio(
        &mut self,
        guest: &mut Guest,
        inputs: &[&[u8]],
        says: [&'static str; 2],
    ) -> Result<(Vec<Vec<u8>>, Option<i32>), Failure> {
        self.expect_running(guest)?;
        self.begin("");
        let len = inputs.iter().map(|input| input.len()).sum();
        let input = allocate(guest, len, says[0])?;
        let output = Output::of(guest, len, says[1])?;
        let mut offset = 0;
        let mut outputs = Vec::with_capacity(inputs.len());
        let mut failed = None;
        for block in inputs {
            // Within the block of all inputs, whose length has 32 bits.
            let address = input.wrapping_add(offset as u32);
            guest.write(address, block)?;
            match output.process(guest, (address, block.len()), offset)? {
                Ok(bytes) => outputs.push(bytes),
                Err(status) => {
                    failed = Some(status);
                    break;
                }
            }
            offset += block.len();
        }
        output.free(guest)?;
        guest.free(input)?;
        Ok((outputs, failed))
    }

    fn expect_running(&self, guest: &Guest) -> Result<(), Failure> {
        match self.running {
            true => Ok(()),
            false => Err(guest
                .lacks("`process_audio` before `start`, or after `stop`")
                .with_host_says("plugin not running")),
        }
    }

    /// Calls a command in the only way that the exports of this host permit.
    fn by_event(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let call = format!("command.{name}");
        self.begin(&call);
        let status = handle_event(guest, &call, arguments)?;
        let answer = self.turn.lock().answer.take();
        match answer {
            Some(Ok(result)) if status == 0 => Ok(result),
            Some(Err(error)) if status < 0 => Err(guest.failed(&error)),
            None if status < 0 => Err(self.refused(guest, HANDLE_EVENT, status)),
            None => Err(guest.breaks(
                "the event `command.<name>` is answered by the event `command.<name>.result`, or `command.<name>.error`",
                format!("`handle_event` returned {status}, and there was no answer"),
            )),
            Some(answer) => Err(guest.breaks(
                "`handle_event` returns 0 if a command succeeds, and a number below 0 if it fails",
                format!(
                    "it returned {status} after the event `{call}.{}`",
                    if answer.is_ok() { "result" } else { "error" }
                ),
            )),
        }
    }
}

/// Allocates memory. The host of the guide also asks for zero bytes, and expects an address.
fn allocate(guest: &mut Guest, len: usize, says: &'static str) -> Result<u32, Failure> {
    let size = argument_len(len).map_err(|kind| guest.failure(kind))?;
    guest
        .alloc(size)
        .map_err(|failure| failure.with_host_says(says))
}

/// The bytes after an output, which must stay as they are.
const FENCE: [u8; 64] = [0xfe; 64];

/// The content of an output before it is written.
const UNWRITTEN: u8 = 0xa5;

/// The largest gap of an allocator between two neighbouring blocks, in bytes.
const BETWEEN: u32 = 32;

/// The largest gap that stays unchanged while both blocks live, in bytes: a larger one may be a
/// free block, in which the allocator writes.
const STILL: u32 = 8;

/// The number of attempts to allocate two neighbouring blocks.
const TRIES: usize = 8;

/// The output for audio: twice as long as the input, as in the host of the guide, and with a fence
/// after it, which a real host lacks.
struct Output {
    address: u32,
    len: u32,
    /// All blocks, the fence among them.
    blocks: Vec<u32>,
    /// The start of the watched range after the output, and its content up to the end of the fence.
    fence: Option<(u32, Vec<u8>)>,
}

impl Output {
    fn of(guest: &mut Guest, input: usize, says: &'static str) -> Result<Self, Failure> {
        let len = input.saturating_mul(2);
        let mut blocks = Vec::new();
        let mut output = (allocate(guest, len, says)?, len as u32);
        blocks.push(output.0);
        let mut fence = None;
        // Other blocks fill the holes in which they are, so that later ones become neighbours.
        for _ in 0..TRIES {
            if len == 0 {
                break;
            }
            let Ok(behind) = allocate(guest, FENCE.len(), says) else {
                break;
            };
            blocks.push(behind);
            let end = output.0.wrapping_add(output.1);
            if behind.checked_sub(end).is_some_and(|gap| gap <= BETWEEN) {
                fence = Some((end, behind));
                break;
            }
            match allocate(guest, len, says) {
                Ok(address) => {
                    blocks.push(address);
                    output.0 = address;
                }
                Err(_) => break,
            }
        }
        let (address, len) = output;
        guest.write(address, &vec![UNWRITTEN; len as usize])?;
        let fence = match fence {
            Some((end, behind)) => {
                guest.write(behind, &FENCE)?;
                let watched = match behind - end <= STILL {
                    true => end,
                    false => behind,
                };
                let len = behind - watched + FENCE.len() as u32;
                let bytes = guest.read(Region::Result, watched, len)?.to_vec();
                Some((watched, bytes))
            }
            None => None,
        };
        Ok(Output {
            address,
            len,
            blocks,
            fence,
        })
    }

    /// Runs `process_audio` for the input at an address, with the output at an offset, and returns
    /// its bytes, or its number if it failed.
    fn process(
        &self,
        guest: &mut Guest,
        (input, len): (u32, usize),
        offset: usize,
    ) -> Result<Result<Vec<u8>, i32>, Failure> {
        let output = self.address.wrapping_add(offset as u32);
        let written: i32 = guest.call(PROCESS_AUDIO, (input, len as u32, output))?;
        if let Some((watched, bytes)) = &self.fence
            && guest.read(Region::Result, *watched, bytes.len() as u32)? != bytes
        {
            return Err(guest.breaks(
                "the output is twice as long as the input, and the plugin writes nothing after it",
                format!(
                    "`process_audio` wrote past the {} bytes at {:#x}",
                    self.len, self.address
                ),
            ));
        }
        let Ok(bytes) = u32::try_from(written) else {
            return Ok(Err(written));
        };
        let room = self.len.saturating_sub(offset as u32);
        if bytes > room {
            return Err(guest.breaks(
                "`process_audio` returns how many bytes it wrote to the output, which is twice as long as the input",
                format!("it returned {bytes} for {room} bytes of room"),
            ));
        }
        if bytes == 0 {
            let untouched = guest.read(Region::Result, output, room.min(len as u32))?;
            if untouched.iter().any(|byte| *byte != UNWRITTEN) && offset == 0 {
                return Err(guest.breaks(
                    "`process_audio` returns how many bytes it wrote to the output",
                    "it returned 0 and wrote something, which no host reads",
                ));
            }
        }
        Ok(Ok(guest.copy(Region::Result, output, bytes)?))
    }

    fn free(&self, guest: &mut Guest) -> Result<(), Failure> {
        self.blocks.iter().try_for_each(|block| guest.free(*block))
    }
}

/// Calls the export for events, whose data are text: the text of a string, unless a plugin would
/// misread it, and JSON for all other values.
fn handle_event(guest: &mut Guest, topic: &str, data: &[u8]) -> Result<i32, Failure> {
    if !guest.has(HANDLE_EVENT) {
        return Err(guest.lacks("events for a plugin without `handle_event`"));
    }
    let plain: Option<String> = match data.trim_ascii_start() {
        [b'"', ..] => serde_json::from_slice(data).ok(),
        _ => None,
    };
    let text = match plain {
        Some(text) if !text.is_empty() && !is_json(text.as_bytes()) => text.into(),
        _ => String::from_utf8_lossy(data),
    };
    // Go writes the members of a map in the order of their names.
    let event = object(|event| {
        event.string("data", &text);
        event.string("type", topic);
    });
    let address = allocate(guest, event.len(), "failed to allocate memory for event")?;
    guest.write(address, &event)?;
    let status = guest.call(HANDLE_EVENT, (address, event.len() as u32))?;
    guest.free(address)?;
    Ok(status)
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// The longest text that is not shortened in reports, in bytes.
const MAX_TEXT: u32 = 64 * 1024;

/// Reads text that ends with a zero byte, which the host never frees.
fn constant_text(guest: &mut Guest, export: &'static str) -> Result<Vec<u8>, Failure> {
    let first: u32 = guest.call(export, ())?;
    let text = guest
        .read_terminated(Region::Result, first, MAX_TEXT)?
        .to_vec();
    let second: u32 = guest.call(export, ())?;
    if first != second || guest.read_terminated(Region::Result, second, MAX_TEXT)? != text {
        return Err(guest.breaks(
            "text that the host does not free is the same at the same place at every call",
            format!("`{export}` returned {first:#x} at first, and {second:#x} then"),
        ));
    }
    Ok(text)
}

/// The host's functions, on top of the services.
#[derive(Clone)]
struct Functions {
    host: Surroundings,
    /// Settings that the plugin has changed, where the configuration is not the one in memory.
    own: Shared<BTreeMap<String, String>>,
    turn: Shared<Turn>,
}

/// The beginnings of the paths that a plugin may use.
const ALLOWED_PATHS: [&str; 3] = ["./data/", "./config/", "./temp/"];

impl Functions {
    /// Returns an allowed path as the service names it. For any other path, the host of the guide
    /// logs a warning and returns nothing. The guide asks for a stricter check than its own, so
    /// `..` is refused as well.
    fn allowed<'a>(&mut self, path: &'a str, attempt: &str) -> Option<&'a str> {
        let begins = ALLOWED_PATHS.iter().any(|root| path.starts_with(root));
        let leads_out = path.split(['/', '\\']).any(|part| part == "..");
        if begins && !leads_out {
            return path.strip_prefix("./");
        }
        let path = text::name(path);
        let line = format!("Unauthorized file {attempt} attempt path={path}");
        self.host.log(log::Level::Warn, CONTRACT.name, &line);
        None
    }
}

impl Musicfox for Functions {
    fn log(&mut self, level: i32, message: &[u8]) {
        let message = String::from_utf8_lossy(message);
        let level = match level {
            0 => log::Level::Info,
            1 => log::Level::Warn,
            2 => log::Level::Error,
            _ => log::Level::Debug,
        };
        if level == log::Level::Error {
            self.turn.lock().error_line = Some(message.clone().into_owned());
        }
        if !message.is_empty() {
            self.host.log(level, CONTRACT.name, &message);
        }
    }

    fn get_config(&mut self, key: &str) -> Option<Block> {
        if key.is_empty() {
            return None;
        }
        let own = self.own.lock().get(key).cloned();
        let text = own.or_else(|| setting(&mut self.host.services.config, key));
        // A setting without a value is an empty text.
        Some(Block(text.map_or_else(Vec::new, String::into_bytes)))
    }

    fn emit_event(&mut self, event: &str, data: &[u8]) {
        if event.is_empty() || data.is_empty() {
            return self.host.breaches.note(
                "an event has a type and data; without one of them, the host drops it",
                "host_emit_event was called without one of them",
            );
        }
        let mut turn = self.turn.lock();
        let outcome = match turn.call.as_str() {
            "" => None,
            call => event.strip_prefix(call),
        };
        match outcome {
            Some(".result") => return turn.answer = Some(Ok(data.to_vec())),
            Some(".error") => return turn.answer = Some(Err(data.to_vec())),
            _ => drop(turn),
        }
        // Text; in an event of this SDK, it is JSON.
        let emitted = match is_json(data) {
            true => self.host.services.events.emit(event, data),
            false => {
                let text = json!(String::from_utf8_lossy(data)).to_string();
                self.host.services.events.emit(event, text.as_bytes())
            }
        };
        if let Err(error) = emitted {
            self.host
                .breaches
                .note("an event has a topic", error.message().to_owned());
        }
    }
}

impl Further for Functions {
    fn set_config(&mut self, key: &str, value: &str) {
        match &self.host.services.settings {
            Some(settings) => settings.set(key, value),
            None => {
                self.own.lock().insert(key.to_owned(), value.to_owned());
            }
        }
    }

    fn http_request(
        &mut self,
        method: &str,
        url: &str,
        body: &[u8],
        status: &mut i32,
    ) -> Option<Block> {
        let (code, body) = match self.host.send(method, url, body) {
            Ok(response) => (i32::from(response.status), response.body),
            Err(error) => (-1, error.message().as_bytes().to_vec()),
        };
        *status = code;
        Some(Block(body))
    }

    fn read_file(&mut self, path: &str) -> Option<Block> {
        let path = self.allowed(path, "access")?;
        self.host.services.files.read(path).ok().map(Block)
    }

    fn write_file(&mut self, path: &str, data: &[u8]) -> plugin_sdk::Result<()> {
        let written = match self.allowed(path, "write") {
            Some(path) => self.host.services.files.write(path, data).is_ok(),
            None => false,
        };
        // The host of the guide only reports that it failed.
        written.then_some(()).ok_or_else(|| Error::from_status(-1))
    }

    fn subscribe_event(&mut self, event: &str) -> plugin_sdk::Result<()> {
        self.host.services.events.subscribe(event)
    }
}

/// Returns the words of the host in the guide.
fn words(kind: &FailureKind) -> Words {
    match kind {
        FailureKind::MissingExport { name, .. } => match name.as_str() {
            abi::MEMORY_EXPORT => Words::says("memory export not found"),
            name => Words::says(format!("export {} not found", text::name(name))),
        }
        .build_for(CONTRACT.name),
        FailureKind::NotWasm { .. } => {
            Words::says("failed to compile WASM module").build_for(CONTRACT.name)
        }
        FailureKind::MissingImports { .. } => Words::says("failed to instantiate WASM module"),
        _ => Words::default(),
    }
}
