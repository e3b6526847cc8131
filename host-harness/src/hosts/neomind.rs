//! The extension runner of NeoMind, by its source: `docs/hosts/neomind.md`.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use plugin_sdk::abi;
use plugin_sdk::hosts::neomind::{NeoMind, neo_mind};
use plugin_sdk::services::events::Events;
use serde::Deserialize;
use serde_json::{Value, json};

use super::contract::{HostContract, HostLimits};
use super::emulator::{Emulation, Emulator, Surroundings, Words};
use super::guest::{Guest, OwnError};
use crate::abi::{ExportedFunction, I32};
use crate::failure::{Failure, FailureKind, Region};
use crate::run::json;
use crate::services::EventBus;
use crate::text;
use crate::wasm::inspect::Inspection;

const DESCRIPTOR: &str = "get_descriptor_json";
const EXECUTE: &str = "execute_command_json";

const EXPORTS: [ExportedFunction; 2] = [
    (DESCRIPTOR, &[], &[I32], true),
    (EXECUTE, &[I32, I32], &[I32], true),
];

/// The address at which the runner reads an answer.
const ANSWER: u32 = 65_536;

/// The end of the memory that the runner uses.
const HOSTS_OWN: u32 = 2 * 65_536;

/// The longest text that the runner takes from a guest's memory, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// The largest module that it loads, in bytes.
const MAX_MODULE: u64 = 50 << 20;

pub(super) const CONTRACT: HostContract = HostContract {
    name: "neomind",
    summary: "the extension runner of NeoMind",
    feature: Some("host-neomind"),
    // 256 MiB, as the runner's later versions have it; earlier ones have no limit.
    memory_pages: 4096,
    limits: HostLimits {
        fuel: Some(1_000_000),
        timeout: Some(Duration::from_secs(30)),
        asked: false,
    },
    asks: &EXPORTS,
    max_module_bytes: MAX_MODULE,
    further_rules,
    modules: &["neomind"],
    allocator: None,
    fresh_instances: true,
    emulator: |surroundings| {
        let platform = Platform {
            host: surroundings,
            heard: None,
            subscriptions: BTreeMap::new(),
            next: 1,
        };
        Emulation::new([neo_mind::provide(platform)], Runner)
    },
    words,
    ..super::native::CONTRACT
};

const BELONGS_TO_HOST: &str = "the lowest 128 KiB of memory are the host's: it puts the input at address 0, and reads the answer at address 65536";

const LENGTH: &str = "an answer has at least 1 and at most 65535 bytes";

fn further_rules(inspection: &Inspection<'_>) -> Vec<Failure> {
    let mut failures = Vec::new();
    let breaks =
        |found: String| Failure::load(CONTRACT.guest_rules().violation(BELONGS_TO_HOST, found));
    match inspection.memory() {
        Some(memory) if memory.initial * 65_536 < u64::from(HOSTS_OWN) => {
            failures.push(breaks(
                "the memory begins with less than two pages".to_owned(),
            ));
        }
        _ => {}
    }
    if let Some(lowest) = inspection
        .lowest_data()
        .filter(|lowest| *lowest < HOSTS_OWN)
    {
        failures.push(breaks(format!("its data begin at address {lowest:#x}")));
    }
    failures
}

struct Runner;

impl Emulator for Runner {
    fn load(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        let before = fill(guest, b"")?;
        let len: u32 = guest.call(DESCRIPTOR, ())?;
        let descriptor = answer(guest, DESCRIPTOR, len, &before)?;
        let described: Descriptor =
            json::decode(&descriptor, Region::Result).map_err(|kind| guest.failure(kind))?;
        described.check(guest)
    }

    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure> {
        match config {
            [] | b"{}" | b"null" => Ok(()),
            _ => Err(guest.lacks("configuration for plugins")),
        }
    }

    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        // The runner parses them, whatever the text was.
        let arguments: Value = match arguments {
            [] => Value::Null,
            text => serde_json::from_slice(text)
                .map_err(|_| guest.lacks("arguments that are not JSON"))?,
        };
        let input = json!({"args": arguments, "command": name}).to_string();
        let before = fill(guest, input.as_bytes())?;
        let len = u32::try_from(input.len()).unwrap_or(u32::MAX);
        let len: u32 = guest.call(EXECUTE, (0u32, len))?;
        let reply = answer(guest, EXECUTE, len, &before)?;
        let reply: Reply =
            json::decode(&reply, Region::Result).map_err(|kind| guest.failure(kind))?;
        match reply {
            Reply {
                success: true,
                result,
                ..
            } => Ok(result.to_string().into_bytes()),
            Reply {
                error: Some(error),
                code,
                details,
                source,
                ..
            } => Err(OwnError {
                error,
                code,
                details,
                source,
            }
            .into_failure(guest)),
            Reply { error: None, .. } => Err(guest.breaks(
                "an answer without `\"success\":true` has an `error`, which is text",
                "it has no `error`",
            )),
        }
    }
}

/// The response of a command.
#[derive(Deserialize)]
struct Reply {
    success: bool,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    details: Option<Value>,
    #[serde(default)]
    source: Vec<String>,
}

/// The description of an extension. The runner skips members of other types; the emulator reports
/// them to the author.
#[derive(Deserialize)]
struct Descriptor {
    metadata: Metadata,
    #[serde(default)]
    commands: Vec<DescribedCommand>,
}

#[derive(Deserialize)]
struct Metadata {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct DescribedCommand {
    name: String,
    #[serde(default)]
    parameters: Vec<DescribedParameter>,
}

#[derive(Deserialize)]
struct DescribedParameter {
    name: String,
    #[serde(default)]
    param_type: Option<String>,
}

/// The types that the runner knows; all others are `string` to it.
const TYPES: [&str; 5] = ["float", "integer", "boolean", "binary", "string"];

impl Descriptor {
    fn check(&self, guest: &Guest) -> Result<(), Failure> {
        if self.metadata.id.is_empty() || self.metadata.name.is_empty() {
            return Err(guest.breaks(
                "an extension has an id and a name",
                "its descriptor has an empty one",
            ));
        }
        for command in &self.commands {
            for parameter in &command.parameters {
                let ty = parameter.param_type.as_deref().unwrap_or("string");
                if !TYPES.contains(&ty) {
                    return Err(guest.breaks(
                        "a parameter is one of float, integer, boolean, binary and string",
                        format!(
                            "the parameter `{}` of the command `{}` is `{}`",
                            text::name(&parameter.name),
                            text::name(&command.name),
                            text::name(ty)
                        ),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The host's part of memory, filled with recognisable bytes that have no period.
static UNTOUCHED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let byte = |at: u32| (at.wrapping_mul(0x9e37_79b9) >> 24) as u8;
    (0..HOSTS_OWN).map(byte).collect()
});

/// Writes the input, fills the rest of the memory that belongs to the host with recognisable bytes,
/// and returns the content.
fn fill(guest: &mut Guest, input: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut memory = UNTOUCHED.clone();
    guest.write(0, &memory)?;
    guest.write(0, input)?;
    let len = input.len().min(memory.len());
    if let (Some(to), Some(from)) = (memory.get_mut(..len), input.get(..len)) {
        to.copy_from_slice(from);
    }
    Ok(memory)
}

/// Returns the guest's answer, if it is valid and the guest has written nothing else.
fn answer(guest: &Guest, export: &str, len: u32, before: &[u8]) -> Result<Vec<u8>, Failure> {
    if !(1..ANSWER).contains(&len) {
        let len = len.cast_signed();
        return Err(guest.breaks(LENGTH, format!("`{export}` returned {len}")));
    }
    let after = guest.read(Region::Result, 0, HOSTS_OWN)?;
    let (start, end) = (ANSWER as usize, (ANSWER + len) as usize);
    for beside in [0..start, end..before.len()] {
        let (before, after) = (before.get(beside.clone()), after.get(beside.clone()));
        if before == after {
            continue;
        }
        let pairs = before
            .into_iter()
            .flatten()
            .zip(after.into_iter().flatten());
        let at = pairs.take_while(|(before, after)| before == after).count() + beside.start;
        return Err(guest.breaks(
            BELONGS_TO_HOST,
            format!(
                "`{export}` wrote to address {at:#x}, and its answer is the {len} bytes from {ANSWER:#x} on"
            ),
        ));
    }
    guest.read(Region::Result, ANSWER, len).map(<[u8]>::to_vec)
}

/// The functions that an extension calls, on top of the services. Of the capabilities of the
/// platform, it has the one to publish events. A test of a plugin that uses others links an
/// implementation of its own: `.host_functions(neo_mind::provide(…))`.
struct Platform {
    host: Surroundings,
    /// The platform's place on the bus in memory, once an extension has subscribed to events. The
    /// platform receives events from no other service.
    heard: Option<EventBus>,
    subscriptions: BTreeMap<i64, Subscription>,
    next: i64,
}

#[derive(Default)]
struct Subscription {
    event_type: String,
    waiting: Vec<Value>,
}

/// The most events that are kept for a subscription.
const MAX_WAITING: usize = 1000;

impl Platform {
    fn invoke(&mut self, capability: &str, parameters: &Value) -> Value {
        match capability {
            "event_publish" => {
                let Some(event_type) = parameters["event_type"].as_str() else {
                    return json!({"success": false, "error": "Missing event_type"});
                };
                let payload = parameters.get("payload").cloned().unwrap_or(json!({}));
                match self
                    .host
                    .services
                    .events
                    .emit(event_type, payload.to_string().as_bytes())
                {
                    Ok(()) => json!({"success": true, "event_type": event_type}),
                    Err(error) => json!({"success": false, "error": error.message()}),
                }
            }
            "system_timestamp" => json!({"success": true, "timestamp_ms": self.timestamp_ms()}),
            other => json!({"success": false, "error": format!("Unknown capability: {other}")}),
        }
    }

    /// Distributes new events to the subscriptions.
    fn distribute(&mut self) {
        let Some(heard) = &self.heard else {
            return;
        };
        for event in heard.take() {
            for subscription in self.subscriptions.values_mut() {
                if !subscription.takes(&event.topic) {
                    continue;
                }
                if subscription.waiting.len() == MAX_WAITING {
                    subscription.waiting.remove(0);
                }
                let event = json!({"event_type": event.topic, "payload": event.data});
                subscription.waiting.push(event);
            }
        }
    }
}

impl Subscription {
    fn takes(&self, event_type: &str) -> bool {
        let own = self.event_type.as_str();
        own == "all"
            || own == event_type
            || event_type
                .strip_prefix(own)
                .is_some_and(|rest| rest.starts_with("::"))
    }
}

/// Writes as much of an answer as fits, and returns the number of bytes.
fn cut_off(answer: &Value, room: &mut [u8]) -> i32 {
    let answer = answer.to_string();
    let mut written = 0;
    for (to, from) in room.iter_mut().zip(answer.bytes()) {
        *to = from;
        written += 1;
    }
    written
}

impl NeoMind for Platform {
    fn invoke_capability(&mut self, capability: &str, parameters: &str, answer: &mut [u8]) -> i32 {
        if capability.len() > MAX_TEXT || parameters.len() > MAX_TEXT {
            return -1;
        }
        match serde_json::from_str(parameters) {
            Ok(parameters) => cut_off(&self.invoke(capability, &parameters), answer),
            Err(_) => -1,
        }
    }

    fn event_subscribe(&mut self, event_type: &str, _: &str) -> i64 {
        if event_type.len() > MAX_TEXT {
            return -1;
        }
        // Earlier events are for earlier subscriptions.
        self.distribute();
        if self.heard.is_none() {
            let Some(bus) = &self.host.services.bus else {
                return -1;
            };
            let mut place = bus.join();
            // A valid pattern is never refused.
            let _ = place.subscribe("**");
            self.heard = Some(place);
        }
        let number = self.next;
        self.next += 1;
        let subscription = Subscription {
            event_type: event_type.to_owned(),
            waiting: Vec::new(),
        };
        self.subscriptions.insert(number, subscription);
        number
    }

    fn event_poll(&mut self, subscription: i64, events: &mut [u8]) -> i32 {
        self.distribute();
        let waiting = match self.subscriptions.get_mut(&subscription) {
            Some(subscription) => std::mem::take(&mut subscription.waiting),
            None => Vec::new(),
        };
        cut_off(&Value::Array(waiting), events)
    }

    fn event_unsubscribe(&mut self, subscription: i64) -> i32 {
        match self.subscriptions.remove(&subscription) {
            Some(_) => 0,
            None => -1,
        }
    }

    fn free(&mut self, _: u32) {}

    fn log(&mut self, level: &str, message: &str) {
        let level = match level {
            "error" => log::Level::Error,
            "warn" => log::Level::Warn,
            "debug" => log::Level::Debug,
            _ => log::Level::Info,
        };
        let message = if message.len() > MAX_TEXT {
            ""
        } else {
            message
        };
        self.host.log(level, CONTRACT.name, message);
    }

    fn timestamp_ms(&mut self) -> i64 {
        i64::try_from(self.host.now_ms()).unwrap_or(i64::MAX)
    }
}

/// Returns the words of the runner, where they differ from the facts.
fn words(kind: &FailureKind) -> Words {
    match kind {
        // The runner acts as if there were no such export.
        FailureKind::ContractViolation { rule: LENGTH, .. } => Words::says(
            "execute_command_json not found, extension may not support new API",
        ),
        FailureKind::ContractViolation {
            rule: BELONGS_TO_HOST,
            ..
        } => Words::default().hint(
            "build the plugin with the stack before the data, which is Rust's default, and of 256 KiB or more: without `-z stack-size` and `--no-stack-first` among the linker's arguments",
        ),
        FailureKind::ModuleTooLarge { bytes, limit } => Words::says(format!(
            "WASM module too large: {bytes} bytes (max {limit} bytes)"
        ))
        .hint("`NEOMIND_WASM_MAX_SIZE_MB` lets the runner load larger ones"),
        FailureKind::MissingExport { name, .. } if name == abi::MEMORY_EXPORT => {
            Words::says("Module does not export 'memory'")
        }
        FailureKind::MissingExport { name, .. } => {
            Words::says(format!("Function '{}' not found", text::name(name)))
                .build_for(CONTRACT.name)
        }
        FailureKind::OutOfFuel { .. } => {
            Words::says("execute_command_json call failed: all fuel consumed by WebAssembly")
                .hint("`NEOMIND_WASM_FUEL` gives each call more, and `.fuel(n)` does so here")
        }
        FailureKind::Timeout { .. } => Words::says("Execution timeout"),
        FailureKind::OutOfBounds {
            region: Region::Arguments,
            ..
        } => Words::says("Failed to write input: out of bounds memory access").hint(
            "the runner asks for no memory, so that the arguments must fit into what the module begins with",
        ),
        _ => Words::default(),
    }
}
