//! NeoTalk, by its guide for plugin authors: `docs/hosts/neotalk.md`.

use std::sync::{Arc, Mutex};

use plugin_sdk::abi;
use plugin_sdk::hosts::neotalk::{self, Neotalk};
use plugin_sdk::services::config::Config;
use plugin_sdk::services::http::{Head, Http};
use plugin_sdk::services::logging::Log;
use plugin_sdk::services::random::Random;
use plugin_sdk::services::time::Time;
use plugin_sdk::{Error, code};
use serde::Deserialize;
use serde_json::{Value, json};

use super::contract::{HostContract, HostLimits};
use super::emulator::{Breaches, Emulation, Emulator, Surroundings, Words};
use super::guest::{Allocator, Guest, Rules};
use crate::abi::{ExportedFunction, I32, check_exports};
use crate::failure::{Failure, FailureKind, Region};
use crate::permissions::Grants;
use crate::run::json as text;
use crate::services::Handles;

const INIT: &str = "neotalk_init";
const COMMAND: &str = "neotalk_command";
const GET_RESULT: &str = "neotalk_get_result";
const CLEANUP: &str = "neotalk_cleanup";
const ALLOC: &str = "neotalk_alloc";
const FREE: &str = "neotalk_free";

const EXPORTS: [ExportedFunction; 6] = [
    (INIT, &[I32, I32], &[I32], true),
    (COMMAND, &[I32, I32, I32, I32], &[I32], true),
    (GET_RESULT, &[I32, I32], &[I32], true),
    (CLEANUP, &[], &[], true),
    (ALLOC, &[I32], &[I32], false),
    (FREE, &[I32, I32], &[], false),
];

pub(super) const CONTRACT: HostContract = HostContract {
    name: "neotalk",
    summary: "NeoTalk, by its guide for WASM plugins",
    feature: Some("host-neotalk"),
    // 16 MiB.
    memory_pages: 256,
    lacks: super::native::CONTRACT.lacks,
    limits: HostLimits {
        fuel: None,
        timeout: None,
        asked: true,
    },
    asks: &EXPORTS,
    exports: |inspection| check_exports(inspection.interface(), &EXPORTS),
    modules: &["env"],
    functions: || {
        let functions = Functions::of(&Handles::in_memory(), &Grants::none(), Breaches::default());
        neotalk::provide(functions).functions().iter().collect()
    },
    rules: Rules {
        allocator: Some(Allocator {
            alloc: ALLOC,
            free: FREE,
            // The plugin writes an address and a length to it.
            alignment: 4,
        }),
        panics: abi::PANIC_EXPORT,
        fresh_instances: false,
    },
    callable: |_, _| false,
    emulator: |surroundings| {
        let Surroundings {
            services,
            grants,
            breaches,
            ..
        } = surroundings;
        Emulation {
            functions: vec![neotalk::provide(Functions::of(
                services,
                grants,
                (*breaches).clone(),
            ))],
            emulator: Box::new(Runner),
        }
    },
    words,
};

/// The operations of NeoTalk.
struct Runner;

impl Emulator for Runner {
    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure> {
        let (address, len) = guest.place(or_empty_object(config))?;
        let status: u32 = guest.call(INIT, (address, len))?;
        let outcome = match status {
            1 => Ok(()),
            0 => Err(match take_result(guest)? {
                Some(error) => told(guest, &error)?,
                None => guest.refused(Error::new(
                    code::INIT_FAILED,
                    "`neotalk_init` returned 0, and `neotalk_get_result` does not say why",
                )),
            }),
            other => Err(guest.breaks(
                "`neotalk_init` returns 1 if it succeeds, and 0 if it fails",
                format!("it returned {other}"),
            )),
        };
        guest.free(address)?;
        outcome
    }

    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let (name_address, name_len) = guest.place(name.as_bytes())?;
        let (address, len) = guest.place(or_empty_object(arguments))?;
        let status: u32 = guest.call(COMMAND, (name_address, name_len, address, len))?;
        if status > 1 {
            return Err(guest.breaks(
                "`neotalk_command` returns 0 if it succeeds, and 1 if it fails",
                format!("it returned {status}"),
            ));
        }
        let Some(bytes) = take_result(guest)? else {
            return Err(guest.breaks(
                "`neotalk_get_result` tells what the command before it came to",
                format!("it returned 1, no result, after `neotalk_command` returned {status}"),
            ));
        };
        let outcome = match status {
            0 => Ok(bytes),
            _ => Err(told(guest, &bytes)?),
        };
        guest.free(name_address)?;
        guest.free(address)?;
        outcome
    }

    fn cleanup(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        guest.call(CLEANUP, ())
    }

    fn finish(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        match take_result(guest)? {
            None => Ok(()),
            Some(_) => Err(guest.breaks(
                "`neotalk_cleanup` ends the life of everything, results too",
                "`neotalk_get_result` returned 0 after it".to_owned(),
            )),
        }
    }
}

/// The host of the document always passes an object.
fn or_empty_object(text: &[u8]) -> &[u8] {
    match text {
        [] => b"{}",
        text => text,
    }
}

/// Returns the result of `neotalk_get_result`, if there is one.
fn take_result(guest: &mut Guest) -> Result<Option<Vec<u8>>, Failure> {
    // Room for an address and a length, which the plugin writes.
    let out = guest.alloc(8)?;
    guest.write(out, &[0xff; 8])?;
    let status: u32 = guest.call(GET_RESULT, (out, out.wrapping_add(4)))?;
    let found = match status {
        0 => {
            let address = guest.read_u32(Region::Result, out)?;
            let len = guest.read_u32(Region::Result, out.wrapping_add(4))?;
            Some((address, guest.read(Region::Result, address, len)?.to_vec()))
        }
        1 => None,
        other => {
            return Err(guest.breaks(
                "`neotalk_get_result` returns 0 if there is a result, and 1 if there is none",
                format!("it returned {other}"),
            ));
        }
    };
    guest.free(out)?;
    let Some((address, bytes)) = found else {
        return Ok(None);
    };
    // Memory that is freed before it is read has another owner.
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    if guest.read(Region::Result, address, len)? != bytes {
        return Err(guest.breaks(
            "a result stays as it is until the next call, whatever the host frees",
            format!("the {len} bytes at address {address:#x} have changed since `neotalk_get_result` told of them"),
        ));
    }
    Ok(Some(bytes))
}

/// Returns the plugin's error, from the result of a failed command.
fn told(guest: &Guest, result: &[u8]) -> Result<Failure, Failure> {
    #[derive(Deserialize)]
    struct Told {
        error: String,
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        details: Option<Value>,
        #[serde(default)]
        source: Vec<String>,
    }
    let told: Told = text::decode(result, Region::Error).map_err(|kind| guest.failure(kind))?;
    // The SDK's form of an error has the same members under other names.
    let error = json!({
        "code": told.code.as_deref().unwrap_or(code::FAILED),
        "message": told.error,
        "details": told.details,
        "source": told.source,
    });
    let error = serde_json::from_value(error).map_err(|error| {
        guest.failure(FailureKind::BadJson {
            region: Region::Error,
            reason: error.to_string(),
            excerpt: String::new(),
        })
    })?;
    Ok(guest.refused(error))
}

/// NeoTalk's functions, on top of the services.
struct Functions {
    logs: Arc<Mutex<dyn Log + Send>>,
    config: Arc<Mutex<dyn Config + Send>>,
    http: Arc<Mutex<dyn Http + Send>>,
    clock: Arc<Mutex<dyn Time + Send>>,
    random: Arc<Mutex<dyn Random + Send>>,
    grants: Grants,
    breaches: Breaches,
}

impl Functions {
    fn of(services: &Handles, grants: &Grants, breaches: Breaches) -> Self {
        Functions {
            logs: Arc::clone(&services.logs),
            config: Arc::clone(&services.config),
            http: Arc::clone(&services.http),
            clock: Arc::clone(&services.clock),
            random: Arc::clone(&services.random),
            grants: grants.clone(),
            breaches,
        }
    }

    /// Sends a request and returns the status of the response. Every failure is -1: NeoTalk has no
    /// numbers for reasons.
    fn request(&mut self, method: &str, url: &str, body: &[u8]) -> plugin_sdk::Result<u32> {
        let head = Head {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            timeout_ms: None,
        };
        let granted = self.grants.check("http");
        match granted.and_then(|()| self.http.send(&head, body)) {
            Ok(response) => Ok(u32::from(response.status)),
            Err(error) => Err(error.with_code(code::FAILED)),
        }
    }
}

impl Neotalk for Functions {
    fn log(&mut self, level: u32, message: &[u8]) {
        let level = match level {
            0 => log::Level::Debug,
            1 => log::Level::Info,
            2 => log::Level::Warn,
            3 => log::Level::Error,
            other => {
                return self.breaches.note(
                    "`neotalk_log` knows the levels 0 debug, 1 info, 2 warn and 3 error",
                    format!("it was called with the level {other}"),
                );
            }
        };
        let message = String::from_utf8_lossy(message);
        if message.contains(['\0', char::REPLACEMENT_CHARACTER]) {
            self.breaches.note(
                "a line for `neotalk_log` is UTF-8 without zero bytes, and ends where its length says",
                format!("it was called with the line {message:?}"),
            );
        }
        self.logs.write(level as u32, CONTRACT.name, &message);
    }

    fn get_config(&mut self, key: &str) -> plugin_sdk::Result<Option<Vec<u8>>> {
        self.config.get(key)
    }

    fn http_get(&mut self, url: &str) -> plugin_sdk::Result<u32> {
        self.request("GET", url, b"")
    }

    fn http_post(&mut self, url: &str, body: &[u8]) -> plugin_sdk::Result<u32> {
        self.request("POST", url, body)
    }

    fn now_ms(&mut self) -> u64 {
        let mut nanoseconds = 0;
        // NeoTalk has no error for a clock that fails, which reads 0 here.
        let _ = self.clock.now(&mut nanoseconds);
        nanoseconds / 1_000_000
    }

    fn random(&mut self) -> u32 {
        let mut bytes = [0; 4];
        // The same holds for random numbers.
        let _ = self.random.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }
}

/// The four errors of the document's section on troubleshooting.
fn words(kind: &FailureKind) -> Words {
    let (says, hint) = match kind {
        FailureKind::NotWasm { .. } => (
            "Error: Failed to load WASM module: magic header not found".to_owned(),
            Some("`cargo plugin build --host neotalk` makes the file that NeoTalk loads".to_owned()),
        ),
        FailureKind::MissingExport { name, .. } => (
            format!("Error: Required export '{}' not found", crate::text::name(name)),
            Some(
                "build the plugin with its feature `host-neotalk`: `cargo plugin build --host neotalk`"
                    .to_owned(),
            ),
        ),
        FailureKind::OutOfMemory { requested, .. } => (
            OUT_OF_MEMORY.to_owned(),
            Some(format!(
                "`#[plugin(limits(memory_pages = {}))]`, `memory_pages` in the sidecar, asks for that much",
                requested.div_ceil(crate::memory::PAGE)
            )),
        ),
        FailureKind::AllocationFailed { .. } => (OUT_OF_MEMORY.to_owned(), None),
        FailureKind::OutOfFuel { .. } => (
            "Error: Fuel metering exhausted".to_owned(),
            Some("`#[plugin(limits(max_fuel = n))]`, `max_fuel` in the sidecar, asks for more".to_owned()),
        ),
        _ => return Words::default(),
    };
    Words {
        says: Some(says),
        hint,
    }
}

const OUT_OF_MEMORY: &str = "Error: Out of memory: failed to allocate";
