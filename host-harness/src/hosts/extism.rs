//! The runtime of Extism, by its crate: `docs/hosts/extism.md`.

use std::collections::BTreeMap;
use std::sync::MutexGuard;

use plugin_sdk::abi;
use plugin_sdk::hosts::extism::{self, Env, Requests};
use plugin_sdk::hosts::names;
use plugin_sdk::services::http::{Head, Http};
use plugin_sdk::services::kv::Kv;
use plugin_sdk::services::logging::Log;
use plugin_sdk::{Error, code};
use serde::Deserialize;
use serde_json::{Map, Value};
use wasmparser::{FuncType, ValType};

use super::contract::HostContract;
use super::emulator::{Emulation, Emulator, Surroundings, Words, event_object};
use super::guest::Guest;
use crate::abi::{ExportedFunction, I32};
use crate::failure::{Failure, FailureKind};
use crate::limits::Limits;
use crate::memory::PAGE;
use crate::services::setting;
use crate::sync::Shared;
use crate::text;

/// The functions that a program may call in addition to the commands, if a plugin has them.
const HOOKS: [ExportedFunction; 5] = [
    (abi::INIT_EXPORT, &[], &[I32], false),
    (abi::START_EXPORT, &[], &[I32], false),
    (abi::STOP_EXPORT, &[], &[I32], false),
    (abi::EVENT_EXPORT, &[], &[I32], false),
    (abi::CLEANUP_EXPORT, &[], &[I32], false),
];

/// The memory of the emulated Extism itself, in bytes: as much as a plugin may have.
const MAX_MEMORY: u64 = Limits::MEMORY_PAGES as u64 * PAGE;

/// The most bytes of all variables together by default.
const MAX_VARIABLES: usize = 1 << 20;

/// The bytes that Extism counts for a variable in addition to its name and its value.
const VARIABLE: usize = 48;

/// The key under which a plugin finds its configuration as a whole.
const CONFIG: &str = "config";

pub(super) const CONTRACT: HostContract = HostContract {
    name: "extism",
    summary: "Extism, by the source of its runtime",
    feature: Some("host-extism"),
    asks: &HOOKS,
    command_parameters: Some(&[]),
    modules: &["extism:host/env"],
    allocator: None,
    callable: is_callable,
    emulator: |surroundings| {
        let functions = Functions {
            kernel: Shared::default(),
            host: surroundings,
        };
        Emulation::new(extism::provide(functions.clone()), Extism { functions })
    },
    words,
    ..super::native::CONTRACT
};

/// Returns whether Extism can call an export by its name: a function of a plugin made without this
/// SDK has no parameters, and only a status as its result.
fn is_callable(name: &str, ty: &FuncType) -> bool {
    ty.params().is_empty()
        && ty.results() == [ValType::I32]
        && !name.starts_with('_')
        && !HOOKS.iter().any(|(hook, ..)| *hook == name)
}

/// The operations of Extism.
struct Extism {
    functions: Functions,
}

impl Extism {
    /// Calls an export with an input, and returns its output.
    fn call(&mut self, guest: &mut Guest, export: &str, input: &[u8]) -> Result<Vec<u8>, Failure> {
        if !guest.has(export) {
            let message = format!("Function not found: {}", text::name(export));
            return Err(guest.refused(Error::new(code::UNKNOWN_COMMAND, message)));
        }
        self.functions.kernel().begin(input);
        let status: i32 = guest.call_named(export, ())?;
        let described = self.is_described();
        let mut kernel = self.functions.kernel();
        // Extism itself only frees the memory; other kits than this SDK rely on that.
        let left = kernel.blocks.first_key_value();
        if let Some((at, block)) = left.filter(|_| described) {
            return Err(guest.breaks(
                "blocks from Extism are freed or handed over before the call ends",
                format!(
                    "{} of its blocks are not, the first being {} bytes at address {at:#x}",
                    kernel.blocks.len(),
                    block.len()
                ),
            ));
        }
        match (std::mem::take(&mut kernel.error), status) {
            (Some(error), _) if !error.is_empty() => Err(refused(guest, &error)),
            (_, 0) => Ok(std::mem::take(&mut kernel.output)),
            (_, status) => {
                let message = format!("Returned non-zero exit code: {status}");
                Err(guest.refused(Error::new(code::FAILED, message)))
            }
        }
    }

    /// Returns whether the plugin was made with this SDK, so that it has hooks and must follow the
    /// SDK's rules.
    fn is_described(&self) -> bool {
        self.functions.host.described
    }

    /// Calls a hook like a command, if the plugin has it.
    fn hook(
        &mut self,
        guest: &mut Guest,
        export: &str,
        input: &[u8],
        has_it: bool,
    ) -> Result<(), Failure> {
        match has_it {
            true => self.call(guest, export, input).map(drop),
            false => Ok(()),
        }
    }
}

/// Returns the plugin's error: in the form of the SDK, or as any text.
fn refused(guest: &Guest, error: &[u8]) -> Failure {
    match error.first() {
        Some(b'{') => guest.failed(error),
        _ => {
            let message = String::from_utf8_lossy(error).into_owned();
            guest.refused(Error::new(code::FAILED, message))
        }
    }
}

impl Emulator for Extism {
    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure> {
        self.functions.kernel().config = config.to_vec();
        let has_it = guest.has(abi::INIT_EXPORT);
        self.hook(guest, abi::INIT_EXPORT, config, has_it)
    }

    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        self.call(guest, &names::exported(name), arguments)
    }

    fn start(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        self.hook(guest, abi::START_EXPORT, b"", self.is_described())
    }

    fn stop(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        self.hook(guest, abi::STOP_EXPORT, b"", self.is_described())
    }

    fn event(&mut self, guest: &mut Guest, topic: &str, data: &[u8]) -> Result<(), Failure> {
        self.hook(guest, abi::EVENT_EXPORT, &event_object(topic, data), true)
    }

    fn cleanup(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        let has_it = guest.has(abi::CLEANUP_EXPORT);
        self.hook(guest, abi::CLEANUP_EXPORT, b"", has_it)
    }
}

/// The memory of Extism, and its data for a plugin.
#[derive(Default)]
struct Kernel {
    input: Vec<u8>,
    output: Vec<u8>,
    error: Option<Vec<u8>>,
    /// The blocks that are neither freed nor handed over, by address.
    blocks: BTreeMap<u64, Vec<u8>>,
    /// The address of the next block. No address is used twice in a call.
    top: u64,
    config: Vec<u8>,
    status: u16,
    headers: Map<String, Value>,
}

impl Kernel {
    /// Begins a call with empty memory.
    fn begin(&mut self, input: &[u8]) {
        self.input = input.to_vec();
        self.output = Vec::new();
        self.error = None;
        self.blocks = BTreeMap::new();
        self.top = 16;
    }

    fn alloc(&mut self, bytes: Vec<u8>) -> u64 {
        let length = bytes.len() as u64;
        if length == 0 || self.top + length > MAX_MEMORY {
            return 0;
        }
        let at = self.top;
        // Blocks are apart, so that a read past the end of one does not reach another.
        self.top = (at + length).next_multiple_of(16) + 16;
        self.blocks.insert(at, bytes);
        at
    }

    /// Returns the bytes from an address up to the end of their block.
    fn from(&mut self, at: u64) -> Option<&mut [u8]> {
        let (start, block) = self.blocks.range_mut(..=at).next_back()?;
        block.get_mut(usize::try_from(at - start).ok()?..)
    }
}

/// The functions of Extism, on top of the services.
#[derive(Clone)]
struct Functions {
    kernel: Shared<Kernel>,
    host: Surroundings,
}

impl Functions {
    fn kernel(&self) -> MutexGuard<'_, Kernel> {
        self.kernel.lock()
    }

    /// Takes a block over from the plugin. An invalid one is a breach.
    fn taken(&self, block: u64, what: &'static str) -> Vec<u8> {
        if let Some(bytes) = self.kernel().blocks.remove(&block) {
            return bytes;
        }
        self.host.breaches.note(
            "a block that the plugin passes to Extism is from Extism, and not freed or handed over yet",
            format!("{what} was {block:#x}, which is not such a block"),
        );
        Vec::new()
    }

    fn taken_text(&self, block: u64, what: &'static str) -> String {
        String::from_utf8(self.taken(block, what)).unwrap_or_else(|error| {
            let bytes = error.into_bytes();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.host.breaches.note(
                "names, values of the configuration and lines are UTF-8, which Extism does not check",
                format!("{what} was {text:?}"),
            );
            text
        })
    }

    /// Reads or writes within a block.
    fn within<const N: usize>(&self, at: u64, access: impl FnOnce(&mut [u8; N])) {
        let mut kernel = self.kernel();
        match kernel.from(at).and_then(|bytes| bytes.first_chunk_mut()) {
            Some(bytes) => access(bytes),
            None => {
                self.host.breaches.note(
                    "reads and writes of Extism's memory stay within blocks of the plugin",
                    format!("{N} bytes at address {at:#x} do not"),
                );
            }
        }
    }

    fn input<const N: usize>(&self, at: u64) -> [u8; N] {
        let kernel = self.kernel();
        let start = usize::try_from(at).ok();
        let bytes = start.and_then(|at| kernel.input.get(at..)?.first_chunk());
        bytes.copied().unwrap_or_else(|| {
            let len = kernel.input.len();
            self.host.breaches.note(
                "reads of the input stay within it",
                format!("{N} bytes from the byte {at} do not, as the input has {len}"),
            );
            [0; N]
        })
    }

    fn line(&mut self, level: log::Level, line: u64) {
        let line = self.taken_text(line, "the line");
        if self.host.services.logs.max_level() >= level as u32 {
            self.host.log(level, CONTRACT.name, &line);
        }
    }

    /// Returns how many bytes Extism counts for all variables.
    fn kept(&mut self) -> plugin_sdk::Result<usize> {
        let mut kept = 0;
        for name in self.host.services.kv.list("")? {
            let value = self.host.services.kv.get(&name)?;
            kept += VARIABLE + name.len() + value.map_or(0, |value| value.len());
        }
        Ok(kept)
    }

    /// Notes that Extism ends the plugin's call. A function that returns a number cannot do that;
    /// it is reported when the call returns.
    fn end(&self, why: impl Into<String>) {
        self.host
            .breaches
            .note("Extism ends a call in which this happens", why);
    }
}

impl Env for Functions {
    fn input_length(&mut self) -> u64 {
        self.kernel().input.len() as u64
    }

    fn input_load_u8(&mut self, at: u64) -> u8 {
        u8::from_le_bytes(self.input(at))
    }

    fn input_load_u64(&mut self, at: u64) -> u64 {
        u64::from_le_bytes(self.input(at))
    }

    fn alloc(&mut self, length: u64) -> u64 {
        match usize::try_from(length) {
            Ok(bytes) if length <= MAX_MEMORY => self.kernel().alloc(vec![0; bytes]),
            _ => 0,
        }
    }

    fn free(&mut self, block: u64) {
        self.taken(block, "the block to free");
    }

    fn length(&mut self, block: u64) -> u64 {
        let kernel = self.kernel();
        kernel
            .blocks
            .get(&block)
            .map_or(0, |bytes| bytes.len() as u64)
    }

    fn length_unsafe(&mut self, block: u64) -> u64 {
        self.length(block)
    }

    fn input_offset(&mut self) -> u64 {
        let mut kernel = self.kernel();
        let input = kernel.input.clone();
        kernel.alloc(input)
    }

    fn load_u8(&mut self, at: u64) -> u8 {
        let mut loaded = [0];
        self.within(at, |bytes| loaded = *bytes);
        u8::from_le_bytes(loaded)
    }

    fn load_u64(&mut self, at: u64) -> u64 {
        let mut loaded = [0; 8];
        self.within(at, |bytes| loaded = *bytes);
        u64::from_le_bytes(loaded)
    }

    fn store_u8(&mut self, at: u64, byte: u8) {
        self.within(at, |bytes| *bytes = byte.to_le_bytes());
    }

    fn store_u64(&mut self, at: u64, word: u64) {
        self.within(at, |bytes| *bytes = word.to_le_bytes());
    }

    fn output_set(&mut self, block: u64, length: u64) {
        let mut output = self.taken(block, "the output");
        match usize::try_from(length) {
            Ok(length) if length <= output.len() => output.truncate(length),
            _ => self.host.breaches.note(
                "the output is no longer than its block",
                format!("it has {length} bytes in a block of {}", output.len()),
            ),
        }
        self.kernel().output = output;
    }

    fn error_set(&mut self, block: u64) {
        let error = match block {
            0 => None,
            block => Some(self.taken(block, "the error")),
        };
        self.kernel().error = error;
    }

    fn config_get(&mut self, key: u64) -> u64 {
        let key = self.taken_text(key, "the key");
        let setting = setting(&mut self.host.services.config, &key);
        let mut kernel = self.kernel();
        let text = match setting {
            Some(text) => text.into_bytes(),
            None if key == CONFIG => kernel.config.clone(),
            None => return 0,
        };
        kernel.alloc(text)
    }

    fn var_get(&mut self, name: u64) -> u64 {
        let name = self.taken_text(name, "the variable's name");
        match self.host.services.kv.get(&name) {
            Ok(Some(value)) => self.kernel().alloc(value),
            _ => 0,
        }
    }

    fn var_set(&mut self, name: u64, value: u64) {
        let name = self.taken_text(name, "the variable's name");
        if value == 0 {
            if let Err(error) = self.host.services.kv.delete(&name) {
                self.end(format!("a variable could not be removed: {error}"));
            }
            return;
        }
        let value = self.taken(value, "the variable's value");
        let kept = match self.kept() {
            Ok(kept) => kept,
            Err(error) => return self.end(format!("the variables could not be read: {error}")),
        };
        if kept + VARIABLE + name.len() + value.len() > MAX_VARIABLES {
            return self.end("Variable store is full");
        }
        if let Err(error) = self.host.services.kv.set(&name, &value) {
            self.end(format!("a variable could not be kept: {error}"));
        }
    }

    fn http_status_code(&mut self) -> u32 {
        self.kernel().status.into()
    }

    fn http_headers(&mut self) -> u64 {
        let mut kernel = self.kernel();
        let headers = Value::Object(kernel.headers.clone()).to_string();
        kernel.alloc(headers.into_bytes())
    }

    fn log_trace(&mut self, line: u64) {
        self.line(log::Level::Trace, line);
    }

    fn log_debug(&mut self, line: u64) {
        self.line(log::Level::Debug, line);
    }

    fn log_info(&mut self, line: u64) {
        self.line(log::Level::Info, line);
    }

    fn log_warn(&mut self, line: u64) {
        self.line(log::Level::Warn, line);
    }

    fn log_error(&mut self, line: u64) {
        self.line(log::Level::Error, line);
    }

    fn get_log_level(&mut self) -> u32 {
        match self.host.services.logs.max_level() {
            0 => i32::MAX as u32,
            level => log::Level::Trace as u32 - level,
        }
    }
}

impl Requests for Functions {
    fn http_request(&mut self, head: u64, body: u64) -> u64 {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Request {
            url: String,
            #[serde(default)]
            headers: BTreeMap<String, String>,
            method: Option<String>,
        }
        let head = self.taken(head, "the request");
        let body = match body {
            0 => Vec::new(),
            body => self.taken(body, "the request's body"),
        };
        let request: Request = match serde_json::from_slice(&head) {
            Ok(request) => request,
            Err(error) => {
                self.end(format!("the request's head cannot be read: {error}"));
                return 0;
            }
        };
        let method = request.method.as_deref().unwrap_or("GET");
        let head = Head {
            method: method.to_uppercase(),
            url: request.url,
            headers: request.headers.into_iter().collect(),
            timeout_ms: None,
        };
        match self.host.services.http.send(&head, &body) {
            Ok(response) => {
                let headers = response.headers.into_iter();
                let mut kernel = self.kernel();
                kernel.status = response.status;
                kernel.headers = headers
                    .map(|(name, value)| (name, Value::String(value)))
                    .collect();
                kernel.alloc(response.body)
            }
            Err(error) => {
                self.end(format!("a request failed: {error}"));
                0
            }
        }
    }
}

/// Returns the words of the runtime.
fn words(kind: &FailureKind) -> Words {
    match kind {
        FailureKind::MissingExport { name, .. } => {
            Words::says(format!("Function not found: {}", text::name(name)))
                .build_for(CONTRACT.name)
        }
        FailureKind::OutOfFuel { .. } => Words::says("plugin ran out of fuel")
            .hint("a program raises the limit with `PluginBuilder::with_fuel_limit`"),
        FailureKind::Timeout { .. } => Words::says("timeout")
            .hint("a program raises the limit with `timeout_ms` in Extism's manifest"),
        FailureKind::OutOfMemory { .. } => Words::says("oom")
            .hint("a program raises the limit with `memory.max_pages` in Extism's manifest"),
        _ => Words::default(),
    }
}
