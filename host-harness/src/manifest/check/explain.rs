//! Explanations of values that do not match a schema, from the validator's own errors.
//!
//! The validator's error for alternatives contains the errors of all alternatives, and so of those
//! inside them. For a nested value, that may be more than fits into memory. A [`Probe`] has the
//! alternatives as definitions of their own, and only the one that the value resembles is
//! explained.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use plugin_sdk::code;
use serde_json::{Map, Value, json};

use super::super::definitions::{Document, definition, inside_mut, reference_to, referred};
use super::bounds::{Size, TEXT_STEP, extent};
use super::words::{alternatives, excerpt, expected};
use super::{MAX_PROBLEMS, Subject, compile};
use crate::failure::Problem;
use crate::text;

/// The most names of members that are listed.
const MAX_NAMES: usize = 64;

/// The most errors of the validator that are looked at: several may be the same problem.
const MAX_ERRORS: usize = 4 * MAX_PROBLEMS;

/// The most memory of all the validator's errors for one value, in bytes. For a value that could
/// have more, only the first problem is reported.
const MAX_MEMORY: u64 = 256 << 20;

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
            document,
            found: Map::new(),
        };
        let mut definitions = document.definitions.clone();
        for definition in definitions.values_mut() {
            parts.take_from(definition);
        }
        let mut schema = document.schema.clone();
        parts.take_from(&mut schema);
        let root = parts.add(schema);
        definitions.extend(parts.found);
        let names = definitions.keys();
        let properties = names.map(|name| (name.clone(), json!({"$ref": reference_to(name)})));
        let probe = Document {
            schema: json!({"properties": properties.collect::<Map<_, _>>()}),
            definitions,
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
        self.definition(&self.root)
    }

    fn definition(&self, name: &str) -> &Value {
        self.definitions.get(name).unwrap_or(&Value::Null)
    }

    /// Returns the schema at a JSON Pointer from the validator.
    fn schema(&self, pointer: &str) -> Option<&Value> {
        let inside = pointer.strip_prefix("/$defs/")?;
        let (name, rest) = inside.split_at(inside.find('/').unwrap_or(inside.len()));
        let (_, definition) = definition(&format!("#/$defs/{name}"), &self.definitions)?;
        definition.pointer(rest)
    }
}

/// The alternatives of a document, as definitions of their own.
struct Parts<'a> {
    document: &'a Document,
    found: Map<String, Value>,
}

impl Parts<'_> {
    /// Adds a definition under a name that no other one has.
    fn add(&mut self, part: Value) -> String {
        let mut number = self.found.len();
        while self.document.definitions.contains_key(&number.to_string())
            || self.found.contains_key(&number.to_string())
        {
            number += 1;
        }
        self.found.insert(number.to_string(), part);
        number.to_string()
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
        let is_reference = branch.as_object().is_some_and(|members| members.len() == 1)
            && referred(branch, &self.document.definitions).is_some();
        if !is_reference {
            let name = self.add(branch.take());
            *branch = json!({"$ref": reference_to(&name)});
        }
    }
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
    /// `true` if the members of the whole value are arguments.
    named: bool,
    value: &'a Value,
    problems: Vec<Problem>,
}

impl<'a> Explanation<'a> {
    /// Explains why the value at a JSON Pointer does not match a definition.
    fn explain(&mut self, name: &str, pointer: &str) {
        let place = self.place(pointer);
        let before = self.problems.len();
        let mut meant = Vec::new();
        let instance = Value::Object(Map::from_iter([(name.to_owned(), place.value.clone())]));
        for error in self.errors(name, &instance) {
            let pointer = format!("{pointer}{}", inner(&error));
            meant.extend(self.error(&error, &pointer).map(|name| (name, pointer)));
        }
        drop(instance);
        for (name, pointer) in meant {
            self.explain(name, &pointer);
        }
        if self.problems.len() == before {
            self.mismatch(self.probe.definition(name), &place);
        }
    }

    /// Returns the first errors of the object whose only member is named after a definition, as far
    /// as steps and memory allow.
    fn errors<'v>(&mut self, name: &str, instance: &'v Value) -> Vec<ValidationError<'v>>
    where
        'a: 'v,
    {
        let Probe { definitions, .. } = self.probe;
        let value = instance.get(name).unwrap_or(&Value::Null);
        let (nodes, text) = extent(value);
        self.left = self.left.saturating_sub(nodes + text / TEXT_STEP);
        let (before, schema) = (self.left, self.probe.definition(name));
        let rehearsed = (self.size).rehearse(definitions, schema, value, &mut self.left);
        if rehearsed.is_err() {
            return Vec::new();
        }
        // An error has a path into the value, and one through the open schemas.
        let open = self.size.open(value) as u64;
        let segment = self.probe.longest + longest(value, false);
        let each = ERROR_BYTES + open.saturating_mul(segment);
        let validator = &self.probe.validator;
        match (before - self.left).saturating_mul(each) <= MAX_MEMORY {
            true => validator.iter_errors(instance).take(MAX_ERRORS).collect(),
            false => validator.validate(instance).err().into_iter().collect(),
        }
    }

    /// Adds the problem of an error, or returns the alternative to explain instead.
    fn error(&mut self, error: &ValidationError<'_>, pointer: &str) -> Option<&'a str> {
        let place = self.place(pointer);
        let (schema, keyword) = error.schema_path().as_str().rsplit_once('/')?;
        let schema = self.probe.schema(schema)?;
        match error.kind() {
            ValidationErrorKind::Required { property } => {
                self.missing(property.as_str()?, schema, &place);
            }
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let names = unexpected.iter().take(MAX_PROBLEMS);
                names.for_each(|name| self.unknown(name, Some(schema), &place));
            }
            ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                let names = unexpected.iter().take(MAX_PROBLEMS);
                names.for_each(|name| self.unknown(name, None, &place));
            }
            ValidationErrorKind::FalseSchema if keyword == "else" => {
                let branches = alternatives(schema).unwrap_or(&[]);
                let meant = self.meant(branches, place.value);
                if meant.is_none() {
                    self.mismatch(schema, &place);
                }
                return meant;
            }
            // The schema allows no members at all, and the error has no names.
            ValidationErrorKind::FalseSchema if keyword == "additionalProperties" => {
                let members = place.value.as_object().into_iter().flatten();
                let names = members.take(MAX_PROBLEMS);
                names.for_each(|(name, _)| self.unknown(name, Some(schema), &place));
            }
            ValidationErrorKind::FalseSchema if keyword != "then" => {
                self.mismatch(&Value::Bool(false), &place);
            }
            _ => self.mismatch(schema, &place),
        }
        None
    }

    /// Returns the only alternative that a value resembles: one of the right type, with the right
    /// tag, or else with all members that the alternative requires.
    fn meant(&mut self, branches: &'a [Value], value: &Value) -> Option<&'a str> {
        let probe = self.probe;
        let names = branches
            .iter()
            .filter_map(|branch| referred(branch, &probe.definitions));
        let outline = outline(value);
        let mut alike: Vec<(&str, [bool; 3])> = Vec::new();
        for (name, _) in names {
            let instance = Value::Object(Map::from_iter([(name.to_owned(), outline.clone())]));
            let mut flaws = [false; 3];
            for error in self.errors(name, &instance) {
                let depth = inner(&error).matches('/').count();
                let [of_type, of_tag, of_members] = &mut flaws;
                match error.kind() {
                    ValidationErrorKind::Type { .. } => *of_type |= depth == 0,
                    ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } => {
                        *of_type |= depth == 0;
                        *of_tag |= depth == 1;
                    }
                    ValidationErrorKind::Required { .. } => *of_members |= depth == 0,
                    _ => {}
                }
            }
            alike.push((name, flaws));
        }
        for flaw in 0..3 {
            if alike.len() > 1 {
                alike.retain(|(_, flaws)| flaws.get(flaw) == Some(&false));
            }
        }
        match *alike {
            [(name, _)] => Some(name),
            _ => None,
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
            [] => "and none is allowed".to_owned(),
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

/// Returns a value without the contents of what is inside it.
fn outline(value: &Value) -> Value {
    let emptied = |value: &Value| match value {
        Value::Array(_) => json!([]),
        Value::Object(_) => json!({}),
        other => other.clone(),
    };
    match value {
        Value::Array(values) => values.iter().map(emptied).collect(),
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(name, value)| (name.clone(), emptied(value)))
                .collect()
        }
        other => other.clone(),
    }
}

/// Returns the JSON Pointer to the part of a value that has an error, without the definition's
/// name.
fn inner(error: &ValidationError<'_>) -> String {
    let inner = error.instance_path().as_str().splitn(3, '/').nth(2);
    inner.map_or_else(String::new, |inner| format!("/{inner}"))
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
