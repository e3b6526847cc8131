//! CIS, as the README of its WASM runtime has it: `docs/hosts/cis.md`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plugin_sdk::abi;
use plugin_sdk::code;
use plugin_sdk::hosts::cis::{self, Cis};
use plugin_sdk::services::ai::{Ai, Conversation};
use plugin_sdk::services::http::{Head, Http};
use plugin_sdk::services::kv::Kv;
use plugin_sdk::services::logging::Log;

use super::contract::{HostContract, HostLimits};
use super::emulator::{Breaches, Emulation, Emulator, Surroundings, Words};
use super::guest::{Allocator, Guest, Rules};
use crate::abi::{ExportedFunction, I32, I64, check_exports};
use crate::failure::{Failure, FailureKind, Region};
use crate::permissions::Grants;
use crate::services::Handles;

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
    lacks: super::native::CONTRACT.lacks,
    limits: HostLimits {
        fuel: None,
        timeout: Some(Duration::from_secs(30)),
        asked: false,
    },
    asks: &EXPORTS,
    exports: |inspection| check_exports(inspection.interface(), &EXPORTS),
    modules: &["env"],
    functions: || {
        let functions = Functions::of(&Handles::in_memory(), &Grants::none(), Breaches::default());
        cis::provide(functions).functions().iter().collect()
    },
    rules: Rules {
        allocator: Some(Allocator {
            alloc: MALLOC,
            free: FREE,
            // The alignment of C on this target.
            alignment: 8,
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
        let functions = Functions::of(services, grants, (*breaches).clone());
        Emulation {
            functions: vec![cis::provide(functions)],
            emulator: Box::new(Skill),
        }
    },
    words: Words::none,
};

/// The operations of CIS.
struct Skill;

impl Emulator for Skill {
    fn init(&mut self, guest: &mut Guest, config: &[u8]) -> Result<(), Failure> {
        if !matches!(config, b"" | b"{}") {
            return Err(guest.lacks("a configuration"));
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
        let (name, name_len) = guest.place(name.as_bytes())?;
        let (address, len) = guest.place(arguments)?;
        let answer: u64 = guest.call(EXECUTE, (name, name_len, address, len))?;
        let outcome = match answer {
            0 => Err(last_error(guest, EXECUTE)?),
            packed => Ok(read(guest, Region::Result, packed)?),
        };
        guest.free(name)?;
        guest.free(address)?;
        outcome
    }

    fn event(&mut self, guest: &mut Guest, topic: &str, data: &[u8]) -> Result<(), Failure> {
        if !guest.has(ON_EVENT) {
            return Ok(());
        }
        let (topic, topic_len) = guest.place(topic.as_bytes())?;
        let (address, len) = guest.place(data)?;
        let status: i32 = guest.call(ON_EVENT, (topic, topic_len, address, len))?;
        let outcome = match status {
            0.. => Ok(()),
            _ => Err(last_error(guest, ON_EVENT)?),
        };
        guest.free(topic)?;
        guest.free(address)?;
        outcome
    }

    fn cleanup(&mut self, guest: &mut Guest) -> Result<(), Failure> {
        guest.call(SHUTDOWN, ())
    }
}

/// Reads bytes, with the address in the high half of a number and the length in the low half.
fn read(guest: &Guest, region: Region, packed: u64) -> Result<Vec<u8>, Failure> {
    let (address, len) = ((packed >> 32) as u32, packed as u32);
    if address == 0 {
        return Err(guest.breaks(
            "an address of 0 is the answer 0, which says that there is nothing",
            format!("the answer was {len} bytes at address 0"),
        ));
    }
    Ok(guest.read(region, address, len)?.to_vec())
}

/// Returns the error of the previous call.
fn last_error(guest: &mut Guest, of: &str) -> Result<Failure, Failure> {
    let silent = |guest: &Guest| {
        let message = format!("`{of}` failed, and the skill does not say why");
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
struct Functions {
    kv: Arc<Mutex<dyn Kv + Send>>,
    ai: Arc<Mutex<dyn Ai + Send>>,
    http: Arc<Mutex<dyn Http + Send>>,
    logs: Arc<Mutex<dyn Log + Send>>,
    grants: Grants,
    breaches: Breaches,
}

impl Functions {
    fn of(services: &Handles, grants: &Grants, breaches: Breaches) -> Self {
        Functions {
            kv: Arc::clone(&services.kv),
            ai: Arc::clone(&services.ai),
            http: Arc::clone(&services.http),
            logs: Arc::clone(&services.logs),
            grants: grants.clone(),
            breaches,
        }
    }

    /// Returns text, which CIS does not check; anything else is a breach.
    fn text<'a>(&self, what: &'static str, bytes: &'a [u8]) -> Option<&'a str> {
        let text = std::str::from_utf8(bytes).ok();
        if text.is_none() {
            self.breaches.note(
                "keys, prompts, addresses and log lines are UTF-8",
                format!("{what} was not"),
            );
        }
        text
    }
}

impl Cis for Functions {
    fn memory_get(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        let key = self.text("a key", key)?;
        if !self.grants.allows("kv") {
            return None;
        }
        Kv::get(&mut self.kv, key).ok()?
    }

    fn memory_set(&mut self, key: &[u8], value: &[u8]) -> i32 {
        match self.text("a key", key) {
            Some(key) if self.grants.allows("kv") => status(Kv::set(&mut self.kv, key, value)),
            _ => -1,
        }
    }

    fn memory_delete(&mut self, key: &[u8]) -> i32 {
        match self.text("a key", key) {
            Some(key) if self.grants.allows("kv") => status(Kv::delete(&mut self.kv, key)),
            _ => -1,
        }
    }

    fn ai_chat(&mut self, prompt: &[u8]) -> Option<Vec<u8>> {
        let prompt = self.text("a prompt", prompt)?;
        if !self.grants.allows("ai") {
            return None;
        }
        let reply = self.ai.chat(&Conversation::from(prompt)).ok()?;
        Some(reply.content.into_bytes())
    }

    fn log(&mut self, level: i32, message: &[u8]) {
        let Some(message) = self.text("a log line", message) else {
            return;
        };
        let level = match level {
            0 => log::Level::Debug,
            1 => log::Level::Info,
            2 => log::Level::Warn,
            3 => log::Level::Error,
            other => {
                return self.breaches.note(
                    "`host_log` knows the levels 0 debug, 1 info, 2 warn and 3 error",
                    format!("it was called with the level {other}"),
                );
            }
        };
        let message = message.to_owned();
        self.logs.write(level as u32, CONTRACT.name, &message);
    }

    fn http_post(&mut self, url: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        let url = self.text("an address", url)?;
        if !self.grants.allows("http") {
            return None;
        }
        let head = Head {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            timeout_ms: None,
        };
        let response = self.http.send(&head, body).ok()?;
        (200..300)
            .contains(&response.status)
            .then_some(response.body)
    }
}

fn status<T>(outcome: plugin_sdk::Result<T>) -> i32 {
    match outcome {
        Ok(_) => 0,
        Err(_) => -1,
    }
}
