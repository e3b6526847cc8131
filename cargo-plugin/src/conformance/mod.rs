//! Checks that a plugin behaves as it describes itself, made without knowledge of its purpose.
//!
//! The results do not depend on time: fuel limits each call, the clock does not advance, and random
//! numbers repeat in every run.
//!
//! An emulated host allows weaker checks only: it may carry no error codes, or may parse the
//! arguments itself. There, invalid arguments must not be accepted, and no call may trap or break a
//! rule of the host.

mod refusal;

use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest, Problem};
use plugin_sdk_harness::{Failure, FailureKind, Module, Plugin, Source};
use serde::Serialize;
use serde_json::{Value, json};

use crate::schema::Schemas;
use crate::target_host::{self, Host};
use crate::text;
use crate::wasm::Interface;
use refusal::{invalid_bytes, is_refused_by_host};

pub use refusal::is_from_reader;

/// The fuel limit of a call: a few seconds' worth.
const FUEL: u64 = 2_000_000_000;

/// A name that no argument can have, because it is not an identifier.
const UNKNOWN: &str = "no-such-argument";

/// The greatest number of faults reported for one command.
const MAX_FAULTS: usize = 5;

/// The greatest length of an error's details in a report, in bytes.
const MAX_DETAILS: usize = 200;

/// One check and its outcome.
#[derive(Debug, PartialEq, Serialize)]
pub struct Check {
    /// The expected behaviour.
    pub name: String,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The outcome of a check.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Passed,
    Failed { reason: String },
    Skipped { reason: String },
}

impl Check {
    /// Creates a check that passes if there are no faults.
    fn of(name: impl Into<String>, faults: impl IntoIterator<Item = String>) -> Self {
        let mut faults: Vec<String> = faults.into_iter().collect();
        if let Some(more @ 1..) = faults.len().checked_sub(MAX_FAULTS) {
            faults.truncate(MAX_FAULTS);
            faults.push(format!("and {more} more"));
        }
        Check {
            name: name.into(),
            outcome: match faults.is_empty() {
                true => Outcome::Passed,
                false => Outcome::Failed {
                    reason: faults.join("\n"),
                },
            },
        }
    }

    fn skipped(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Check {
            name: name.into(),
            outcome: Outcome::Skipped {
                reason: reason.into(),
            },
        }
    }

    pub fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }
}

/// The plugin under test.
struct Subject<'a> {
    module: Module,
    manifest: &'a Manifest,
    host: Host,
    config: Value,
}

/// Checks a module on the host that it is made for. Without a configuration, uses `{}` if the
/// plugin's schema allows it.
pub fn check(
    wasm: &[u8],
    host: Host,
    manifest: &Manifest,
    interface: &Interface,
    config: Option<&Value>,
) -> Vec<Check> {
    let mut imports = interface.imports.iter();
    if let Some((module, name)) = imports.find(|(module, _)| !host.has_module(module)) {
        let reason = format!(
            "it imports `{module}.{name}`, which only its host has; its own tests can provide it"
        );
        return vec![Check::skipped("it runs in the harness", reason)];
    }
    let source = Source::bytes(wasm);
    let loaded = match host.feature {
        None => Module::load(source),
        Some(_) => Module::load_for(host, source),
    };
    let module = match loaded {
        Ok(module) => module,
        Err(failure) => return vec![Check::of("it loads", [shown(&failure)])],
    };
    let mut checks = vec![Check::of("it loads", [])];
    // Other hosts do not export commands under their names.
    if host.feature.is_none() {
        checks.push(Check::of(
            "its commands are those that it describes",
            described(&module, manifest),
        ));
    }
    let subject = Subject {
        module,
        manifest,
        host,
        config: config.cloned().unwrap_or_else(|| json!({})),
    };
    let initialises = subject.initialises(config.is_some());
    let is_initialised = initialises.outcome == Outcome::Passed;
    checks.push(initialises);
    if is_initialised {
        for command in &manifest.commands {
            checks.push(subject.command(command));
            checks.extend(subject.allowed(command));
        }
    }
    checks
}

/// Compares the list of commands with the exports, and returns the discrepancies.
fn described(module: &Module, manifest: &Manifest) -> Vec<String> {
    let undescribed = module
        .commands()
        .filter(|name| manifest.command(name).is_none())
        .map(|name| format!("`{name}` is exported and not described"));
    let missing = manifest
        .commands
        .iter()
        .filter(|command| module.commands().all(|export| export != command.name))
        .map(|command| format!("`{}` is described and not exported", command.name));
    undescribed.chain(missing).collect()
}

impl Subject<'_> {
    fn is_emulated(&self) -> bool {
        self.host.feature.is_some()
    }

    fn instance(&self) -> Result<Plugin, Failure> {
        let mut builder = self.module.plugin().grant_all();
        // Hosts without configuration pass none.
        if !self.is_emulated() || self.config != json!({}) {
            builder = builder.config(&self.config);
        }
        target_host::build(builder.fuel(FUEL).no_timeout(), self.host)
    }

    fn initialises(&self, is_given: bool) -> Check {
        if let Err(problems) = self.manifest.check_config(&self.config) {
            let reason = match self.config == json!({}) {
                true => "it needs a configuration, which `--config` gives",
                false => "its own schema does not allow the given configuration",
            };
            let reason = format!("{reason}: {}", listed(&problems));
            return Check::skipped("it initialises", reason);
        }
        let name = match is_given {
            true => "it initialises with the given configuration",
            false => "it initialises with `{}`",
        };
        Check::of(name, self.instance().err().map(|failure| shown(&failure)))
    }

    fn command(&self, command: &CommandInfo) -> Check {
        let name = format!("`{}` is as it is described", command.name);
        match command.codec {
            Codec::Json => {
                let probes = probes(self.manifest, command).into_iter();
                Check::of(name, probes.filter_map(|probe| probe.fault(self, command)))
            }
            Codec::Raw => match invalid_bytes(command) {
                Some((element, bytes)) => {
                    Check::of(name, self.refuses_bytes(command, element, bytes))
                }
                None => Check::skipped(name, "it takes any bytes"),
            },
            _ => Check::skipped(name, "its values have no names that could be wrong"),
        }
    }

    /// Calls a command with values that its description allows. The command must accept them, and
    /// its results must match the description. Returns `None` if the command takes no values.
    fn allowed(&self, command: &CommandInfo) -> Option<Check> {
        let schema = command.arguments.as_ref()?.as_value();
        if !has_members(schema) || command.codec != Codec::Json {
            return None;
        }
        // The schema of an argument may be laxer than the argument's checks, so all of them apply.
        let mut values = Schemas::new(&self.manifest.defs).variety(schema);
        values.retain(|value| self.manifest.check(&command.name, value).is_ok());
        let values_words = match values.len() {
            0 => "the values".to_owned(),
            1 => "the value".to_owned(),
            count => format!("{count} values"),
        };
        let name = format!("`{}` takes {values_words} that it allows", command.name);
        if values.is_empty() {
            let reason = "no value is known that it allows; `#[arg(example = …)]` gives one";
            return Some(Check::skipped(name, reason));
        }
        let probes = values.iter().map(|value| Probe {
            arguments: value.to_string(),
            expected: Expected::Taken,
        });
        Some(Check::of(
            name,
            probes.filter_map(|probe| probe.fault(self, command)),
        ))
    }

    fn refuses_bytes(&self, command: &CommandInfo, element: &str, bytes: &[u8]) -> Option<String> {
        let called = self
            .instance()
            .and_then(|mut plugin| plugin.call_raw(&command.name, bytes).map(<[u8]>::to_vec));
        let failure = match called {
            Ok(_) => {
                return Some(format!(
                    "it takes `{element}`, and accepted the invalid bytes {bytes:?}"
                ));
            }
            Err(failure) => failure,
        };
        let is_refused = match failure.plugin_error() {
            Some(error) => error.code() == "invalid_argument" || self.is_emulated(),
            None => self.is_emulated() && is_refused_by_host(&failure),
        };
        (!is_refused).then(|| format!("for the bytes {bytes:?}: {}", shown(&failure)))
    }
}

/// Returns true if there is an input to send: a command without arguments accepts an object with
/// members that it ignores.
fn has_members(schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties");
    schema.get("type") != Some(&json!("object"))
        || properties.is_some_and(|properties| !properties.is_empty())
        || others.is_some_and(|others| !others.is_boolean())
}

/// Arguments and the expected outcome.
#[derive(Debug, PartialEq)]
struct Probe {
    arguments: String,
    expected: Expected,
}

#[derive(Debug, PartialEq)]
enum Expected {
    /// One of these error codes. The author's code does not run.
    Refusal(&'static [&'static str]),
    /// `missing_argument`, naming one of the required arguments.
    Missing(Vec<String>),
    /// `invalid_argument`, naming this argument.
    Invalid(String),
    /// A result that matches the description, or an error of the plugin: it must not trap.
    Answer,
    /// Like `Answer`, for valid arguments, which the plugin must not refuse as invalid.
    Taken,
}

/// Returns the probes with arguments that the command must refuse, and the one without arguments.
fn probes(manifest: &Manifest, command: &CommandInfo) -> Vec<Probe> {
    const NO_ARGUMENTS: &[&str] = &["missing_argument", "invalid_argument", "invalid_json"];
    let mut probes = Vec::new();
    let mut add = |arguments: String, expected| {
        probes.push(Probe {
            arguments,
            expected,
        });
    };
    add("{".to_owned(), Expected::Refusal(&["invalid_json"]));
    let Some(schema) = command.arguments.as_ref().map(|schema| schema.as_value()) else {
        return probes;
    };
    let allows_none = manifest.check(&command.name, &json!({})).is_ok();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        // All arguments together are one value of a type that the author defined.
        add(
            "{}".to_owned(),
            match allows_none {
                true => Expected::Answer,
                false => Expected::Refusal(NO_ARGUMENTS),
            },
        );
        return probes;
    };
    add("[]".to_owned(), Expected::Refusal(&["invalid_json"]));
    if schema.get("additionalProperties") == Some(&json!(false)) {
        let unknown = json!({UNKNOWN: 0}).to_string();
        add(unknown, Expected::Refusal(&["unknown_argument"]));
    }
    let required = schema.get("required").and_then(Value::as_array);
    let required: Vec<String> = required
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    add(
        "{}".to_owned(),
        match required.is_empty() {
            true if allows_none => Expected::Answer,
            true => Expected::Refusal(NO_ARGUMENTS),
            false => Expected::Missing(required),
        },
    );
    for (name, property) in properties {
        if let Some(wrong) = Schemas::new(&manifest.defs).value_of_another_type(property) {
            let arguments = json!({name: wrong}).to_string();
            add(arguments, Expected::Invalid(name.clone()));
        }
    }
    probes
}

impl Expected {
    fn accepts_error(&self, code: &str, details: &Value) -> bool {
        let detail = |name: &str| details.get(name).and_then(Value::as_str);
        match self {
            Expected::Refusal(codes) => codes.contains(&code),
            Expected::Missing(required) => {
                let named = detail("argument");
                code == "missing_argument" && required.iter().any(|name| named == Some(name))
            }
            Expected::Invalid(name) => {
                let begins = |path: &str| path.starts_with(name);
                code == "invalid_argument" && detail("path").is_some_and(begins)
            }
            // A missing default would appear as this error.
            Expected::Answer => !["missing_argument", "invalid_argument"].contains(&code),
            Expected::Taken => !is_from_reader(code, details),
        }
    }

    fn words(&self) -> String {
        match self {
            Expected::Refusal(codes) => codes.join(" or "),
            Expected::Missing(required) => format!(
                "missing_argument, because {} must be given",
                required.join(", ")
            ),
            Expected::Invalid(name) => {
                format!("invalid_argument, because `{name}` is described as another type")
            }
            Expected::Answer => "any answer, because nothing must be given".to_owned(),
            Expected::Taken => {
                "any answer but a refusal, because its description allows them".to_owned()
            }
        }
    }
}

impl Probe {
    /// Returns the fault in the plugin's answer, if there is one.
    fn fault(&self, subject: &Subject<'_>, command: &CommandInfo) -> Option<String> {
        let Probe {
            arguments,
            expected,
        } = self;
        let arguments_shown = text::line(arguments, MAX_DETAILS);
        let mut plugin = match subject.instance() {
            Ok(plugin) => plugin,
            Err(failure) => return Some(shown(&failure)),
        };
        let answer = match (
            plugin.call_raw(&command.name, arguments.as_bytes()),
            expected,
        ) {
            (Ok(bytes), Expected::Answer | Expected::Taken) => {
                let reason = bad_result(subject.manifest, command, bytes)?;
                return Some(format!(
                    "for the arguments `{arguments_shown}` the result is not what is described: {reason}"
                ));
            }
            (Ok(_), _) => "it took them".to_owned(),
            (Err(failure), _) if subject.is_emulated() && is_refused_by_host(&failure) => {
                return None;
            }
            (Err(failure), _) => match failure.plugin_error() {
                Some(error) if !subject.is_emulated() => {
                    let (code, details) = (error.code(), error.details().unwrap_or(Value::Null));
                    if expected.accepts_error(code, &details) {
                        return None;
                    }
                    match details {
                        Value::Null => code.to_owned(),
                        details => {
                            format!("{code} {}", text::line(&details.to_string(), MAX_DETAILS))
                        }
                    }
                }
                _ if is_forgiven(&failure, expected) => return None,
                _ => {
                    return Some(format!(
                        "for the arguments `{arguments_shown}`: {}",
                        shown(&failure)
                    ));
                }
            },
        };
        Some(format!(
            "for the arguments `{arguments_shown}` the answer should be {}; it was: {answer}",
            expected.words()
        ))
    }
}

/// Returns true if a command that does its work may fail in this way.
fn is_forgiven(failure: &Failure, expected: &Expected) -> bool {
    match failure.kind() {
        // The work may take more fuel than the check allows.
        FailureKind::OutOfFuel { .. } => {
            matches!(expected, Expected::Answer | Expected::Taken)
        }
        // Some commands need more memory for the largest numbers of their types.
        FailureKind::OutOfMemory { .. } => *expected == Expected::Taken,
        _ => false,
    }
}

fn bad_result(manifest: &Manifest, command: &CommandInfo, bytes: &[u8]) -> Option<String> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(result) => Some(listed(
            &manifest.check_result(&command.name, &result).err()?,
        )),
        Err(error) => Some(error.to_string()),
    }
}

/// Formats a failure in a line or two.
fn shown(failure: &Failure) -> String {
    match failure.hint() {
        Some(hint) => format!("{} ({hint})", failure.message()),
        None => failure.message(),
    }
}

/// Joins the problems of a value in one line.
fn listed(problems: &[Problem]) -> String {
    let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
    problems.join("; ")
}
