//! NeoTalk, by its guide for plugin authors: `docs/hosts/neotalk.md`.

use plugin_sdk::hosts::neotalk::{self, Neotalk};
use plugin_sdk::services::config::Config;
use plugin_sdk::services::random::Random;
use plugin_sdk::{Error, code};

use super::contract::{HostContract, HostLimits};
use super::emulator::{Emulation, Emulator, Surroundings, Words, or_empty_object};
use super::guest::{Allocator, Guest, OwnError};
use crate::abi::{ExportedFunction, I32};
use crate::failure::{Failure, FailureKind, Region};
use crate::run::json;
use crate::text;

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
    limits: HostLimits {
        fuel: None,
        timeout: None,
        asked: true,
    },
    asks: &EXPORTS,
    modules: &["env"],
    allocator: Some(Allocator {
        alloc: ALLOC,
        free: FREE,
        // The plugin writes an address and a length to it.
        alignment: 4,
    }),
    emulator: |surroundings| Emulation::new([neotalk::provide(Functions(surroundings))], Runner),
    words,
    ..super::native::CONTRACT
};

/// The operations of NeoTalk.
struct Runner;

impl Emulator for Runner {
    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure> {
        guest.lend([or_empty_object(config)], |guest, [config]| {
            let status: u32 = guest.call(INIT, config)?;
            let rule = "`neotalk_init` returns 1 if it succeeds, and 0 if it fails";
            match guest.yes_or_no(rule, status)? {
                true => Ok(()),
                false => Err(match take_result(guest)? {
                    Some(result) => own_error(guest, &result)?,
                    None => guest.refused(Error::new(
                        code::INIT_FAILED,
                        "`neotalk_init` returned 0, and `neotalk_get_result` gives no reason",
                    )),
                }),
            }
        })
    }

    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let lent = [name.as_bytes(), or_empty_object(arguments)];
        guest.lend(lent, |guest, [(name, name_len), (arguments, len)]| {
            let status: u32 = guest.call(COMMAND, (name, name_len, arguments, len))?;
            let rule = "`neotalk_command` returns 0 if it succeeds, and 1 if it fails";
            let failed = guest.yes_or_no(rule, status)?;
            let Some(result) = take_result(guest)? else {
                return Err(guest.breaks(
                    "`neotalk_get_result` returns the result of the command before it",
                    format!("it returned 1, no result, after `neotalk_command` returned {status}"),
                ));
            };
            match failed {
                false => Ok(result),
                true => Err(own_error(guest, &result)?),
            }
        })
    }

    fn cleanup(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        guest.call::<_, ()>(CLEANUP, ())?;
        match take_result(guest)? {
            None => Ok(()),
            Some(_) => Err(guest.breaks(
                "`neotalk_cleanup` ends the plugin, results included",
                "`neotalk_get_result` returned 0 after it",
            )),
        }
    }
}

/// Returns the result of `neotalk_get_result`, if there is one.
fn take_result(guest: &mut Guest) -> Result<Option<Vec<u8>>, Failure> {
    // Room for an address and a length, which the plugin writes.
    let out = guest.alloc(8)?;
    guest.write(out, &[0xff; 8])?;
    let status: u32 = guest.call(GET_RESULT, (out, out.wrapping_add(4)))?;
    let rule = "`neotalk_get_result` returns 0 if there is a result, and 1 if there is no result";
    let found = match guest.yes_or_no(rule, status)? {
        true => None,
        false => {
            let address = guest.read_u32(Region::Result, out)?;
            let len = guest.read_u32(Region::Result, out.wrapping_add(4))?;
            Some((address, guest.copy(Region::Result, address, len)?))
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
            "a result does not change until the next call, even if the host frees other memory",
            format!("the {len} bytes at address {address:#x} have changed since `neotalk_get_result` returned them"),
        ));
    }
    Ok(Some(bytes))
}

/// Returns the plugin's error, from the result of a failed command.
fn own_error(guest: &Guest, result: &[u8]) -> Result<Failure, Failure> {
    let error: OwnError =
        json::decode(result, Region::Error).map_err(|kind| guest.failure(kind))?;
    Ok(error.into_failure(guest))
}

/// NeoTalk's functions, on top of the services.
struct Functions(Surroundings);

impl Functions {
    /// Sends a request and returns the status of the response. Every failure is -1: NeoTalk has no
    /// numbers for reasons.
    fn request(&mut self, method: &str, url: &str, body: &[u8]) -> plugin_sdk::Result<u32> {
        let granted = self.0.grants.check("http");
        match granted.and_then(|()| self.0.send(method, url, body)) {
            Ok(response) => Ok(u32::from(response.status)),
            Err(error) => Err(error.with_code(code::FAILED)),
        }
    }
}

impl Neotalk for Functions {
    fn log(&mut self, level: u32, message: &[u8]) {
        let rule = "`neotalk_log` knows the levels 0 debug, 1 info, 2 warn and 3 error";
        let Some(level) = self.0.level(rule, level) else {
            return;
        };
        let message = String::from_utf8_lossy(message);
        if message.contains(['\0', char::REPLACEMENT_CHARACTER]) {
            self.0.breaches.note(
                "a line for `neotalk_log` is UTF-8 without zero bytes, and ends where its length says",
                format!("it was called with the line {message:?}"),
            );
        }
        self.0.log(level, CONTRACT.name, &message);
    }

    fn get_config(&mut self, key: &str) -> plugin_sdk::Result<Option<Vec<u8>>> {
        self.0.services.config.get(key)
    }

    fn http_get(&mut self, url: &str) -> plugin_sdk::Result<u32> {
        self.request("GET", url, b"")
    }

    fn http_post(&mut self, url: &str, body: &[u8]) -> plugin_sdk::Result<u32> {
        self.request("POST", url, body)
    }

    fn now_ms(&mut self) -> u64 {
        self.0.now_ms()
    }

    fn random(&mut self) -> u32 {
        let mut bytes = [0; 4];
        match self.0.services.random.fill(&mut bytes) {
            Ok(()) => u32::from_le_bytes(bytes),
            // NeoTalk has no error for this.
            Err(_) => 0,
        }
    }
}

/// Returns the four errors from the document's section on troubleshooting.
fn words(kind: &FailureKind) -> Words {
    const OUT_OF_MEMORY: &str = "Error: Out of memory: failed to allocate";
    match kind {
        FailureKind::NotWasm { .. } => {
            Words::says("Error: Failed to load WASM module: magic header not found")
                .hint("`cargo plugin build --host neotalk` makes the file that NeoTalk loads")
        }
        FailureKind::MissingExport { name, .. } => {
            let name = text::name(name);
            Words::says(format!("Error: Required export '{name}' not found"))
                .build_for(CONTRACT.name)
        }
        FailureKind::OutOfMemory { requested, .. } => Words::says(OUT_OF_MEMORY).hint(format!(
            "`#[plugin(limits(memory_pages = {}))]`, `memory_pages` in the sidecar, asks for that much",
            requested.div_ceil(crate::memory::PAGE)
        )),
        FailureKind::AllocationFailed { .. } => Words::says(OUT_OF_MEMORY),
        FailureKind::OutOfFuel { .. } => Words::says("Error: Fuel metering exhausted").hint(
            "`#[plugin(limits(max_fuel = n))]`, `max_fuel` in the sidecar, asks for more",
        ),
        _ => Words::default(),
    }
}
