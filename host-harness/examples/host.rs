//! A host program: loads plugins from files, offers them functions and services, and calls one.
//!
//! ```text
//! cargo run -p plugin-sdk-harness --example host -- greeter.wasm
//! cargo run -p plugin-sdk-harness --example host -- greeter.wasm greet '{"name": "Ada"}'
//! ```
//!
//! `docs/guide/embedding.md` explains it.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use plugin_sdk::host_functions;
use plugin_sdk_harness::{Failure, FailureKind, Module, Plugin, Source};
use serde_json::Value;

/// The functions that this host adds to the SDK's services, in a module of their own.
#[host_functions(module = "example_host")]
trait Units {
    /// Converts degrees Celsius to degrees Fahrenheit.
    fn fahrenheit(celsius: f64) -> f64;
}

/// This host's implementation of them.
struct Converter;

impl Units for Converter {
    fn fahrenheit(&mut self, celsius: f64) -> f64 {
        celsius * 1.8 + 32.0
    }
}

/// The permissions that this host grants. A plugin that asks for others still loads; its calls to
/// them return errors.
const GRANTS: [&str; 1] = ["kv"];

/// Reads a module, refuses it if it is malformed, and compiles it. One module makes any number of
/// instances.
fn load(path: &str) -> Result<Module, Failure> {
    let module = Module::load(Source::file(path).max_bytes(8 << 20))?;
    for warning in module.warnings() {
        eprintln!("{path}: {warning}");
    }
    Ok(module)
}

/// Creates an instance, within limits.
fn instantiate(module: &Module) -> Result<Plugin, Failure> {
    let mut builder = module
        .plugin()
        .memory_pages(256)
        .timeout(Duration::from_secs(2))
        .max_result_bytes(1 << 20)
        .host_functions(units::provide(Converter));
    for permission in GRANTS {
        builder = builder.grant(permission);
    }
    builder.build()
}

/// Prints what the plugin's manifest says, which needs no instance.
fn describe(module: &Module) {
    let Some(manifest) = module.manifest() else {
        println!("a plugin without a manifest");
        return;
    };
    println!("{} {}", manifest.name, manifest.version);
    for command in &manifest.commands {
        println!("  {}  {}", command.name, command.description);
    }
    for permission in module.permissions() {
        println!("  asks for {permission:?}");
    }
}

/// Calls a command. An error that the plugin returns is an answer; any other failure ends the
/// instance, and the host would create the next one.
fn call(plugin: &mut Plugin, command: &str, arguments: Value) -> Result<Value, Failure> {
    plugin
        .call(command, arguments)
        .inspect_err(|failure| match failure.kind() {
            FailureKind::Plugin(error) => eprintln!("the plugin refused: {}", error.code()),
            _ => eprintln!("the plugin failed: {}", failure.code()),
        })
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("usage: host FILE [COMMAND [JSON]]")?;
    let module = load(&path)?;
    let Some(command) = arguments.next() else {
        describe(&module);
        return Ok(());
    };
    let given = arguments.next().unwrap_or_else(|| "{}".to_owned());
    let mut plugin = instantiate(&module)?;
    let result = call(&mut plugin, &command, serde_json::from_str(&given)?)?;
    println!("{result}");
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
