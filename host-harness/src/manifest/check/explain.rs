//! Explanations of values that do not match a schema, from the validator's own errors.
//!
//! The validator's error for alternatives contains the errors of all alternatives, and so of those
//! inside them. For a nested value, that may be more than fits into memory. A [`Probe`] has the
//! alternatives as definitions of their own, and only the one that the value resembles is explained.

use std::collections::BTreeSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use plugin_sdk::code;
use serde_json::{Map, Value, json};

use super::super::definitions::{Document, definition, inside_mut, reference_to, referred};
use super::bounds::{Size, TEXT_STEP, extent};
use super::words::{excerpt, expected};
use super::{MAX_PROBLEMS, Subject, compile};
use crate::failure::Problem;
use crate::text;

/// The longest chain of references.
const MAX_FOLLOWED: usize = 64;

/// The most names of members that are listed.
const MAX_NAMES: usize = 64;

/// The most errors of the validator that are looked at: several may be the same problem.
const MAX_FAULTS: usize = 4 * MAX_PROBLEMS;

/// The most memory of all the validator's errors for one value, in bytes. For a value that could
/// have more, only the first problem is reported.
const MAX_ERRORS: u64 = 256 << 20;

/// The size of an error without its texts, in bytes.
const ERROR_BYTES: u64 = 512;

/// A validator for a document and for each alternative in it.
pub(super) struct Probe {
    pub(super) definitions: Map<String, Value>,
    /// The name of the definition that is the document's schema.
    root: String,
    /// For objects in which each part of the document has a member of its own. A validator per part
    /// would compile shared definitions for each part.
    validator: Validator,
    /// The bytes of the longest text in the document.
    longest: u64,
}

impl Probe {
    pub(super) fn new(document: &Document) -> Result<Self, String> {
        let mut parts = Parts {
            next: 0,
            names: BTreeSet::new(),
            definitions: document.definitions.clone(),
        };
        for name in document.definitions.keys() {
            // Taken out for a moment, because its alternatives become definitions as well.
            let mut definition = parts.definitions.get_mut(name).map(Value::take);
            definition
                .iter_mut()
                .for_each(|schema| parts.take_from(schema));
            parts
                .definitions
                .extend(definition.map(|schema| (name.clone(), schema)));
        }
        let mut schema = document.schema.clone();
        parts.take_from(&mut schema);
        let root = parts.add(schema);
        let names = parts.names.into_iter();
        let properties = names.map(|name| {
            let reference = json!({"$ref": reference_to(&name)});
            (name, reference)
        });
        let properties: Map<String, Value> = properties.collect();
        let probe = Document {
            schema: json!({"properties": properties}),
            definitions: parts.definitions,
        };
        Ok(Probe {
            root,
            validator: compile(&probe)?,
            longest: longest(&probe.to_value(), true),
            definitions: probe.definitions,
        })
    }

    /// Returns the document's schema.
    pub(super) fn root(&self) -> &Value {
        self.definitions.get(&self.root).unwrap_or(&Value::Null)
    }

    /// Returns the schema at a JSON Pointer of the validator's.
    fn schema(&self, pointer: &str) -> Option<&Value> {
        let inside = pointer.strip_prefix("/$defs/")?;
        let (name, rest) = inside.split_at(inside.find('/').unwrap_or(inside.len()));
        let (_, definition) = definition(&format!("#/$defs/{name}"), &self.definitions)?;
        definition.pointer(rest)
    }

    /// Returns the schema itself, following references.
    fn resolved<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..MAX_FOLLOWED {
            match referred(schema, &self.definitions) {
                Some((_, definition)) => schema = definition,
                None => break,
            }
        }
        schema
    }

    fn is_of_type(&self, schema: &Value, value: &Value) -> bool {
        let schema = self.resolved(schema);
        let is = |kind: &Value| match kind.as_str() {
            Some("null") => value.is_null(),
            Some("boolean") => value.is_boolean(),
            Some("integer" | "number") => value.is_number(),
            Some("string") => value.is_string(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            _ => true,
        };
        let right_type = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().any(is),
            Some(kind) => is(kind),
            None => true,
        };
        right_type && is_one_of_constants(schema, value) != Some(false)
    }

    /// Returns whether an object has the tag, or else all the members, that a schema requires.
    fn resembles(&self, schema: &Value, value: &Value) -> bool {
        let schema = self.resolved(schema);
        let properties = schema.get("properties").and_then(Value::as_object);
        let tags = properties
            .into_iter()
            .flatten()
            .filter_map(|(name, schema)| {
                is_one_of_constants(self.resolved(schema), value.get(name)?)
            });
        if let Some(is_tagged) = tags.reduce(|one, other| one && other) {
            return is_tagged;
        }
        let required = schema.get("required").and_then(Value::as_array);
        let mut required = required.into_iter().flatten().filter_map(Value::as_str);
        required.all(|name| value.get(name).is_some())
    }

    /// Returns the only alternative that a value may be meant for, judged by the value's shape.
    fn meant<'a>(&'a self, branches: &'a [Value], value: &Value) -> Option<&'a str> {
        let mut alike: Vec<&Value> = branches.iter().collect();
        alike.retain(|branch| self.is_of_type(branch, value));
        if alike.len() > 1 {
            alike.retain(|branch| self.resembles(branch, value));
        }
        match *alike {
            [branch] => referred(branch, &self.definitions).map(|(name, _)| name),
            _ => None,
        }
    }
}

/// The definitions of a document, with its alternatives as definitions of their own.
struct Parts {
    /// The number that the next unnamed alternative is named after.
    next: u64,
    /// The names of the alternatives.
    names: BTreeSet<String>,
    definitions: Map<String, Value>,
}

impl Parts {
    fn add(&mut self, part: Value) -> String {
        let mut name = self.next.to_string();
        while self.definitions.contains_key(&name) {
            self.next += 1;
            name = self.next.to_string();
        }
        self.definitions.insert(name.clone(), part);
        self.names.insert(name.clone());
        name
    }

    /// Replaces the alternatives, and what must not match, by conditions: their errors contain no
    /// others, and no copy of a schema.
    fn take_from(&mut self, schema: &mut Value) {
        inside_mut(schema).for_each(|inner| self.take_from(inner));
        let Value::Object(members) = schema else {
            return;
        };
        let mut conditions = Vec::new();
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Value::Array(mut branches)) = members.shift_remove(keyword) {
                branches.iter_mut().for_each(|branch| self.name(branch));
                conditions.push(json!({"if": {keyword: branches}, "else": false}));
            }
        }
        if let Some(not) = members.shift_remove("not") {
            conditions.push(json!({"if": not, "then": false}));
        }
        match &mut *conditions {
            [] => {}
            // Saves some of the stack.
            [Value::Object(only)]
                if ["if", "then", "else"]
                    .iter()
                    .all(|own| !members.contains_key(*own)) =>
            {
                members.append(only);
            }
            _ => match members.entry("allOf").or_insert_with(|| json!([])) {
                Value::Array(all) => all.extend(conditions),
                other => *other = conditions.into(),
            },
        }
    }

    /// Makes an alternative a reference to a definition.
    fn name(&mut self, branch: &mut Value) {
        let is_reference = branch.as_object().is_some_and(|members| members.len() == 1);
        match referred(branch, &self.definitions) {
            Some((name, _)) if is_reference => {
                self.names.insert(name.to_owned());
            }
            _ => {
                let name = self.add(branch.take());
                *branch = json!({"$ref": reference_to(&name)});
            }
        }
    }
}

/// Returns the alternatives of a condition that replaces them.
pub(super) fn alternatives(condition: &Value) -> Option<&[Value]> {
    let branches = condition.get("if")?;
    let branches = branches.get("anyOf").or_else(|| branches.get("oneOf"))?;
    let is_condition = condition.get("else") == Some(&Value::Bool(false));
    is_condition.then_some(branches.as_array()?)
}

/// Returns the problems of a value that does not match: at least one.
pub(super) fn problems(
    probe: &Probe,
    size: &Size,
    subject: Subject,
    value: &Value,
    steps: u64,
) -> Vec<Problem> {
    let mut explanation = Explanation {
        probe,
        size,
        left: steps,
        subject,
        named: subject == Subject::Arguments && probe.root().get("$ref").is_none(),
        value,
        problems: Vec::new(),
    };
    explanation.explain(&probe.root, "");
    explanation.problems
}

struct Explanation<'a> {
    probe: &'a Probe,
    size: &'a Size,
    /// The remaining steps.
    left: u64,
    subject: Subject,
    /// Whether the members of the whole value are arguments.
    named: bool,
    value: &'a Value,
    problems: Vec<Problem>,
}

/// An error of the validator, without the copy of the value that it borrows.
struct Fault {
    /// The JSON Pointer to the part of the value.
    place: String,
    /// The JSON Pointer to the keyword in the schema.
    keyword: String,
    kind: FaultKind,
}

enum FaultKind {
    Missing(String),
    /// The names of unknown members, and `true` if only this schema names the known ones.
    Unknown(Vec<String>, bool),
    Never,
    Other,
}

impl Fault {
    fn new(error: &ValidationError<'_>) -> Self {
        let first = |names: &[String]| names.iter().take(MAX_PROBLEMS).cloned().collect();
        let kind = match error.kind() {
            ValidationErrorKind::Required {
                property: Value::String(name),
            } => FaultKind::Missing(name.clone()),
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                FaultKind::Unknown(first(unexpected), true)
            }
            ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                FaultKind::Unknown(first(unexpected), false)
            }
            ValidationErrorKind::FalseSchema => FaultKind::Never,
            _ => FaultKind::Other,
        };
        // The first segment is the definition's name.
        let inner = error.instance_path().as_str().splitn(3, '/').nth(2);
        Fault {
            place: inner.map_or_else(String::new, |inner| format!("/{inner}")),
            keyword: error.schema_path().to_string(),
            kind,
        }
    }
}

impl<'a> Explanation<'a> {
    /// Explains why the value at a JSON Pointer does not match a definition.
    fn explain(&mut self, name: &str, pointer: &str) {
        let place = self.place(pointer);
        let schema = self.probe.definitions.get(name).unwrap_or(&Value::Null);
        let before = self.problems.len();
        for fault in self.faults(name, schema, place.value) {
            self.fault(&fault, &format!("{pointer}{}", fault.place));
        }
        if self.problems.len() == before {
            self.mismatch(schema, &place);
        }
    }

    /// Returns the first faults of a value, as far as steps and memory allow.
    fn faults(&mut self, name: &str, schema: &Value, value: &Value) -> Vec<Fault> {
        let (nodes, text) = extent(value);
        self.left = self.left.saturating_sub(nodes + text / TEXT_STEP);
        let before = self.left;
        let definitions = &self.probe.definitions;
        let rehearsed = (self.size).rehearse(definitions, schema, value, &mut self.left);
        if rehearsed.is_err() {
            return Vec::new();
        }
        // An error has a path into the value, and one through the open schemas.
        let open = self.size.open(value) as u64;
        let segment = self.probe.longest + longest(value, false);
        let each = ERROR_BYTES + open.saturating_mul(segment);
        let validator = &self.probe.validator;
        let instance = Value::Object(Map::from_iter([(name.to_owned(), value.clone())]));
        if (before - self.left).saturating_mul(each) > MAX_ERRORS {
            let first = validator.validate(&instance).err();
            return first.iter().map(Fault::new).collect();
        }
        let errors = validator.iter_errors(&instance).take(MAX_FAULTS);
        errors.map(|error| Fault::new(&error)).collect()
    }

    fn fault(&mut self, fault: &Fault, pointer: &str) {
        let place = self.place(pointer);
        let (of_schema, keyword) = fault.keyword.rsplit_once('/').unwrap_or(("", ""));
        let probe = self.probe;
        let schema = probe.schema(of_schema).unwrap_or(&Value::Null);
        match &fault.kind {
            FaultKind::Missing(name) => self.missing(name, schema, &place),
            FaultKind::Unknown(names, is_known) => {
                for name in names {
                    self.unknown(name, is_known.then_some(schema), &place);
                }
            }
            FaultKind::Never if keyword == "else" => {
                let meant = alternatives(schema).and_then(|all| probe.meant(all, place.value));
                match meant {
                    Some(meant) => self.explain(meant, pointer),
                    None => self.mismatch(schema, &place),
                }
            }
            FaultKind::Never if keyword != "then" => self.mismatch(&Value::Bool(false), &place),
            FaultKind::Never | FaultKind::Other => self.mismatch(schema, &place),
        }
    }

    fn missing(&mut self, name: &str, schema: &Value, place: &Place<'_>) {
        let shown = text::name(name);
        let problem = match self.is_of_arguments(place) {
            true => {
                let message = format!("the argument `{shown}` is missing");
                let property = schema.get("properties").and_then(|all| all.get(name));
                let definitions = &self.probe.definitions;
                Problem {
                    expected: property
                        .map_or_else(String::new, |property| expected(property, definitions)),
                    ..place.member(name).problem(code::MISSING_ARGUMENT, message)
                }
            }
            false => {
                let message = format!("{}: the member `{shown}` is missing", self.shown(place));
                Problem {
                    expected: format!("a member `{shown}`"),
                    ..place.problem(code::INVALID_ARGUMENT, message)
                }
            }
        };
        self.add(problem);
    }

    /// Adds the problem of an unknown member. The schema is the one that names the known ones.
    fn unknown(&mut self, name: &str, schema: Option<&Value>, place: &Place<'a>) {
        let names = |keyword: &str| -> Vec<String> {
            let members = schema.and_then(|schema| schema.get(keyword)?.as_object());
            let names = members.into_iter().flat_map(Map::keys).take(MAX_NAMES);
            names.map(|name| text::name(name)).collect()
        };
        let known = names("properties");
        let patterns = names("patternProperties");
        let listed = known.iter().map(|name| format!("`{name}`"));
        let patterns = patterns
            .iter()
            .map(|name| format!("names that match `{name}`"));
        let listed: Vec<String> = listed.chain(patterns).collect();
        let only = match &*listed {
            _ if schema.is_none() => "only known members".to_owned(),
            [] => "there is none".to_owned(),
            listed => format!("only {}", listed.join(", ")),
        };
        let shown = text::name(name);
        let (code, message) = match self.is_of_arguments(place) {
            true => (
                code::UNKNOWN_ARGUMENT,
                format!("there is no argument `{shown}`"),
            ),
            false => (
                code::INVALID_ARGUMENT,
                format!("{}: there is no member `{shown}`", self.shown(place)),
            ),
        };
        let message = match code {
            _ if schema.is_none() => message,
            code::UNKNOWN_ARGUMENT if known.is_empty() => {
                format!("{message}: the command has none")
            }
            _ => format!("{message}, {only}"),
        };
        let member = place.member(name);
        self.add(Problem {
            expected: only,
            found: Some(excerpt(member.value)),
            known,
            ..member.problem(code, message)
        });
    }

    /// Adds the problem that a value does not match a schema.
    fn mismatch(&mut self, schema: &Value, place: &Place<'_>) {
        let expected = expected(schema, &self.probe.definitions);
        let found = excerpt(place.value);
        let message = format!("{}: expected {expected}, found {found}", self.shown(place));
        let code = match self.is_of_arguments(place) && !place.value.is_object() {
            true => code::INVALID_JSON,
            false => code::INVALID_ARGUMENT,
        };
        self.add(Problem {
            expected,
            found: Some(found),
            ..place.problem(code, message)
        });
    }

    /// Adds a problem, unless it is known: a value may break several rules of one schema.
    fn add(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn is_of_arguments(&self, place: &Place<'_>) -> bool {
        self.named && place.path.is_empty()
    }

    /// Returns the place at a JSON Pointer.
    fn place(&self, pointer: &str) -> Place<'a> {
        let mut place = Place {
            path: String::new(),
            pointer: String::new(),
            value: self.value,
        };
        if self.subject == Subject::EventData {
            place.path.push_str("data");
            place.pointer.push_str("/data");
        }
        for segment in pointer.split('/').skip(1) {
            place = place.member(&segment.replace("~1", "/").replace("~0", "~"));
        }
        place
    }

    /// Returns a place as the subject of a message.
    fn shown(&self, place: &Place<'_>) -> String {
        match std::ptr::eq(place.value, self.value) {
            true => self.subject.words().to_owned(),
            false => format!("`{}`", place.path),
        }
    }
}

/// A part of the value.
struct Place<'a> {
    /// The path, such as `items[2].price`.
    path: String,
    /// The JSON Pointer, such as `/items/2/price`.
    pointer: String,
    value: &'a Value,
}

impl<'a> Place<'a> {
    /// Returns the place of a member or an element; its value is null if it is missing.
    fn member(&self, name: &str) -> Self {
        let shown = text::name(name);
        let escaped = shown.replace('~', "~0").replace('/', "~1");
        let (path, value) = match self.value {
            Value::Array(elements) => {
                let element = name.parse().ok().and_then(|at: usize| elements.get(at));
                (format!("{}[{shown}]", self.path), element)
            }
            value if self.path.is_empty() => (shown, value.get(name)),
            value => (format!("{}.{shown}", self.path), value.get(name)),
        };
        Place {
            path,
            pointer: format!("{}/{escaped}", self.pointer),
            value: value.unwrap_or(&Value::Null),
        }
    }

    fn problem(&self, code: &'static str, message: String) -> Problem {
        Problem {
            path: self.path.clone(),
            pointer: self.pointer.clone(),
            ..Problem::new(code, message)
        }
    }
}

/// Returns whether a value is one of those that a schema lists; `None` if it lists none.
fn is_one_of_constants(schema: &Value, value: &Value) -> Option<bool> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(constant), _) => Some(constant == value),
        (None, Some(Value::Array(values))) => Some(values.contains(value)),
        _ => None,
    }
}

/// Returns the bytes of the longest name in a value, or of the longest text of any kind.
fn longest(value: &Value, of_any_kind: bool) -> u64 {
    let longest = match value {
        Value::String(text) if of_any_kind => Some(text.len() as u64),
        Value::Array(values) => values.iter().map(|value| longest(value, of_any_kind)).max(),
        Value::Object(members) => {
            let longest = |(name, value): (&String, &Value)| {
                longest(value, of_any_kind).max(name.len() as u64)
            };
            members.iter().map(longest).max()
        }
        _ => None,
    };
    longest.unwrap_or(0)
}
