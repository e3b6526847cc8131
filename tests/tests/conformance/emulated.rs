//! Hosts that the harness emulates.

use std::time::Duration;

use plugin_sdk::log::Level;
use plugin_sdk_harness::hosts::HostContract;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::services::{AllowList, MemoryFiles, ScriptedAi, ScriptedHttp};
use plugin_sdk_harness::{CrateSource, Failure, Plugin, Source};
use plugin_sdk_tests::Build;
use serde_json::Value;

use crate::host::{Guest, Host, Panic, Refusal, Requests, Setup, Subject};

/// A host, emulated by the harness.
pub struct Emulated {
    contract: &'static HostContract,
    source: CrateSource,
}

impl Emulated {
    pub fn new(contract: &'static HostContract) -> Self {
        Emulated {
            contract,
            source: guest(contract),
        }
    }

    /// Loads snapshots of the plugin.
    pub fn on_snapshots(self) -> Self {
        Emulated {
            source: self.source.snapshot(),
            ..self
        }
    }
}

impl Host for Emulated {
    fn contract(&self) -> &'static HostContract {
        self.contract
    }

    fn is_real(&self) -> bool {
        false
    }

    fn load(&self, setup: Setup) -> Result<Guest, Refusal> {
        let http = ScriptedHttp::new(AllowList::any())
            .answer_to("GET *", "a page")
            .answer_to("POST *", "grüße zurück");
        let mut builder = Plugin::builder(self.source.clone())
            // Fuel has its own behaviour.
            .fuel(setup.fuel.unwrap_or(1 << 40))
            .grant_all()
            .http(http)
            .ai(ScriptedAi::new().answer_to("*weather*", "It rains."))
            .files(MemoryFiles::new().read_write("data"));
        if let Some(config) = setup.config {
            builder = builder.config(config);
        }
        if let Some(timeout) = setup.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(pages) = setup.memory_pages {
            builder = builder.memory_pages(pages);
        }
        Ok(Guest(Box::new(builder.build_for(self.contract)?)))
    }

    fn url(&self) -> String {
        "https://example.org/a".to_owned()
    }

    fn check_imports(&self) {
        let mut build = Build::of("conformance");
        if let Some(feature) = self.contract.feature {
            build = build.feature(feature);
        }
        let wasm = build.wasm().unwrap();
        let imports = self.contract.imports(&Inspection::of(&wasm).unwrap());
        assert!(imports.failures.is_empty(), "{:?}", imports.failures);
        assert!(imports.others.is_empty(), "{:?}", imports.others);
    }
}

/// Returns the guest, optimised if the host's fuel limit requires it.
fn guest(host: &HostContract) -> CrateSource {
    let profile = match host.name {
        "neomind" => "guest",
        _ => "dev",
    };
    Source::crate_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/guests/conformance")).profile(profile)
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Refusal {
            code: failure.code().to_owned(),
            message: failure.to_string(),
            plugin_message: failure
                .plugin_error()
                .map(|error| error.message().to_owned()),
            panic: failure.panic().map(|panic| {
                Box::new(Panic {
                    message: panic.message.clone(),
                    file: panic.file.clone(),
                    line: panic.line.into(),
                })
            }),
        }
    }
}

impl Subject for Plugin {
    fn call_text(&mut self, command: &str, arguments: &[u8]) -> Result<Value, Refusal> {
        let result = self.call_raw(command, arguments)?;
        Ok(serde_json::from_slice(result).unwrap())
    }

    fn call_bytes(&mut self, command: &str, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        Ok(self.call_raw(command, bytes)?.to_vec())
    }

    fn init(&mut self, config: Value) -> Result<(), Refusal> {
        Ok(Plugin::init(self, config)?)
    }

    fn start(&mut self) -> Result<(), Refusal> {
        Ok(Plugin::start(self)?)
    }

    fn stop(&mut self) -> Result<(), Refusal> {
        Ok(Plugin::stop(self)?)
    }

    fn cleanup(&mut self) -> Result<(), Refusal> {
        Ok(Plugin::cleanup(self)?)
    }

    fn event(&mut self, topic: &str, data: Value) -> Result<(), Refusal> {
        Ok(Plugin::event(self, topic, data)?)
    }

    fn memory_bytes(&mut self) -> u64 {
        Plugin::memory_bytes(self) as u64
    }

    fn log(&mut self) -> Vec<(Level, String)> {
        let lines = self.services().logs().lines();
        lines
            .iter()
            .map(|line| (line.level, line.message.clone()))
            .collect()
    }

    fn emitted(&mut self) -> Vec<(String, Value)> {
        let emitted = self.services().events().emitted();
        emitted
            .iter()
            .map(|event| (event.topic.clone(), event.data.clone()))
            .collect()
    }

    fn requests(&mut self) -> Requests {
        let requests = self.services().http().requests();
        requests
            .iter()
            .map(|request| (request.url.clone(), request.body.clone()))
            .collect()
    }

    fn advance_clock(&mut self, by: Duration) -> u64 {
        self.services().clock().advance(by);
        self.services().clock().time_of_day() / 1_000_000
    }
}
