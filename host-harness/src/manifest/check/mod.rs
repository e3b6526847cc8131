//! Validation of values against a plugin's own schemas, before the plugin gets any of them.
//!
//! `bounds.rs` bounds the work of hostile schemas, `explain.rs` finds the problems of a value,
//! `words.rs` words them, and `validators.rs` validates many values for tools.

mod bounds;
mod explain;
mod validators;
mod words;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::{Draft, PatternOptions, Validator};
use plugin_sdk::services::events;
use plugin_sdk::{Error, code};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::definitions::Document;
use super::{CommandInfo, Manifest, Schema};
use crate::failure::{FailureKind, Problem};
use crate::limits::SchemaLimits;
use crate::text;

pub use validators::Validators;

/// The size of a compiled pattern in bytes; matching takes at most that many steps for each byte of
/// a text.
const MAX_PATTERN: usize = 256 * 1024;

/// The memory of matching one pattern, in bytes.
const MATCHING_BYTES: usize = 32 << 10;

/// The code of problems that no value is to blame for.
const BAD_SCHEMA: &str = "bad_schema";

/// The most problems that are reported of one value.
pub(super) const MAX_PROBLEMS: usize = 16;

impl Problem {
    fn new(code: &'static str, message: String) -> Self {
        Problem {
            code,
            message,
            path: String::new(),
            pointer: String::new(),
            expected: String::new(),
            found: None,
            known: Vec::new(),
        }
    }

    fn bad_schema(reason: &str) -> Self {
        let message = format!("the plugin's schema of this cannot be used: {reason}");
        Problem::new(BAD_SCHEMA, message)
    }

    /// Returns the details of an error from a guest, and the JSON Pointer.
    fn details(&self) -> Map<String, Value> {
        let mut details = Map::new();
        let mut insert = |member: &str, value: Value| details.insert(member.to_owned(), value);
        match self.code {
            code::MISSING_ARGUMENT => {
                insert("argument", self.path.clone().into());
            }
            code::UNKNOWN_ARGUMENT => {
                insert("argument", self.path.clone().into());
                insert("expected", self.known.clone().into());
            }
            _ => {
                insert("path", self.path.clone().into());
                insert("expected", self.expected.clone().into());
                if let Some(found) = &self.found {
                    insert("found", found.clone().into());
                }
            }
        }
        insert("pointer", self.pointer.clone().into());
        details
    }
}

/// Returns the error for a value with these problems: that of the first, with all of them in its
/// details.
fn error(problems: &[Problem]) -> Error {
    let Some(first) = problems.first() else {
        return Error::new(code::INVALID_ARGUMENT, "the value does not fit");
    };
    let mut message = first.message.clone();
    let mut details = first.details();
    if let [_, others @ ..] = problems
        && !others.is_empty()
    {
        message.push_str(&format!(" (and {} more)", others.len()));
        details.insert("problems".to_owned(), json!(problems));
    }
    Error::new(first.code, message).with_details(&details)
}

impl Manifest {
    /// Validates the arguments of a command against its schema. A command without a description
    /// takes anything. The value is the object with one member per argument, also for a command
    /// with the binary codec.
    ///
    /// For tools. A tool that validates many values has [`Validators`], which keep compiled
    /// schemas, and so does a host that
    /// [validates every call](crate::PluginBuilder::validate_schemas).
    ///
    /// ```
    /// use plugin_sdk_harness::manifest::Manifest;
    /// use serde_json::json;
    ///
    /// let manifest: Manifest = serde_json::from_value(json!({"abi": 1, "commands": [{
    ///     "name": "order",
    ///     "arguments": {
    ///         "type": "object",
    ///         "properties": {"items": {
    ///             "type": "array",
    ///             "items": {"type": "integer", "minimum": 0, "maximum": 255},
    ///         }},
    ///         "required": ["items"],
    ///         "additionalProperties": false,
    ///     },
    ///     "result": true,
    /// }]}))?;
    /// assert!(manifest.check("order", &json!({"items": [1, 2]})).is_ok());
    ///
    /// let order = json!({"items": [1, 256], "note": "quick"});
    /// let problems = manifest.check("order", &order).unwrap_err();
    /// let first = "`items[1]`: expected an integer from 0 to 255, found 256";
    /// assert_eq!(problems[0].to_string(), first);
    /// assert_eq!((&*problems[0].path, &*problems[0].pointer), ("items[1]", "/items/1"));
    /// assert_eq!(problems[1].code, "unknown_argument");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The problems of the value, at most 16.
    pub fn check(&self, command: &str, arguments: &Value) -> Result<(), Vec<Problem>> {
        let schema = self
            .command(command)
            .and_then(|command| command.arguments.as_ref());
        self.check_value(schema, Subject::Arguments, arguments)
    }

    /// Validates a configuration against its schema. A plugin without a schema for it takes any.
    ///
    /// # Errors
    ///
    /// The problems of the value, at most 16.
    pub fn check_config(&self, config: &Value) -> Result<(), Vec<Problem>> {
        self.check_value(self.config.as_ref(), Subject::Configuration, config)
    }

    /// Validates the result of a command against its schema. A command without a description may
    /// return anything.
    ///
    /// For tools that look for faults in plugins. No call does this: the host reads a result
    /// itself.
    ///
    /// # Errors
    ///
    /// The problems of the value, at most 16.
    pub fn check_result(&self, command: &str, result: &Value) -> Result<(), Vec<Problem>> {
        let schema = self
            .command(command)
            .and_then(|command| command.result.as_ref());
        self.check_value(schema, Subject::Result, result)
    }

    fn check_value(
        &self,
        schema: Option<&Schema>,
        subject: Subject,
        value: &Value,
    ) -> Result<(), Vec<Problem>> {
        let Some(schema) = schema else { return Ok(()) };
        let limits = SchemaLimits::default();
        match Compiled::new(self.document(schema), &limits) {
            Ok(compiled) => compiled.check(subject, value, limits.steps),
            Err(reason) => Err(vec![Problem::bad_schema(&reason)]),
        }
    }
}

/// The purpose of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Arguments,
    Configuration,
    EventData,
    Result,
}

impl Subject {
    /// Returns its name in messages.
    pub(super) fn words(self) -> &'static str {
        match self {
            Subject::Arguments => "the arguments",
            Subject::Configuration => "the configuration",
            Subject::EventData => "the event's data",
            Subject::Result => "the result",
        }
    }
}

/// A compiled schema.
struct Compiled {
    document: Document,
    validator: Validator,
    size: bounds::Size,
    /// Created for the first value that does not match.
    probe: OnceLock<Result<explain::Probe, String>>,
}

impl Compiled {
    fn new(document: Document, limits: &SchemaLimits) -> Result<Self, String> {
        let size = bounds::measure(&document, limits)?;
        Ok(Compiled {
            validator: compile(&document)?,
            document,
            size,
            probe: OnceLock::new(),
        })
    }

    fn check(&self, subject: Subject, value: &Value, steps: u64) -> Result<(), Vec<Problem>> {
        if let Err(reason) = self.size.admit(&self.document, value, steps) {
            return Err(vec![Problem::bad_schema(&reason)]);
        }
        if self.validator.is_valid(value) {
            return Ok(());
        }
        let probe = self
            .probe
            .get_or_init(|| explain::Probe::new(&self.document));
        Err(match probe {
            Ok(probe) => explain::problems(probe, &self.size, subject, value, steps),
            Err(reason) => vec![Problem::bad_schema(reason)],
        })
    }
}

/// Compiles a schema. Remote references are not fetched, and patterns take linear time.
fn compile(document: &Document) -> Result<Validator, String> {
    let patterns = PatternOptions::regex()
        .size_limit(MAX_PATTERN)
        .dfa_size_limit(MATCHING_BYTES);
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .with_pattern_options(patterns)
        .build(&document.to_value())
        .map_err(|error| text::one_line(&error.to_string(), 300))
}

/// The schemas of a module, each compiled when first needed.
pub(crate) struct Checks {
    manifest: Arc<Manifest>,
    config: Lazy,
    /// Sorted like the manifest.
    commands: Vec<Lazy>,
    handles: Vec<Lazy>,
    /// The bytes of all compiled schemas.
    taken: Mutex<u64>,
}

type Lazy = OnceLock<Compiled>;

impl Checks {
    pub(crate) fn of(manifest: Arc<Manifest>) -> Self {
        let lazy = |count| std::iter::repeat_with(Lazy::new).take(count).collect();
        Checks {
            config: Lazy::new(),
            commands: lazy(manifest.commands.len()),
            handles: lazy(manifest.handles.len()),
            taken: Mutex::new(0),
            manifest,
        }
    }

    /// Validates arguments in JSON, as encoded for the plugin.
    pub(crate) fn json(
        &self,
        command: &str,
        text: &[u8],
        limits: &SchemaLimits,
    ) -> Result<(), FailureKind> {
        let Some((info, compiled)) = self.command(command) else {
            return Ok(());
        };
        self.check(
            info.arguments.as_ref(),
            compiled,
            Subject::Arguments,
            limits,
            || parse(text),
        )
    }

    /// Validates arguments for the binary codec, in which they have no names.
    pub(crate) fn binary(
        &self,
        command: &str,
        arguments: &impl Serialize,
        limits: &SchemaLimits,
    ) -> Result<(), FailureKind> {
        let Some((info, compiled)) = self.command(command) else {
            return Ok(());
        };
        let schema = info.arguments.as_ref();
        self.check(schema, compiled, Subject::Arguments, limits, || {
            // Converted through text, which has integers of every size.
            let text = serde_json::to_vec(arguments).map_err(|error| {
                let reason = format!("they cannot be compared with the plugin's schema: {error}");
                FailureKind::BadArguments { reason }
            })?;
            let value = parse(&text)?;
            named(schema, value)
        })
    }

    /// Validates a configuration, as encoded for the plugin.
    pub(crate) fn config(&self, text: &[u8], limits: &SchemaLimits) -> Result<(), FailureKind> {
        let schema = self.manifest.config.as_ref();
        let config = || parse(text);
        self.check(schema, &self.config, Subject::Configuration, limits, config)
    }

    /// Validates an event, as encoded for the plugin: its data must match the schema of every
    /// handler that receives it.
    pub(crate) fn event(
        &self,
        topic: &str,
        text: &[u8],
        limits: &SchemaLimits,
    ) -> Result<(), FailureKind> {
        let handlers = self.manifest.handles.iter().zip(&self.handles);
        for (handled, compiled) in
            handlers.filter(|(handled, _)| events::matches(&handled.topic, topic))
        {
            let data = || {
                let mut event = parse(text)?;
                // An event without data has `null` as its data.
                Ok(event.get_mut("data").map_or(Value::Null, Value::take))
            };
            let schema = handled.data.as_ref();
            self.check(schema, compiled, Subject::EventData, limits, data)?;
        }
        Ok(())
    }

    /// The commands of a manifest are sorted by name.
    fn command(&self, name: &str) -> Option<(&CommandInfo, &Lazy)> {
        let commands = &self.manifest.commands;
        let place = commands.binary_search_by(|command| (*command.name).cmp(name));
        let place = place.ok()?;
        Some((commands.get(place)?, self.commands.get(place)?))
    }

    /// Returns the compiled schema, which is kept. A refusal is not: another instance may allow
    /// more.
    fn compiled<'a>(
        &self,
        schema: &Schema,
        kept: &'a Lazy,
        limits: &SchemaLimits,
    ) -> Result<&'a Compiled, String> {
        if let Some(compiled) = kept.get() {
            return Ok(compiled);
        }
        // Locked while compiling, so that the sum is right with several threads.
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = kept.get() {
            return Ok(compiled);
        }
        let compiled = Compiled::new(self.manifest.document(schema), limits)?;
        let together = taken.saturating_add(compiled.size.bytes());
        if together > limits.bytes {
            return Err(format!(
                "the schemas of the plugin take more than {} bytes together; the host's setting is `max_schema_bytes`",
                limits.bytes
            ));
        }
        *taken = together;
        Ok(kept.get_or_init(|| compiled))
    }

    fn check(
        &self,
        schema: Option<&Schema>,
        compiled: &Lazy,
        subject: Subject,
        limits: &SchemaLimits,
        value: impl FnOnce() -> Result<Value, FailureKind>,
    ) -> Result<(), FailureKind> {
        let Some(schema) = schema else { return Ok(()) };
        let compiled = self.compiled(schema, compiled, limits);
        let compiled = compiled.map_err(|reason| FailureKind::BadSchema { reason })?;
        match compiled.check(subject, &value()?, limits.steps) {
            Ok(()) => Ok(()),
            Err(problems) => Err(match problems.iter().find(|one| one.code == BAD_SCHEMA) {
                Some(bad) => FailureKind::BadSchema {
                    reason: bad.to_string(),
                },
                None => FailureKind::SchemaMismatch {
                    error: error(&problems),
                    problems,
                },
            }),
        }
    }
}

/// Decodes JSON that the host encoded; no bytes are `{}`.
fn parse(text: &[u8]) -> Result<Value, FailureKind> {
    if text.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(text).map_err(|error| FailureKind::BadArguments {
        reason: error.to_string(),
    })
}

/// Names the arguments, in the order of the binary codec.
fn named(schema: Option<&Schema>, value: Value) -> Result<Value, FailureKind> {
    let properties = schema.and_then(|schema| schema.as_value().get("properties"));
    let (Value::Array(values), Some(Value::Object(properties))) = (&value, properties) else {
        return Ok(match value {
            Value::Null => Value::Object(Map::new()),
            value => value,
        });
    };
    if values.len() > properties.len() {
        let reason = format!(
            "there are {}, and the command takes {}",
            values.len(),
            properties.len()
        );
        return Err(FailureKind::BadArguments { reason });
    }
    let named = properties.keys().cloned().zip(values.iter().cloned());
    Ok(Value::Object(named.collect()))
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests;
