//! Explanations of values that do not match a schema: the search descends into the parts that do
//! not match.
//!
//! The validator's own list of errors covers every alternative of every alternative. For a nested
//! value, that may be more than fits into memory.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Write;

use jsonschema::Validator;
use plugin_sdk::code;
use serde_json::{Map, Value, json};

use super::super::definitions;
use super::bounds::Size;
use super::words::{excerpt, expected};
use super::{MAX_PROBLEMS, Subject, compile};
use crate::failure::Problem;
use crate::text;

/// The longest chain of references.
const MAX_FOLLOWED: usize = 64;

/// The most names of members that are listed, and the most bytes of one.
const MAX_NAMES: usize = 64;

/// Validates values against any part of a document.
///
/// A single validator, for objects in which each part of the document has a member of its own: a
/// validator per part would compile shared definitions for each part.
pub(super) struct Probe {
    validator: Validator,
    /// The members' names, by the position of the part in the document.
    members: HashMap<String, String>,
}

impl Probe {
    pub(super) fn new(document: &Value) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut definitions = document.get("$defs").cloned().unwrap_or_default();
        let mut root = document.clone();
        if let Some(root) = root.as_object_mut() {
            root.remove("$defs");
            root.remove("$schema");
        }
        // The document itself becomes a definition, with a name that no reference uses.
        parts_of(&root, "#/$defs/", &mut parts);
        for (name, definition) in definitions.as_object().into_iter().flatten() {
            parts_of(definition, &definitions::reference_to(name), &mut parts);
        }
        match &mut definitions {
            Value::Object(definitions) => {
                definitions.insert(String::new(), root);
            }
            none => *none = json!({"": root}),
        }
        let mut members = HashMap::new();
        let mut properties = Map::new();
        for (place, schema) in parts {
            let member = properties.len().to_string();
            properties.insert(member.clone(), schema);
            members.insert(place, member);
        }
        let document = json!({"properties": properties, "$defs": definitions});
        Ok(Probe {
            validator: compile(&document)?,
            members,
        })
    }

    /// Returns whether a name matches the pattern of the part at a position.
    fn matches(&self, place: &str, name: &str) -> bool {
        let named = Map::from_iter([(name.to_owned(), Value::Null)]);
        !self.fits(&names_at(place), &Value::Object(named))
    }

    fn fits(&self, place: &str, value: &Value) -> bool {
        let Some(member) = self.members.get(place) else {
            return true;
        };
        let object = Map::from_iter([(member.clone(), value.clone())]);
        self.validator.is_valid(&Value::Object(object))
    }
}

/// Returns the parts of a schema at a position, each with what it validates.
fn parts_of(schema: &Value, place: &str, parts: &mut Vec<(String, Value)>) {
    parts.push((place.to_owned(), json!({"$ref": place})));
    for inner in definitions::inside(schema) {
        let place = inner.place(place);
        if inner.keyword == "patternProperties" {
            let no_such_name = json!({"patternProperties": {inner.name: false}});
            parts.push((names_at(&place), no_such_name));
        }
        parts_of(inner.schema, &place, parts);
    }
}

/// The position of names for the pattern of a part, which is not a position in the document.
fn names_at(place: &str) -> String {
    format!("{place} names")
}

/// The inputs of an explanation.
pub(super) struct Asked<'a> {
    pub(super) document: &'a Value,
    pub(super) size: &'a Size,
    pub(super) probe: Option<&'a Probe>,
    /// The remaining steps; the search stops at 0.
    pub(super) steps: u64,
}

/// Returns the problems of a value that does not match: at least one.
pub(super) fn problems(asked: &Asked<'_>, subject: Subject, value: &Value) -> Vec<Problem> {
    let none = Map::new();
    let document = asked.document;
    let definitions = document.get("$defs").and_then(Value::as_object);
    let mut explanation = Explanation {
        definitions: definitions.unwrap_or(&none),
        asked,
        left: Cell::new(asked.steps),
        subject,
        named: subject == Subject::Arguments && definitions::reference(document).is_none(),
        path: Vec::new(),
        problems: Vec::new(),
    };
    if subject == Subject::EventData {
        explanation.path.push(Segment::Member("data"));
    }
    let root = Part {
        schema: document,
        place: "#/$defs/".to_owned(),
    };
    explanation.explain(&root, value, true);
    explanation.problems
}

/// A part of the document and its position.
struct Part<'a> {
    schema: &'a Value,
    place: String,
}

impl<'a> Part<'a> {
    /// Returns the parts of a keyword, with the name or the number of each; none for values that
    /// are not valid for the keyword.
    fn inside(&self, keyword: &str) -> Vec<(&'a str, Part<'a>)> {
        let inside = definitions::inside(self.schema);
        let of_keyword = inside.filter(|inner| inner.keyword == keyword);
        of_keyword
            .map(|inner| {
                let place = inner.place(&self.place);
                let part = Part {
                    schema: inner.schema,
                    place,
                };
                (inner.name, part)
            })
            .collect()
    }

    fn get(&self, keyword: &str) -> Option<&'a Value> {
        self.schema.get(keyword)
    }
}

enum Segment<'a> {
    Member(&'a str),
    Element(usize),
}

struct Explanation<'a> {
    definitions: &'a Map<String, Value>,
    asked: &'a Asked<'a>,
    left: Cell<u64>,
    subject: Subject,
    /// Whether the members of the whole value are arguments.
    named: bool,
    path: Vec<Segment<'a>>,
    problems: Vec<Problem>,
}

impl<'a> Explanation<'a> {
    fn is_full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    /// Returns whether a value matches a part, or there are no steps left to find out.
    fn fits(&self, part: &Part<'a>, value: &Value) -> bool {
        let (document, mut left) = (self.asked.document, self.left.get());
        let counted = (self.asked.size).rehearse(document, part.schema, value, &mut left);
        self.left.set(left);
        counted.is_err() || (self.asked.probe).is_none_or(|probe| probe.fits(&part.place, value))
    }

    fn matches(&self, pattern: &Part<'a>, name: &str) -> bool {
        let left = self.left.get().checked_sub(1 + name.len() as u64);
        self.left.set(left.unwrap_or_default());
        left.is_some()
            && (self.asked.probe).is_some_and(|probe| probe.matches(&pattern.place, name))
    }

    /// Descends into a part that a value does not match. `whole` is for the value as a whole.
    fn explain(&mut self, part: &Part<'a>, value: &'a Value, whole: bool) {
        let before = self.problems.len();
        if let Some(target) = self.target(part)
            && !self.fits(&target, value)
        {
            self.explain(&target, value, whole);
        }
        for (_, branch) in part.inside("allOf") {
            self.descend(&branch, value, whole);
        }
        for keyword in ["anyOf", "oneOf"] {
            self.alternatives(part.inside(keyword), value, whole);
        }
        match value {
            Value::Object(members) => self.object(part, members, whole),
            Value::Array(elements) => self.array(part, elements),
            _ => {}
        }
        if self.problems.len() == before {
            self.mismatch(part.schema, value, whole);
        }
    }

    fn descend(&mut self, part: &Part<'a>, value: &'a Value, whole: bool) {
        if !self.is_full() && !self.fits(part, value) {
            self.explain(part, value, whole);
        }
    }

    fn descend_at(&mut self, segment: Segment<'a>, part: &Part<'a>, value: &'a Value) {
        self.path.push(segment);
        self.descend(part, value, false);
        self.path.pop();
    }

    fn target(&self, part: &Part<'a>) -> Option<Part<'a>> {
        let (name, schema) = self.definition(part.schema)?;
        Some(Part {
            schema,
            place: definitions::reference_to(name),
        })
    }

    fn definition(&self, schema: &Value) -> Option<(&'a str, &'a Value)> {
        definitions::definition(definitions::reference(schema)?, self.definitions)
    }

    /// Returns the intended alternative among several that do not match, if the shape of the value
    /// shows it.
    fn alternatives(&mut self, branches: Vec<(&'a str, Part<'a>)>, value: &'a Value, whole: bool) {
        if self.is_full() || branches.iter().any(|(_, branch)| self.fits(branch, value)) {
            return;
        }
        let of_type = branches
            .iter()
            .filter(|(_, branch)| self.is_of_type(branch.schema, value));
        let of_type: Vec<_> = of_type.collect();
        let meant = match &*of_type {
            [one] => Some(*one),
            several => {
                let mut similar = several
                    .iter()
                    .filter(|(_, branch)| self.resembles(branch.schema, value));
                match (similar.next(), similar.next()) {
                    (Some(one), None) => Some(*one),
                    _ => None,
                }
            }
        };
        if let Some((_, meant)) = meant {
            self.explain(meant, value, whole);
        }
    }

    /// Returns the schema itself, following references.
    fn resolved(&self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..MAX_FOLLOWED {
            match self.definition(schema) {
                Some((_, definition)) => schema = definition,
                None => break,
            }
        }
        schema
    }

    fn is_of_type(&self, schema: &'a Value, value: &Value) -> bool {
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
    fn resembles(&self, schema: &'a Value, value: &Value) -> bool {
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

    fn object(&mut self, part: &Part<'a>, members: &'a Map<String, Value>, whole: bool) {
        let properties = part.inside("properties");
        let known = part.get("properties").and_then(Value::as_object);
        let known = |name: &str| known.is_some_and(|known| known.contains_key(name));
        let required = part.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !self.is_full() && !members.contains_key(name) {
                self.missing(name, part.schema, whole);
            }
        }
        for (name, property) in &properties {
            if let Some(value) = members.get(*name) {
                self.descend_at(Segment::Member(name), property, value);
            }
        }
        let patterns = part.inside("patternProperties");
        for (_, pattern) in &patterns {
            for (name, value) in members {
                if !self.is_full() && self.matches(pattern, name) {
                    self.descend_at(Segment::Member(name), pattern, value);
                }
            }
        }
        if let [(_, additional)] = &*part.inside("additionalProperties") {
            for (name, value) in members.iter().filter(|(name, _)| !known(name)) {
                if self.is_full() {
                    break;
                } else if patterns
                    .iter()
                    .any(|(_, pattern)| self.matches(pattern, name))
                {
                    continue;
                } else if *additional.schema == Value::Bool(false) {
                    self.unknown(name, value, &properties, &patterns, whole);
                } else {
                    self.descend_at(Segment::Member(name), additional, value);
                }
            }
        }
    }

    fn array(&mut self, part: &Part<'a>, elements: &'a [Value]) {
        let first = part.inside("prefixItems");
        for (number, ((_, part), value)) in first.iter().zip(elements).enumerate() {
            self.descend_at(Segment::Element(number), part, value);
        }
        if let [(_, rest)] = &*part.inside("items") {
            for (number, value) in elements.iter().enumerate().skip(first.len()) {
                if self.is_full() {
                    break;
                }
                self.descend_at(Segment::Element(number), rest, value);
            }
        }
    }

    fn missing(&mut self, name: &'a str, schema: &'a Value, whole: bool) {
        let shown = text::name(name);
        if self.named && whole {
            self.path.push(Segment::Member(name));
            let property = schema.get("properties").and_then(|all| all.get(name));
            let mut problem = self.problem(
                code::MISSING_ARGUMENT,
                format!("the argument `{shown}` is missing"),
            );
            problem.expected =
                property.map_or_else(String::new, |property| expected(property, self.definitions));
            self.path.pop();
            self.problems.push(problem);
            return;
        }
        let message = format!("{}: the member `{shown}` is missing", self.place());
        let mut problem = self.problem(code::INVALID_ARGUMENT, message);
        problem.expected = format!("a member `{shown}`");
        self.problems.push(problem);
    }

    fn unknown(
        &mut self,
        name: &'a str,
        value: &Value,
        properties: &[(&'a str, Part<'a>)],
        patterns: &[(&'a str, Part<'a>)],
        whole: bool,
    ) {
        let names = |parts: &[(&'a str, Part<'a>)]| -> Vec<String> {
            let names = parts.iter().take(MAX_NAMES);
            names.map(|(name, _)| text::name(name)).collect()
        };
        let known = names(properties);
        let listed = known.iter().map(|name| format!("`{name}`"));
        let patterns = names(patterns);
        let patterns = patterns
            .iter()
            .map(|name| format!("names that match `{name}`"));
        let listed: Vec<String> = listed.chain(patterns).collect();
        let only = match &*listed {
            [] => "there is none".to_owned(),
            listed => format!("only {}", listed.join(", ")),
        };
        let shown = text::name(name);
        let argument = self.named && whole;
        let (code, message) = match argument {
            true if known.is_empty() => (
                code::UNKNOWN_ARGUMENT,
                format!("there is no argument `{shown}`: the command has none"),
            ),
            true => (
                code::UNKNOWN_ARGUMENT,
                format!("there is no argument `{shown}`, {only}"),
            ),
            false => (
                code::INVALID_ARGUMENT,
                format!("{}: there is no member `{shown}`, {only}", self.place()),
            ),
        };
        self.path.push(Segment::Member(name));
        let mut problem = self.problem(code, message);
        self.path.pop();
        problem.expected = only;
        problem.found = Some(excerpt(value));
        problem.known = known;
        self.problems.push(problem);
    }

    /// Adds a problem of a value without a part to blame.
    fn mismatch(&mut self, schema: &'a Value, value: &Value, whole: bool) {
        if self.is_full() {
            return;
        }
        let expected = expected(schema, self.definitions);
        let found = excerpt(value);
        let message = format!("{}: expected {expected}, found {found}", self.place());
        let code = match self.named && whole && !value.is_object() {
            true => code::INVALID_JSON,
            false => code::INVALID_ARGUMENT,
        };
        let mut problem = self.problem(code, message);
        problem.expected = expected;
        problem.found = Some(found);
        self.problems.push(problem);
    }

    fn problem(&self, code: &'static str, message: String) -> Problem {
        Problem {
            code,
            message,
            path: self.path(),
            pointer: self.pointer(),
            expected: String::new(),
            found: None,
            known: Vec::new(),
        }
    }

    /// Returns the position as the subject of a message.
    fn place(&self) -> String {
        let is_whole = match self.subject {
            Subject::EventData => self.path.len() == 1,
            _ => self.path.is_empty(),
        };
        match is_whole {
            true => self.subject.words().to_owned(),
            false => format!("`{}`", self.path()),
        }
    }

    /// Returns the path, such as `items[2].price`.
    fn path(&self) -> String {
        let mut path = String::new();
        for segment in &self.path {
            match segment {
                Segment::Member(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&text::name(name));
                }
                Segment::Element(number) => {
                    // Writing to a `String` never fails.
                    let _ = write!(path, "[{number}]");
                }
            }
        }
        path
    }

    /// Returns the JSON Pointer, such as `/items/2/price`.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in &self.path {
            pointer.push('/');
            match segment {
                Segment::Member(name) => {
                    pointer.push_str(&text::name(name).replace('~', "~0").replace('/', "~1"));
                }
                Segment::Element(number) => {
                    let _ = write!(pointer, "{number}");
                }
            }
        }
        pointer
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
