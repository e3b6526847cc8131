//! Checks of a plugin's behaviour against its description, made without knowledge of its purpose.
//!
//! The results do not depend on time: fuel limits each call, the clock does not advance, and random
//! numbers repeat in every run.
//!
//! An emulated host allows weaker checks only: it may carry no error codes, or may parse the
//! arguments itself. There, invalid arguments must not be accepted, and no call may trap or break a
//! rule of the host.

use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest, Problem};
use plugin_sdk_harness::{Failure, FailureKind, Module, Plugin, Source};
use serde::Serialize;
use serde_json::{Value, json};

use crate::schema::{Kind, Schemas};
use crate::target_host::{self, Host};
use crate::text;
use crate::wasm::Interface;

/// The fuel limit of a call: a few seconds' worth.
const FUEL: u64 = 2_000_000_000;

/// A name that no argument can have, because it is not an identifier.
const UNKNOWN: &str = "no-such-argument";

/// The greatest number of faults reported for one command.
const MAX_FAULTS: usize = 5;

/// The error codes with which a plugin refuses arguments.
const REFUSALS: [&str; 4] = [
    "invalid_argument",
    "invalid_json",
    "missing_argument",
    "unknown_argument",
];

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
    fn new(name: impl Into<String>, outcome: Outcome) -> Self {
        Check {
            name: name.into(),
            outcome,
        }
    }

    fn of(name: impl Into<String>, faults: Vec<String>) -> Self {
        let outcome = match faults.as_slice() {
            [] => Outcome::Passed,
            faults => {
                let mut reason = faults.iter().take(MAX_FAULTS).cloned().collect::<Vec<_>>();
                if let Some(more @ 1..) = faults.len().checked_sub(MAX_FAULTS) {
                    reason.push(format!("and {more} more"));
                }
                Outcome::Failed {
                    reason: reason.join("\n"),
                }
            }
        };
        Check::new(name, outcome)
    }

    pub fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }
}

/// The plugin under test.
struct Subject<'a> {
    module: &'a Module,
    manifest: &'a Manifest,
    host: Host,
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
    let foreign = imports.find(|(module, _)| !host.has_module(module));
    if let Some((module, name)) = foreign {
        let reason = format!(
            "it imports `{module}.{name}`, a function of its host's own, which only its own tests can give it"
        );
        return vec![Check::new(
            "it runs in the harness",
            Outcome::Skipped { reason },
        )];
    }
    let source = Source::bytes(wasm);
    let loaded = match host.feature {
        None => Module::load(source),
        Some(_) => Module::load_for(host, source),
    };
    let module = match loaded {
        Ok(module) => module,
        Err(failure) => return vec![Check::of("it loads", vec![told(&failure)])],
    };
    let subject = Subject {
        module: &module,
        manifest,
        host,
    };
    let mut checks = vec![Check::of("it loads", Vec::new())];
    // Other hosts do not export commands under their names.
    if host.feature.is_none() {
        checks.push(Check::of(
            "its commands are those that it describes",
            described(&module, manifest),
        ));
    }
    let (check, config) = initialises(&subject, config);
    let is_initialised = check.outcome == Outcome::Passed;
    checks.push(check);
    if is_initialised {
        for command in &manifest.commands {
            checks.push(subject.command(command, &config));
            checks.extend(subject.allowed(command, &config));
        }
    }
    checks
}

impl Subject<'_> {
    fn is_played(&self) -> bool {
        self.host.feature.is_some()
    }

    fn instance(&self, config: &Value) -> Result<Plugin, Failure> {
        let mut builder = self.module.plugin().grant_all();
        // Hosts without configuration pass none.
        if !self.is_played() || *config != json!({}) {
            builder = builder.config(config);
        }
        target_host::build(builder.fuel(FUEL).no_timeout(), self.host)
    }
}

/// Compares the list of commands with the exports, and returns the discrepancies.
fn described(module: &Module, manifest: &Manifest) -> Vec<String> {
    let exported = |name: &str| module.commands().any(|export| export == name);
    let undescribed = module
        .commands()
        .filter(|name| manifest.command(name).is_none())
        .map(|name| format!("`{name}` is exported and not described"));
    let missing = manifest
        .commands
        .iter()
        .filter(|command| !exported(&command.name))
        .map(|command| format!("`{}` is described and not exported", command.name));
    undescribed.chain(missing).collect()
}

fn initialises(subject: &Subject<'_>, config: Option<&Value>) -> (Check, Value) {
    let (name, config) = match config {
        Some(config) => (
            "it initialises with the given configuration".to_owned(),
            config.clone(),
        ),
        None => ("it initialises with `{}`".to_owned(), json!({})),
    };
    if let Err(problems) = subject.manifest.check_config(&config) {
        let reason = reasons(&problems);
        let reason = match config == json!({}) {
            true => format!("it needs a configuration, which `--config` gives: {reason}"),
            false => format!("its own schema does not allow the given configuration: {reason}"),
        };
        let check = Check::new("it initialises", Outcome::Skipped { reason });
        return (check, config);
    }
    let faults = match subject.instance(&config) {
        Ok(_) => Vec::new(),
        Err(failure) => vec![told(&failure)],
    };
    (Check::of(name, faults), config)
}

/// Joins the problems of a value in one line.
fn reasons(problems: &[Problem]) -> String {
    let told: Vec<String> = problems.iter().map(Problem::to_string).collect();
    told.join("; ")
}

impl Subject<'_> {
    fn command(&self, command: &CommandInfo, config: &Value) -> Check {
        let name = format!("`{}` is as it is described", command.name);
        let mut faults = Vec::new();
        match command.codec {
            Codec::Json => {
                for probe in probes(self.manifest, command) {
                    faults.extend(probe.fault(self, command, config));
                }
            }
            Codec::Raw => match odd_bytes(command) {
                Some(bytes) => faults.extend(self.refuses_bytes(command, config, bytes)),
                None => {
                    let reason = "it takes any bytes".to_owned();
                    return Check::new(name, Outcome::Skipped { reason });
                }
            },
            _ => {
                let reason = "its values have no names that could be wrong".to_owned();
                return Check::new(name, Outcome::Skipped { reason });
            }
        }
        Check::of(name, faults)
    }
}

impl Subject<'_> {
    /// Calls a command with values that its description allows. The command must accept them, and
    /// its results must match the description. Returns `None` if the command takes no values.
    fn allowed(&self, command: &CommandInfo, config: &Value) -> Option<Check> {
        let schema = command.arguments.as_ref().map(|schema| schema.as_value());
        let schema = schema.filter(|schema| has_members(schema))?;
        let name = |sent: usize| match sent {
            0 => format!("`{}` takes the values that it allows", command.name),
            1 => format!("`{}` takes the value that it allows", command.name),
            sent => format!("`{}` takes {sent} values that it allows", command.name),
        };
        if command.codec != Codec::Json {
            return None;
        }
        // The schema of an argument may be laxer than the argument's checks, so all of them apply.
        let allows = |value: &Value| self.manifest.check(&command.name, value).is_ok();
        let mut values = Schemas::new(&self.manifest.defs).variety(schema);
        values.retain(allows);
        if values.is_empty() {
            let reason =
                "no value is known that it allows; `#[arg(example = …)]` gives one".to_owned();
            return Some(Check::new(name(0), Outcome::Skipped { reason }));
        }
        let faults = values.iter().filter_map(|value| {
            let probe = Probe {
                arguments: value.to_string(),
                expected: Expected::Taken,
            };
            probe.fault(self, command, config)
        });
        Some(Check::of(name(values.len()), faults.collect()))
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

fn probes(manifest: &Manifest, command: &CommandInfo) -> Vec<Probe> {
    let probe = |arguments: &str, expected| Probe {
        arguments: arguments.to_owned(),
        expected,
    };
    let mut probes = vec![probe("{", Expected::Refusal(&["invalid_json"]))];
    let Some(schema) = &command.arguments else {
        return probes;
    };
    let allows_nothing = manifest.check(&command.name, &json!({})).is_ok();
    let inline = schema.as_value();
    let Some(properties) = inline.get("properties").and_then(Value::as_object) else {
        // All arguments together are one value of the author's type.
        probes.push(match allows_nothing {
            true => probe("{}", Expected::Answer),
            false => probe(
                "{}",
                Expected::Refusal(&["missing_argument", "invalid_argument", "invalid_json"]),
            ),
        });
        return probes;
    };
    probes.push(probe("[]", Expected::Refusal(&["invalid_json"])));
    if inline.get("additionalProperties") == Some(&json!(false)) {
        let unknown = json!({UNKNOWN: 0}).to_string();
        probes.push(probe(&unknown, Expected::Refusal(&["unknown_argument"])));
    }
    let required: Vec<String> = inline
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    probes.push(match required.is_empty() {
        true => probe("{}", Expected::Answer),
        false => probe("{}", Expected::Missing(required)),
    });
    for (name, property) in properties {
        if let Some(wrong) = value_of_another_type(Schemas::new(&manifest.defs), property) {
            let arguments = json!({name: wrong}).to_string();
            probes.push(probe(&arguments, Expected::Invalid(name.clone())));
        }
    }
    probes
}

impl Probe {
    /// Returns the fault in the plugin's answer, if there is one.
    fn fault(
        &self,
        subject: &Subject<'_>,
        command: &CommandInfo,
        config: &Value,
    ) -> Option<String> {
        let arguments = &self.arguments;
        let mut plugin = match subject.instance(config) {
            Ok(plugin) => plugin,
            Err(failure) => return Some(told(&failure)),
        };
        let answer = plugin.call_raw(&command.name, arguments.as_bytes());
        let answer = match (answer, &self.expected) {
            (Ok(bytes), Expected::Answer | Expected::Taken) => {
                return bad_result(subject.manifest, command, arguments, bytes);
            }
            (Ok(_), _) => Err("it took them".to_owned()),
            (Err(failure), expected) if subject.is_played() => {
                return match is_refused(&failure) {
                    true => None,
                    false => trapped(&failure, arguments, expected),
                };
            }
            (Err(failure), expected) => match failure.plugin_error() {
                None => return trapped(&failure, arguments, expected),
                Some(error) => Ok((error.code().to_owned(), error.details().unwrap_or_default())),
            },
        };
        let detail = |details: &Value, name: &str| {
            details.get(name).and_then(Value::as_str).map(str::to_owned)
        };
        let (right, wanted) = match (&self.expected, &answer) {
            (Expected::Refusal(codes), Ok((code, _))) => {
                (codes.contains(&code.as_str()), codes.join(" or "))
            }
            (Expected::Missing(required), Ok((code, details))) => (
                code == "missing_argument"
                    && detail(details, "argument").is_some_and(|name| required.contains(&name)),
                format!(
                    "missing_argument, because {} must be given",
                    required.join(", ")
                ),
            ),
            (Expected::Invalid(name), Ok((code, details))) => (
                code == "invalid_argument"
                    && detail(details, "path").is_some_and(|path| path.starts_with(name.as_str())),
                format!("invalid_argument, because `{name}` is described as another type"),
            ),
            // An error from the author's code has no path that the SDK's argument reader adds.
            (Expected::Taken, Ok((code, details))) => (
                !REFUSALS.contains(&code.as_str())
                    || details.get("path").is_none() && details.get("argument").is_none(),
                "any answer but a refusal, because its description allows them".to_owned(),
            ),
            // A missing default would appear as this error.
            (Expected::Answer, Ok((code, _))) => (
                !["missing_argument", "invalid_argument"].contains(&code.as_str()),
                "any answer, because nothing must be given".to_owned(),
            ),
            (Expected::Refusal(codes), Err(_)) => (false, codes.join(" or ")),
            (Expected::Missing(required), Err(_)) => (
                false,
                format!(
                    "missing_argument, because {} must be given",
                    required.join(", ")
                ),
            ),
            (Expected::Invalid(name), Err(_)) => (
                false,
                format!("invalid_argument, because `{name}` is described as another type"),
            ),
            (Expected::Answer | Expected::Taken, Err(_)) => (true, String::new()),
        };
        let came = match answer {
            Ok((code, details)) if details.is_null() => code,
            Ok((code, details)) => {
                format!("{code} {}", text::line(&details.to_string(), MAX_DETAILS))
            }
            Err(took) => took,
        };
        (!right).then(|| {
            format!(
                "for the arguments `{}` the answer should be {wanted}; it was: {came}",
                text::line(arguments, MAX_DETAILS)
            )
        })
    }
}

fn trapped(failure: &Failure, arguments: &str, expected: &Expected) -> Option<String> {
    match (failure.kind(), expected) {
        // The command was asked to do its work, which may take more fuel than the check allows.
        (FailureKind::OutOfFuel { .. }, Expected::Answer | Expected::Taken) => None,
        // Some commands need more memory for the largest numbers of their types.
        (FailureKind::OutOfMemory { .. }, Expected::Taken) => None,
        _ => Some(format!(
            "for the arguments `{arguments}`: {}",
            told(failure)
        )),
    }
}

fn bad_result(
    manifest: &Manifest,
    command: &CommandInfo,
    arguments: &str,
    bytes: &[u8],
) -> Option<String> {
    let reason = match serde_json::from_slice::<Value>(bytes) {
        Ok(result) => reasons(&manifest.check_result(&command.name, &result).err()?),
        Err(error) => error.to_string(),
    };
    Some(format!(
        "for the arguments `{}` the result is not what is described: {reason}",
        text::line(arguments, MAX_DETAILS)
    ))
}

/// Returns bytes that a raw command cannot accept, if such bytes exist.
fn odd_bytes(command: &CommandInfo) -> Option<&'static [u8]> {
    match command.input.as_deref()? {
        "u8" | "i8" => None,
        "text" => Some(b"\xff"),
        // Not a whole number of elements.
        _ => Some(b"\0"),
    }
}

impl Subject<'_> {
    fn refuses_bytes(&self, command: &CommandInfo, config: &Value, bytes: &[u8]) -> Option<String> {
        let called = self.instance(config).and_then(|mut plugin| {
            let answer = plugin.call_raw(&command.name, bytes);
            answer.map(<[u8]>::to_vec)
        });
        let refused = |failure: &Failure| match failure.plugin_error() {
            Some(error) => error.code() == "invalid_argument" || self.is_played(),
            None => self.is_played() && is_refused(failure),
        };
        match called {
            Err(failure) if refused(&failure) => None,
            Err(failure) => Some(format!("for the bytes {bytes:?}: {}", told(&failure))),
            Ok(_) => Some(format!(
                "it takes `{}`, and took the bytes {bytes:?}, which are none",
                command.input.as_deref().unwrap_or_default()
            )),
        }
    }
}

/// Returns true if the plugin or its emulated host refused a call.
fn is_refused(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        FailureKind::Plugin(_)
            | FailureKind::BadArguments { .. }
            | FailureKind::UnsupportedByHost { .. }
    )
}

/// Returns the JSON types with a sample value of each. Types that deserializers do not mistake for
/// others come first: an array may deserialize as a struct, and `null` as a missing value.
fn samples() -> [(&'static str, Value); 6] {
    [
        ("boolean", json!(true)),
        ("string", json!("?")),
        ("number", json!(0.5)),
        ("object", json!({})),
        ("array", json!([])),
        ("null", Value::Null),
    ]
}

/// Returns a value of a JSON type that a schema does not allow, if there is one.
fn value_of_another_type(schemas: Schemas<'_>, schema: &Value) -> Option<Value> {
    let allowed = types(schemas, schema, MAX_DEPTH)?;
    let mut candidates = samples().into_iter();
    let (_, value) = candidates.find(|(kind, _)| !allowed.contains(kind))?;
    Some(value)
}

/// The greatest depth at which alternatives are followed.
const MAX_DEPTH: usize = 16;

/// Returns the JSON types that a schema allows, or `None` if they are unknown.
fn types(schemas: Schemas<'_>, schema: &Value, depth: usize) -> Option<Vec<&'static str>> {
    let deeper = depth.checked_sub(1)?;
    let shape = schemas.shape(schema);
    let mut types = match shape.kind {
        Kind::Any | Kind::Several(_) => return None,
        Kind::Null => vec!["null"],
        Kind::Boolean => vec!["boolean"],
        Kind::Integer(_) | Kind::Number(_) => vec!["number"],
        Kind::Text(_) => vec!["string"],
        Kind::List(_) | Kind::Tuple(_) => vec!["array"],
        Kind::Map(_) | Kind::Object(_) => vec!["object"],
        Kind::Choice(choices) => choices.iter().map(|choice| type_of(choice.value)).collect(),
        Kind::OneOf(alternatives) => {
            let mut all = Vec::new();
            for alternative in alternatives {
                all.extend(types(schemas, alternative, deeper)?);
            }
            all
        }
    };
    if shape.nullable {
        types.push("null");
    }
    Some(types)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Formats a failure in a line or two.
fn told(failure: &Failure) -> String {
    match failure.hint() {
        Some(hint) => format!("{} ({hint})", failure.message()),
        None => failure.message(),
    }
}
