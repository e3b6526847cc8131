//! Components, run by engines that we did not write: wasmtime's component API, through its Python
//! package, and Node's, through jco.
//!
//! Every call is made with typed values in both, and by name with JSON on the plugin as a module:
//! the results must be the same.
//!
//! | file | |
//! |---|---|
//! | `forms` | every form of a type, hooks, errors and panics, on the guest `components` |
//! | `services` | the services, on the guest `services` |
//! | `examples` | the commands of the examples |
//! | `mcp` | commands as tools of a language model, in wassette |
//! | `tool` | what the tool writes and reads |

mod examples;
mod forms;
mod mcp;
mod services;
mod tool;

use std::path::{Path, PathBuf};
use std::process::Command;

use plugin_sdk_harness::{Plugin, Source};
use serde_json::{Value, json};

use crate::support::{Folder, WORKSPACE, node_for_wasm, not_run, parsed, target_dir};

/// A call, by JSON on the module and by typed values on the component.
struct Call {
    command: &'static str,
    /// The arguments of the command, and what it returns; `None` if only the component is called.
    native: Option<(Value, Value)>,
    function: &'static str,
    parameters: Value,
    outcome: Value,
}

/// A call of a function that has no counterpart in the module.
fn only(function: &'static str, parameters: Value, outcome: Value) -> Call {
    Call {
        command: function,
        native: None,
        function,
        parameters,
        outcome,
    }
}

/// A call of a command that returns its argument `value`.
fn echo(command: &'static str, value: Value, typed: Value) -> Call {
    Call {
        command,
        native: Some((json!({ "value": value }), value)),
        function: command,
        parameters: json!([typed]),
        outcome: json!({ "ok": typed }),
    }
}

fn call(
    command: &'static str,
    (arguments, result): (Value, Value),
    parameters: Value,
    outcome: Value,
) -> Call {
    Call {
        command,
        native: Some((arguments, result)),
        function: command,
        parameters,
        outcome,
    }
}

fn ok(value: Value) -> Value {
    json!({ "ok": value })
}

/// Returns an error without details and causes.
fn error(code: &str, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

fn err(code: &str, message: &str) -> Value {
    json!({ "err": {"code": code, "message": message, "details": null, "source": []} })
}

/// Returns a case of a variant.
fn case(name: &str, value: Value) -> Value {
    json!({ "$case": name, "value": value })
}

fn wide(number: impl ToString) -> Value {
    json!({ "$wide": number.to_string() })
}

/// The source of a plugin in this workspace.
pub fn crate_dir(guest: &str) -> PathBuf {
    let root = Path::new(WORKSPACE);
    let example = root.join("examples").join(guest);
    match example.is_dir() {
        true => example,
        false => root.join("tests/guests").join(guest),
    }
}

/// Builds a component of a kind with the tool, into a folder of its own.
pub fn built(kind: &str, guest: &str, features: &[&str]) -> Folder {
    let folder = Folder::new();
    let manifest = crate_dir(guest).join("Cargo.toml");
    let mut words = vec!["build", "--host", kind, "--profile", "guest", "-o", "."];
    words.extend(["--manifest-path", manifest.to_str().unwrap()]);
    for feature in features {
        words.extend(["--features", feature]);
    }
    folder.run(&words).good();
    folder
}

pub fn component(folder: &Folder, kind: &str, guest: &str) -> PathBuf {
    folder.path().join(kind).join(format!("{guest}.wasm"))
}

/// An engine in another language.
struct Engine {
    name: &'static str,
    program: fn() -> Option<Command>,
}

const ENGINES: [Engine; 2] = [
    Engine {
        name: "wasmtime",
        program: wasmtime,
    },
    Engine {
        name: "jco",
        program: jco,
    },
];

fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/component")
        .join(name)
}

/// Returns a file that `cargo xtask setup` installs, if it exists.
pub fn installed(variable: &str, place: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let path = named.unwrap_or_else(|| target_dir().join(place));
    if path.exists() {
        return Some(path);
    }
    not_run(&format!(
        "components: there is no {} (`cargo xtask setup` installs it if it can)",
        path.display()
    ));
    None
}

fn wasmtime() -> Option<Command> {
    let place = match cfg!(windows) {
        true => "python/Scripts/python.exe",
        false => "python/bin/python3",
    };
    let mut command = Command::new(installed("PLUGIN_SDK_PYTHON", place)?);
    command.arg(program("host.py"));
    Some(command)
}

fn jco() -> Option<Command> {
    let place = "node/node_modules/@bytecodealliance/jco-transpile/dist/index.js";
    let jco = installed("PLUGIN_SDK_JCO", place)?;
    let mut command = node_for_wasm();
    command.arg(program("host.mjs")).env("PLUGIN_SDK_JCO", jco);
    Some(command)
}

/// Makes calls of a component, and returns the outcome of each; `None` without the engine.
fn run(engine: &Engine, wasm: &Path, calls: &Value) -> Option<Vec<Value>> {
    let mut command = (engine.program)()?;
    let folder = Folder::new().with("calls.json", calls.to_string());
    let output = command
        .arg(wasm)
        .arg(folder.path().join("calls.json"))
        .arg(folder.path().join("transpiled"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {text}{errors}", engine.name);
    Some(text.lines().map(parsed).collect())
}

/// Makes calls of a component in every engine, and compares the outcomes.
fn check(wasm: &Path, calls: &[Call]) {
    let list: Vec<Value> = calls
        .iter()
        .map(|call| json!([call.function, call.parameters]))
        .collect();
    let list = json!(list);
    for engine in &ENGINES {
        let Some(outcomes) = run(engine, wasm, &list) else {
            continue;
        };
        assert_eq!(outcomes.len(), calls.len(), "{}", engine.name);
        for (call, outcome) in calls.iter().zip(outcomes) {
            let at = format!("{}: {} {}", engine.name, call.function, call.parameters);
            assert_eq!(outcome, call.outcome, "{at}");
        }
    }
}

/// Makes the same calls of a module.
fn check_native(guest: &str, calls: &[Call]) {
    let source = Source::crate_dir(crate_dir(guest)).profile("guest");
    let mut plugin = Plugin::builder(source).grant_all().start().build().unwrap();
    for call in calls {
        let Some((arguments, expected)) = &call.native else {
            continue;
        };
        let outcome: Value = match plugin.call(call.command, arguments) {
            Ok(result) => result,
            Err(failure) => {
                let refused = failure.plugin_error().unwrap();
                error(refused.code(), refused.message())
            }
        };
        assert_eq!(outcome, *expected, "{} {arguments}", call.command);
    }
}
