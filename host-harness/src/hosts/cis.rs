//! CIS, as the README of its WASM runtime has it: `docs/hosts/cis.md`.

use std::time::Duration;

use plugin_sdk::code;
use plugin_sdk::hosts::cis::{self, Cis};
use plugin_sdk::services::ai::{Ai, Conversation};
use plugin_sdk::services::kv::Kv;

use super::contract::{HostContract, HostLimits};
use super::emulator::{Emulation, Emulator, Surroundings};
use super::guest::{Allocator, Guest};
use crate::abi::{ExportedFunction, I32, I64};
use crate::failure::{Failure, FailureKind, Region};

const INIT: &str = "skill_init";
const EXECUTE: &str = "skill_execute";
const LAST_ERROR: &str = "skill_last_error";
const ON_EVENT: &str = "skill_on_event";
const SHUTDOWN: &str = "skill_shutdown";
const MALLOC: &str = "malloc";
const FREE: &str = "free";

const EXPORTS: [ExportedFunction; 7] = [
    (INIT, &[], &[], true),
    (EXECUTE, &[I32, I32, I32, I32], &[I64], false),
    (LAST_ERROR, &[], &[I64], false),
    (ON_EVENT, &[I32, I32, I32, I32], &[I32], false),
    (SHUTDOWN, &[], &[], true),
    // Without it, CIS writes everything for the skill to one address.
    (MALLOC, &[I32], &[I32], true),
    (FREE, &[I32], &[], true),
];

pub(super) const CONTRACT: HostContract = HostContract {
    name: "cis",
    summary: "CIS, whose plugins are skills, by the README of its WASM runtime",
    feature: Some("host-cis"),
    // 64 MiB.
    memory_pages: 1024,
    limits: HostLimits {
        fuel: None,
        timeout: Some(Duration::from_secs(30)),
        asked: false,
    },
    asks: &EXPORTS,
    modules: &["env"],
    allocator: Some(Allocator {
        alloc: MALLOC,
        free: FREE,
        // The alignment of C on this target.
        alignment: 8,
    }),
    emulator: |surroundings| Emulation::new([cis::provide(Functions(surroundings))], Skill),
    ..super::native::CONTRACT
};

/// The operations of CIS.
struct Skill;

impl Emulator for Skill {
    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure> {
        if !matches!(config, b"" | b"{}") {
            return Err(guest.lacks("configuration for plugins"));
        }
        guest.call(INIT, ())
    }

    fn command(
        &mut self,
        guest: &mut Guest,
        name: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        if !guest.has(EXECUTE) {
            return Err(guest.failure(FailureKind::MissingExport {
                name: EXECUTE.to_owned(),
                expected: "a function that runs a command by its name".to_owned(),
                cause: None,
            }));
        }
        let lent = [name.as_bytes(), arguments];
        guest.lend(lent, |guest, [(name, name_len), (arguments, len)]| {
            let answer: u64 = guest.call(EXECUTE, (name, name_len, arguments, len))?;
            match answer {
                0 => Err(last_error(guest, EXECUTE)?),
                packed => read(guest, Region::Result, packed),
            }
        })
    }

    fn event(&mut self, guest: &mut Guest, topic: &str, data: &[u8]) -> Result<(), Failure> {
        if !guest.has(ON_EVENT) {
            return Ok(());
        }
        let lent = [topic.as_bytes(), data];
        guest.lend(lent, |guest, [(topic, topic_len), (data, len)]| {
            let status: i32 = guest.call(ON_EVENT, (topic, topic_len, data, len))?;
            match status {
                0.. => Ok(()),
                _ => Err(last_error(guest, ON_EVENT)?),
            }
        })
    }

    fn cleanup(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        guest.call(SHUTDOWN, ())
    }
}

/// Reads bytes by their address and length, packed into one number.
fn read(guest: &Guest, region: Region, packed: u64) -> Result<Vec<u8>, Failure> {
    if packed >> 32 == 0 {
        return Err(guest.breaks(
            "an address of 0 is the answer 0, which means that there is nothing",
            format!("the answer was {packed} bytes at address 0"),
        ));
    }
    guest.copy_packed(region, packed)
}

/// Returns the error of the previous call.
fn last_error(guest: &mut Guest, of: &str) -> Result<Failure, Failure> {
    let silent = |guest: &Guest| {
        let message = format!("`{of}` failed, and the skill gives no reason");
        guest.refused(plugin_sdk::Error::new(code::FAILED, message))
    };
    if !guest.has(LAST_ERROR) {
        return Ok(silent(guest));
    }
    let packed: u64 = guest.call(LAST_ERROR, ())?;
    match packed {
        0 => Ok(silent(guest)),
        packed => {
            let error = read(guest, Region::Error, packed)?;
            Ok(guest.failed(&error))
        }
    }
}

/// The six functions of CIS, on top of the services. A denied call fails like any other: CIS has no
/// number for it.
struct Functions(Surroundings);

impl Functions {
    /// Returns text, which CIS does not check; anything else is a breach.
    fn text<'a>(&self, what: &'static str, bytes: &'a [u8]) -> Option<&'a str> {
        let text = std::str::from_utf8(bytes).ok();
        if text.is_none() {
            self.0.breaches.note(
                "keys, prompts, addresses and log lines are UTF-8",
                format!("{what} was not"),
            );
        }
        text
    }

    /// Returns text for a function that needs a permission, if that is granted.
    fn granted<'a>(
        &self,
        permission: &str,
        what: &'static str,
        bytes: &'a [u8],
    ) -> Option<&'a str> {
        let text = self.text(what, bytes)?;
        self.0.grants.allows(permission).then_some(text)
    }
}

impl Cis for Functions {
    fn memory_get(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        let key = self.granted("kv", "a key", key)?;
        self.0.services.kv.get(key).ok()?
    }

    fn memory_set(&mut self, key: &[u8], value: &[u8]) -> i32 {
        let key = self.granted("kv", "a key", key);
        status(key.is_some_and(|key| self.0.services.kv.set(key, value).is_ok()))
    }

    fn memory_delete(&mut self, key: &[u8]) -> i32 {
        let key = self.granted("kv", "a key", key);
        status(key.is_some_and(|key| self.0.services.kv.delete(key).is_ok()))
    }

    fn ai_chat(&mut self, prompt: &[u8]) -> Option<Vec<u8>> {
        let prompt = self.granted("ai", "a prompt", prompt)?;
        let reply = self.0.services.ai.chat(&Conversation::from(prompt)).ok()?;
        Some(reply.content.into_bytes())
    }

    fn log(&mut self, level: i32, message: &[u8]) {
        let Some(message) = self.text("a log line", message) else {
            return;
        };
        let rule = "`host_log` knows the levels 0 debug, 1 info, 2 warn and 3 error";
        if let Some(level) = self.0.level(rule, level) {
            self.0.log(level, CONTRACT.name, message);
        }
    }

    fn http_post(&mut self, url: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        let url = self.granted("http", "an address", url)?;
        let response = self.0.send("POST", url, body).ok()?;
        (200..300)
            .contains(&response.status)
            .then_some(response.body)
    }
}

fn status(succeeded: bool) -> i32 {
    if succeeded { 0 } else { -1 }
}
