//! Bounds on the work that a schema causes. Schemas come from guests, and a few lines can make
//! validation run forever.
//!
//! [`measure`] bounds the memory of a compiled schema, before there is any value.
//! [`Size::rehearse`] bounds the time of a validation: it walks through schema and value as the
//! validator will, decides nothing, and counts. Nearly always the product of the two sizes is so
//! small that nothing needs to be counted.
//!
//! The validator remembers the outcomes of schemas that refer to themselves. It compiles all others
//! once for each reference.

use std::collections::{HashMap, HashSet};

use regex_automata::nfa::thompson;
use serde_json::{Map, Value};

use super::super::definitions::{self, Document, inside, referred};
use super::MAX_PATTERN;
use crate::limits::SchemaLimits;

/// The maximum number of references in one schema.
const MAX_DEFINITIONS: usize = 2_000;

/// The maximum number of schemas that validate one part of a value.
const MAX_IN_PLACE: u64 = 2_000;

/// The maximum nesting depth of schemas, including references.
const MAX_DEPTH: u32 = 256;

/// The maximum number of schemas that are open at once: the depth of the value times that of the
/// alternatives for one part of it. Each takes some of the stack.
const MAX_OPEN: usize = 1_024;

/// The maximum length of a pattern in bytes. Parsing a pattern can turn two characters into
/// kilobytes, before the size of the whole is known.
const MAX_PATTERN_TEXT: usize = 4_096;

/// The bytes of a compiled schema, which is compiled once to validate and once to explain, and of a
/// value in `required`, `enum` and the like.
const SCHEMA_BYTES: u64 = 2_048;
const CONSTANT_BYTES: u64 = 160;

/// Bytes of a pattern in addition to four times its automaton: the memory of matching, see
/// [`MATCHING_BYTES`](super::MATCHING_BYTES).
const PATTERN_BYTES: u64 = 64 << 10;

/// The amounts that count as one step: bytes of text, bytes of text times bytes of an automaton,
/// and constants. A step is about the time of one schema for one value.
pub(super) const TEXT_STEP: u64 = 64;
const AUTOMATON_STEP: u64 = 1_024;
const CONSTANTS_STEP: u64 = 10;

/// The measure of a schema.
pub(super) struct Size {
    in_place_depth: usize,
    /// The bytes, with all references expanded.
    bytes: u64,
    /// The size of the automaton of each pattern.
    patterns: HashMap<String, u64>,
    /// The recursive definitions.
    circular: HashSet<String>,
}

impl Size {
    /// Returns the bytes of the compiled schema, patterns included.
    pub(super) fn bytes(&self) -> u64 {
        let patterns = self.patterns.values();
        let patterns = patterns.map(|automaton| pattern_bytes(*automaton));
        self.bytes.saturating_add(patterns.sum())
    }

    /// Checks that validating a value neither overflows the stack nor takes more than `steps`.
    pub(super) fn admit(
        &self,
        document: &Document,
        value: &Value,
        steps: u64,
    ) -> Result<(), String> {
        if self.open(value) > MAX_OPEN {
            return Err(
                "it has too many alternatives for a value that is nested so deeply".to_owned(),
            );
        }
        let (nodes, text) = extent(value);
        let automata = self.patterns.values().sum::<u64>() / AUTOMATON_STEP;
        let schemas = self.bytes / SCHEMA_BYTES + 1;
        let at_most = (nodes + text / TEXT_STEP).saturating_mul(schemas);
        let matching = text.saturating_add(nodes).saturating_mul(automata + 1);
        if at_most.saturating_add(matching) <= steps {
            return Ok(());
        }
        let mut left = steps;
        match self.rehearse(&document.definitions, &document.schema, value, &mut left) {
            Ok(()) => Ok(()),
            Err(Exhausted) => Err(format!(
                "validating this value would take more than {steps} steps; the host's setting is `max_schema_steps`"
            )),
        }
    }

    /// Subtracts the steps of validating a value with a schema from `left`.
    pub(super) fn rehearse(
        &self,
        definitions: &Map<String, Value>,
        schema: &Value,
        value: &Value,
        left: &mut u64,
    ) -> Result<(), Exhausted> {
        let mut rehearsal = Rehearsal {
            definitions,
            size: self,
            seen: HashSet::new(),
            left,
        };
        rehearsal.hold(schema, value)
    }

    /// Returns the most schemas that are open at once while a value is validated.
    pub(super) fn open(&self, value: &Value) -> usize {
        self.in_place_depth.saturating_mul(depth(value, MAX_OPEN))
    }
}

/// Returns the nesting depth of a value; `most + 1` if it is deeper than `most`.
fn depth(value: &Value, most: usize) -> usize {
    let Some(left) = most.checked_sub(1) else {
        return 1;
    };
    let deepest = match value {
        Value::Array(values) => values.iter().map(|value| depth(value, left)).max(),
        Value::Object(members) => members.values().map(|value| depth(value, left)).max(),
        _ => None,
    };
    1 + deepest.unwrap_or(0)
}

/// Returns the number of values in a value, itself and names included, and their bytes of text.
pub(super) fn extent(value: &Value) -> (u64, u64) {
    let add = |(nodes, text): (u64, u64), (more, longer): (u64, u64)| (nodes + more, text + longer);
    match value {
        Value::String(text) => (1, text.len() as u64),
        Value::Array(values) => values.iter().map(extent).fold((1, 0), add),
        Value::Object(members) => {
            let of = |(name, value): (&String, &Value)| {
                let (nodes, text) = extent(value);
                (nodes + 1, text + name.len() as u64)
            };
            members.iter().map(of).fold((1, 0), add)
        }
        _ => (1, 0),
    }
}

/// Measures a document with all that it refers to.
pub(super) fn measure(document: &Document, limits: &SchemaLimits) -> Result<Size, String> {
    let definitions = &document.definitions;
    let schemas = || std::iter::once(&document.schema).chain(definitions.values());
    schemas().try_for_each(|schema| definitions::check(schema, definitions))?;
    if definitions.len() > MAX_DEFINITIONS {
        return Err(format!("it refers to more than {MAX_DEFINITIONS} others"));
    }
    let mut measure = Measure {
        definitions,
        circular: HashSet::new(),
        sums: HashMap::new(),
        patterns: HashMap::new(),
        pattern_bytes: 0,
        limits,
    };
    measure.find_circular();
    let (mut in_place_depth, mut bytes) = (0, 0_u64);
    for schema in schemas() {
        let deepest = measure.every(schema, 0)?;
        in_place_depth = in_place_depth.max(deepest);
        let taken = measure.sum(Of::Bytes, schema, 0)?.number;
        if taken > limits.bytes {
            return Err(too_large(limits));
        }
        bytes = bytes.max(taken);
    }
    // Recursive definitions are compiled once each, however often they are referred to.
    for name in &measure.circular {
        if let Some(Some(taken)) = measure.sums.get(&(Of::Bytes, name)) {
            bytes = bytes.saturating_add(taken.number);
        }
    }
    let size = Size {
        in_place_depth,
        bytes,
        circular: measure.circular.into_iter().map(str::to_owned).collect(),
        patterns: measure.patterns,
    };
    match size.bytes() > limits.bytes {
        true => Err(too_large(limits)),
        false => Ok(size),
    }
}

/// Returns the bytes of a pattern with an automaton of this size.
fn pattern_bytes(automaton: u64) -> u64 {
    PATTERN_BYTES + 4 * automaton
}

fn too_large(limits: &SchemaLimits) -> String {
    format!(
        "with references written out, and with its patterns, it takes more than {} bytes; the host's setting is `max_schema_bytes`",
        limits.bytes
    )
}

/// A sum over schemas.
#[derive(Clone, Copy, Default)]
struct Sum {
    number: u64,
    /// The part that `unevaluatedProperties` and `unevaluatedItems` walk through again, to find out
    /// which members or elements the schemas for the same part of the value have evaluated.
    evaluation: u64,
    deepest: usize,
}

impl Sum {
    fn add(&mut self, more: Sum, in_place: bool) {
        self.number = self.number.saturating_add(more.number);
        self.deepest = self.deepest.max(more.deepest);
        if in_place {
            let again = more.number.saturating_add(more.evaluation);
            self.evaluation = self.evaluation.saturating_add(again);
        }
    }

    /// Returns the sum of a schema itself, once all its parts are added.
    fn of(mut self, schema: &Value) -> Self {
        if evaluates(schema) {
            self.number = self.number.saturating_add(self.evaluation);
        }
        self
    }
}

fn evaluates(schema: &Value) -> bool {
    let has = |keyword| schema.get(keyword).is_some();
    has("unevaluatedProperties") || has("unevaluatedItems")
}

/// The measured quantity.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Of {
    /// The number and the depth of the schemas for the same part of the value.
    Alternatives,
    /// The bytes with references expanded.
    Bytes,
}

struct Measure<'a> {
    limits: &'a SchemaLimits,
    definitions: &'a Map<String, Value>,
    /// The recursive definitions.
    circular: HashSet<&'a str>,
    /// The sums of definitions; `None` while counting.
    sums: HashMap<(Of, &'a str), Option<Sum>>,
    patterns: HashMap<String, u64>,
    /// The bytes of all patterns so far: compiling stops at the limit for kept patterns.
    pattern_bytes: u64,
}

impl<'a> Measure<'a> {
    fn find_circular(&mut self) {
        let names = self.definitions.keys().map(|name| &**name);
        let places: HashMap<&str, usize> = names.clone().zip(0..).collect();
        let references = self.definitions.values().map(|definition| {
            let mut to = Vec::new();
            definitions::references(definition, self.definitions, &mut |name, _| {
                to.extend(places.get(name));
            });
            to.sort_unstable();
            to.dedup();
            to
        });
        let circles = Circles::of(references.collect());
        let circular = names.zip(circles).filter(|(_, circular)| *circular);
        self.circular = circular.map(|(name, _)| name).collect();
    }

    /// Measures a schema and all its parts, each for its part of the value, and returns the deepest
    /// nesting.
    fn every(&mut self, schema: &'a Value, depth: u32) -> Result<usize, String> {
        let sum = self.sum(Of::Alternatives, schema, depth)?;
        if sum.number > MAX_IN_PLACE {
            return Err(format!(
                "it has more than {MAX_IN_PLACE} alternatives for one part of a value"
            ));
        }
        let mut deepest = sum.deepest;
        let own = schema.get("pattern").and_then(Value::as_str);
        let of_names = schema.get("patternProperties").and_then(Value::as_object);
        let of_names = of_names.into_iter().flat_map(Map::keys).map(String::as_str);
        for pattern in own.into_iter().chain(of_names) {
            self.pattern(pattern)?;
        }
        for (_, inner) in inside(schema) {
            deepest = deepest.max(self.every(inner, deeper(depth)?)?);
        }
        Ok(deepest)
    }

    /// Measures a compiled pattern.
    fn pattern(&mut self, pattern: &str) -> Result<(), String> {
        if self.patterns.contains_key(pattern) {
            return Ok(());
        }
        if pattern.len() > MAX_PATTERN_TEXT {
            return Err(format!(
                "it has a pattern of {} bytes, and {MAX_PATTERN_TEXT} are allowed",
                pattern.len()
            ));
        }
        // Parsed as the validator does, which refuses patterns that it cannot parse.
        let Ok(translated) = jsonschema_regex::to_rust_regex(pattern) else {
            return Ok(());
        };
        let limit = thompson::Config::new().nfa_size_limit(Some(MAX_PATTERN));
        let automaton = match thompson::Compiler::new()
            .configure(limit)
            .build(&translated)
        {
            Ok(automaton) => automaton.memory_usage(),
            Err(error) if error.size_limit().is_some() => {
                return Err(format!(
                    "it has a pattern of more than {MAX_PATTERN} bytes when compiled"
                ));
            }
            Err(_) => return Ok(()),
        };
        self.pattern_bytes += pattern_bytes(automaton as u64);
        if self.pattern_bytes > self.limits.bytes {
            return Err(too_large(self.limits));
        }
        self.patterns.insert(pattern.to_owned(), automaton as u64);
        Ok(())
    }

    fn sum(&mut self, of: Of, schema: &'a Value, depth: u32) -> Result<Sum, String> {
        let mut sum = Sum {
            number: match of {
                Of::Alternatives => 1,
                Of::Bytes => SCHEMA_BYTES + constants(schema),
            },
            ..Sum::default()
        };
        if let Some((name, definition)) = referred(schema, self.definitions) {
            let known = match self.sums.get(&(of, name)) {
                Some(None) if of == Of::Alternatives => {
                    return Err("it refers to itself for the same part of a value".to_owned());
                }
                Some(known) => *known,
                None => {
                    self.sums.insert((of, name), None);
                    let found = self.sum(of, definition, deeper(depth)?)?;
                    self.sums.insert((of, name), Some(found));
                    Some(found)
                }
            };
            // The bytes of recursive definitions count once, by themselves.
            let counts = of == Of::Alternatives || !self.circular.contains(name);
            if let Some(known) = known.filter(|_| counts) {
                sum.add(known, true);
            }
        }
        for (keyword, inner) in inside(schema) {
            if of == Of::Bytes || is_in_place(keyword) {
                let found = self.sum(of, inner, deeper(depth)?)?;
                sum.add(found, is_in_place(keyword));
            }
        }
        sum.deepest += 1;
        Ok(sum.of(schema))
    }
}

/// Marks a finished definition.
const CLOSED: usize = usize::MAX;

/// The state of Tarjan's algorithm, which finds the definitions that lead back to themselves, in
/// linear time.
struct Circles {
    references: Vec<Vec<usize>>,
    /// The order in which each was first reached, and the first one that it leads back to.
    reached: Vec<Option<(usize, usize)>>,
    count: usize,
    /// Definitions that may still turn out to be in a circle with the current one.
    open: Vec<usize>,
    circular: Vec<bool>,
}

impl Circles {
    /// Returns for each definition whether it leads back to itself.
    fn of(references: Vec<Vec<usize>>) -> Vec<bool> {
        let number = references.len();
        let mut circles = Circles {
            references,
            reached: vec![None; number],
            count: 0,
            open: Vec::new(),
            circular: vec![false; number],
        };
        for node in 0..number {
            circles.reach(node);
        }
        circles.circular
    }

    /// Follows a definition's references once, and returns the first one that it leads back to, if
    /// that is still open.
    fn reach(&mut self, node: usize) -> Option<usize> {
        match self.reached.get(node) {
            Some(None) => {}
            Some(Some((_, first))) => return (*first != CLOSED).then_some(*first),
            None => return None,
        }
        let order = self.count;
        self.count += 1;
        let mut first = order;
        self.note(node, (order, first));
        let place = self.open.len();
        self.open.push(node);
        let references = std::mem::take(self.references.get_mut(node)?);
        let is_own = references.contains(&node);
        for to in references {
            first = first.min(self.reach(to).unwrap_or(first));
            self.note(node, (order, first));
        }
        if first == order {
            let circle: Vec<usize> = self.open.drain(place..).collect();
            for member in &circle {
                self.note(*member, (order, CLOSED));
                if let Some(circular) = self.circular.get_mut(*member) {
                    *circular = is_own || circle.len() > 1;
                }
            }
        }
        Some(first)
    }

    fn note(&mut self, node: usize, at: (usize, usize)) {
        if let Some(reached) = self.reached.get_mut(node) {
            *reached = Some(at);
        }
    }
}

/// Returns the bytes of the values in a schema itself.
fn constants(schema: &Value) -> u64 {
    let values = ["const", "enum", "required", "dependentRequired"];
    let values = values.iter().filter_map(|keyword| schema.get(keyword));
    let bytes = values.map(|value| {
        let (nodes, text) = extent(value);
        nodes * CONSTANT_BYTES + 2 * text
    });
    bytes.sum()
}

/// Returns whether the value of a keyword applies to the same part of the value as the schema
/// itself.
fn is_in_place(keyword: &str) -> bool {
    matches!(
        keyword,
        "allOf" | "anyOf" | "dependentSchemas" | "else" | "if" | "not" | "oneOf" | "then"
    )
}

fn deeper(depth: u32) -> Result<u32, String> {
    match depth {
        MAX_DEPTH.. => Err(format!("it is nested more than {MAX_DEPTH} deep")),
        depth => Ok(depth + 1),
    }
}

/// The error of a rehearsal that has no steps left.
#[derive(Debug)]
pub(super) struct Exhausted;

/// A walk through a schema and a value, as the validator does it at worst, that counts steps.
struct Rehearsal<'a, 'l> {
    definitions: &'a Map<String, Value>,
    size: &'a Size,
    /// Definitions that lead back to themselves, with the values they were applied to: the
    /// validator remembers these outcomes.
    seen: HashSet<(*const Value, *const Value)>,
    left: &'l mut u64,
}

impl Rehearsal<'_, '_> {
    fn spend(&mut self, steps: u64) -> Result<(), Exhausted> {
        match self.left.checked_sub(steps) {
            Some(left) => *self.left = left,
            None => {
                *self.left = 0;
                return Err(Exhausted);
            }
        }
        Ok(())
    }

    fn hold(&mut self, schema: &Value, value: &Value) -> Result<(), Exhausted> {
        self.spend(1)?;
        let Value::Object(members) = schema else {
            return Ok(());
        };
        self.own(members, value)?;
        self.in_place(schema, value, false)?;
        match value {
            Value::Object(values) => self.object(members, values),
            Value::Array(values) => self.array(members, values),
            _ => Ok(()),
        }
    }

    /// Counts the schemas for the same part of the value, and with `evaluation` those that are
    /// walked through again.
    fn in_place(
        &mut self,
        schema: &Value,
        value: &Value,
        evaluation: bool,
    ) -> Result<(), Exhausted> {
        if let Some((name, definition)) = referred(schema, self.definitions) {
            let is_container = value.is_object() || value.is_array();
            let pair = (std::ptr::from_ref(definition), std::ptr::from_ref(value));
            let is_new =
                !is_container || !self.size.circular.contains(name) || self.seen.insert(pair);
            if is_new {
                self.hold(definition, value)?;
            }
            if evaluation {
                self.in_place(definition, value, true)?;
            }
        }
        for (keyword, inner) in inside(schema) {
            if is_in_place(keyword) {
                self.hold(inner, value)?;
                if evaluation {
                    self.in_place(inner, value, true)?;
                }
            }
        }
        if !evaluation && evaluates(schema) {
            self.in_place(schema, value, true)?;
        }
        Ok(())
    }

    /// Counts the schema's own constraints on the value as a whole.
    fn own(&mut self, members: &Map<String, Value>, value: &Value) -> Result<(), Exhausted> {
        let get = |keyword: &str| members.get(keyword);
        if let Value::String(text) = value {
            let length = text.len() as u64;
            if ["minLength", "maxLength", "format"]
                .into_iter()
                .any(|keyword| get(keyword).is_some())
            {
                self.spend(length / TEXT_STEP)?;
            }
            if let Some(Value::String(pattern)) = get("pattern") {
                self.matching(pattern, text)?;
            }
        }
        let constants = match (get("const"), get("enum")) {
            (None, None) => 0,
            (_, Some(Value::Array(values))) => values.len() as u64 / CONSTANTS_STEP + 1,
            _ => 1,
        };
        let is_unique = get("uniqueItems") == Some(&Value::Bool(true)) && value.is_array();
        if constants > 0 || is_unique {
            let (nodes, text) = extent(value);
            let once = nodes + text / TEXT_STEP;
            self.spend(constants.saturating_mul(once))?;
            self.spend(if is_unique { once } else { 0 })?;
        }
        let names = |keyword: &str| match get(keyword) {
            Some(Value::Array(names)) => names.len() as u64,
            Some(Value::Object(names)) => names.len() as u64,
            _ => 0,
        };
        let names = names("required") + names("properties") + names("dependentRequired");
        self.spend(if value.is_object() { names / 4 } else { 0 })
    }

    fn matching(&mut self, pattern: &str, text: &str) -> Result<(), Exhausted> {
        let automaton = self.size.patterns.get(pattern).copied();
        let automaton = automaton.unwrap_or(MAX_PATTERN as u64);
        let steps = automaton.saturating_mul(text.len() as u64);
        self.spend(1 + steps / AUTOMATON_STEP)
    }

    fn object(
        &mut self,
        members: &Map<String, Value>,
        values: &Map<String, Value>,
    ) -> Result<(), Exhausted> {
        let map = |keyword: &str| members.get(keyword).and_then(Value::as_object);
        let properties = map("properties");
        for (name, value) in values {
            self.spend(1)?;
            let property = properties.and_then(|properties| properties.get(name));
            if let Some(property) = property {
                self.hold(property, value)?;
            }
            for (pattern, schema) in map("patternProperties").into_iter().flatten() {
                self.matching(pattern, name)?;
                self.hold(schema, value)?;
            }
            if let Some(schema) = members.get("propertyNames") {
                self.hold(schema, &Value::String(name.clone()))?;
            }
            for keyword in ["additionalProperties", "unevaluatedProperties"] {
                if let (Some(schema), None) = (members.get(keyword), property) {
                    self.hold(schema, value)?;
                }
            }
        }
        Ok(())
    }

    fn array(&mut self, members: &Map<String, Value>, values: &[Value]) -> Result<(), Exhausted> {
        let first = members.get("prefixItems").and_then(Value::as_array);
        let first = first.map_or(&[][..], Vec::as_slice);
        for (schema, value) in first.iter().zip(values) {
            self.hold(schema, value)?;
        }
        for (number, value) in values.iter().enumerate() {
            self.spend(1)?;
            for keyword in ["items", "contains", "unevaluatedItems"] {
                if let Some(schema) = members.get(keyword)
                    && (keyword != "items" || number >= first.len())
                {
                    self.hold(schema, value)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn to(number: usize) -> Value {
        json!({"$ref": format!("#/$defs/{number}")})
    }

    fn document(count: usize, definition: impl Fn(usize) -> Value) -> Value {
        let mut definitions: Map<String, Value> = (0..count)
            .map(|number| (number.to_string(), definition(number)))
            .collect();
        definitions.insert(count.to_string(), json!({"type": "string"}));
        json!({"$ref": "#/$defs/0", "$defs": definitions})
    }

    fn split(mut schema: Value) -> Document {
        let members = schema.as_object_mut();
        let definitions = members.and_then(|members| members.remove("$defs"));
        let definitions = definitions.map(|definitions| definitions.as_object().unwrap().clone());
        Document {
            schema,
            definitions: definitions.unwrap_or_default(),
        }
    }

    fn measure(document: &Value) -> Result<Size, String> {
        super::measure(&split(document.clone()), &SchemaLimits::default())
    }

    fn refused(document: &Value) -> String {
        measure(document).err().unwrap()
    }

    /// Returns the number of steps for a value; `None` if there are too many to count soon.
    fn steps(document: &Value, value: &Value) -> Option<u64> {
        let (size, most) = (measure(document).unwrap(), 1_000_000);
        let mut left = most;
        let Document {
            schema,
            definitions,
        } = split(document.clone());
        let outcome = size.rehearse(&definitions, &schema, value, &mut left);
        outcome.ok().map(|()| most - left)
    }

    #[test]
    fn schemas_that_double_with_each_line_are_refused() {
        let alternatives = document(
            40,
            |number| json!({"anyOf": [to(number + 1), to(number + 1)]}),
        );
        assert!(refused(&alternatives).contains("alternatives"));
        let members = document(
            40,
            |number| json!({"allOf": [{"properties": {"a": to(number + 1)}}, {"properties": {"a": to(number + 1)}}]}),
        );
        assert!(refused(&members).contains("written out"));
    }

    #[test]
    fn endless_self_references_are_refused() {
        assert!(refused(&document(1, |_| to(0))).contains("the same part"));
        let round = document(9, |number| json!({"anyOf": [to((number + 1) % 9), true]}));
        assert!(refused(&round).contains("the same part"));
        let long = document(1_000, |number| to(number + 1));
        assert!(refused(&long).contains("deep"));
    }

    #[test]
    fn mutually_recursive_types_are_measured() {
        // A very large grammar: every node may contain every other.
        let grammar = document(60, |number| {
            let nodes: Vec<Value> = (0..60).map(to).collect();
            json!({"properties": {"kind": {"const": number}, "nodes": {"items": {"enum": nodes}}, "one": {"$ref": format!("#/$defs/{}", (number * 7) % 60)}}})
        });
        assert_eq!(measure(&grammar).unwrap().in_place_depth, 2);
        let tree = json!({"$ref": "#/$defs/T", "$defs": {"T": {"properties": {"left": {"$ref": "#/$defs/T"}, "right": {"$ref": "#/$defs/T"}}}}});
        assert!(measure(&tree).is_ok());
    }

    #[test]
    fn fewer_alternatives_allow_deeper_values() {
        let nested = |depth| (0..depth).fold(json!(0), |value, _| json!([value]));
        let admits = |document: Value, depth| {
            let size = measure(&document).unwrap();
            size.admit(&split(document), &nested(depth), 1_000_000)
                .is_ok()
        };
        assert!(admits(json!({"type": "array"}), 127));
        let deep = || document(60, |number| to(number + 1));
        assert!(admits(deep(), 10) && !admits(deep(), 100));
    }

    #[test]
    fn a_reference_into_a_definition_is_refused() {
        // Named like a schema inside another definition, and harmless itself.
        for reference in ["#/$defs/1/properties/p", "#/$defs/1%2Fproperties%2Fp"] {
            let next = json!({"$ref": reference});
            let document = json!({"$ref": "#/$defs/0", "$defs": {
                "0": {"properties": {"p": {"anyOf": [next.clone(), next]}}},
                "1": {"properties": {"p": true}},
                "1/properties/p": true,
            }});
            assert!(refused(&document).contains("not defined"), "{reference}");
        }
    }

    #[test]
    fn doubling_by_any_keyword_is_refused() {
        let keywords = [
            "allOf",
            "anyOf",
            "oneOf",
            "prefixItems",
            "properties",
            "patternProperties",
            "dependentSchemas",
        ];
        for keyword in keywords {
            let doubling = document(40, |number| match keyword {
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                    json!({keyword: [to(number + 1), to(number + 1)]})
                }
                _ => json!({keyword: {"a": to(number + 1), "b": to(number + 1)}}),
            });
            measure(&doubling).map(drop).expect_err(keyword);
        }
        for [one, other] in [
            ["if", "then"],
            ["if", "else"],
            ["not", "if"],
            ["items", "contains"],
            ["items", "unevaluatedItems"],
            ["additionalProperties", "propertyNames"],
            ["additionalProperties", "unevaluatedProperties"],
        ] {
            let doubling = document(
                40,
                |number| json!({one: to(number + 1), other: to(number + 1)}),
            );
            measure(&doubling).map(drop).expect_err(one);
        }
        // Each level walks through every one of these once more.
        let unevaluated = document(
            40,
            |number| json!({"allOf": [to(number + 1)], "unevaluatedProperties": false}),
        );
        measure(&unevaluated).map(drop).expect_err("unevaluated");
    }

    #[test]
    fn cycles_exclude_definitions_that_only_lead_to_them() {
        let circles = |references: &[&[usize]]| {
            Circles::of(references.iter().map(|to| to.to_vec()).collect())
        };
        assert_eq!(circles(&[&[0], &[0], &[]]), [true, false, false]);
        assert_eq!(
            circles(&[&[1], &[2, 3], &[1], &[4], &[5], &[4, 6], &[]]),
            [false, true, true, false, true, true, false]
        );
        assert_eq!(
            circles(&[&[1], &[2], &[0, 3], &[]]),
            [true, true, true, false]
        );
        let chain: Vec<Vec<usize>> = (0..2_000).map(|node| vec![(node + 1) % 2_000]).collect();
        assert!(Circles::of(chain).into_iter().all(|circular| circular));
    }

    #[test]
    fn all_patterns_of_a_document_share_one_budget() {
        let patterns = |count: usize| {
            let patterns = (0..count).map(|number| (format!(".{{80}}{number}"), json!(true)));
            json!({"patternProperties": Value::Object(patterns.collect())})
        };
        assert!(measure(&patterns(50)).is_ok());
        assert!(refused(&patterns(2_000)).contains("`max_schema_bytes`"));
        let long = json!({"pattern": r"\w".repeat(5_000)});
        assert!(refused(&long).contains("a pattern of 10000 bytes"));
        let large = json!({"pattern": r"\p{L}{200}"});
        assert!(refused(&large).contains("when compiled"));
    }

    #[test]
    fn constants_count_once_per_reference() {
        let texts: Vec<String> = (0..5_000)
            .map(|number| "x".repeat(20 + number % 5))
            .collect();
        let constants = |count: usize| {
            let all: Vec<Value> = (0..count).map(|_| to(0)).collect();
            json!({"prefixItems": all, "$defs": {"0": {"enum": texts}}})
        };
        assert!(measure(&constants(10)).is_ok());
        assert!(refused(&constants(500)).contains("`max_schema_bytes`"));
    }

    #[test]
    fn steps_depend_on_the_value_not_the_schema_size() {
        let small = json!({"properties": {"a": {"items": {"type": "integer"}}, "b": {"pattern": r"^\w+$"}}});
        let value = json!({"a": vec![0; 1_000], "b": "x".repeat(1_000)});
        assert!((2_000..200_000).contains(&steps(&small, &value).unwrap()));
        let all: Vec<Value> = (0..1_500)
            .map(|number| json!({"minimum": number}))
            .collect();
        let many = json!({"items": {"allOf": all}});
        assert_eq!(steps(&many, &json!(vec![0; 1_000])), None);
        let constants: Vec<Value> = (0..2_000).map(|number| json!([number])).collect();
        let compared = json!({"items": {"enum": constants}});
        assert_eq!(steps(&compared, &json!(vec![json!([0]); 10_000])), None);
        let matched = json!({"items": {"pattern": "(a|b)*a(a|b){400}"}});
        assert_eq!(steps(&matched, &json!(["ab".repeat(100_000)])), None);
        let tree = json!({"$ref": "#/$defs/T", "$defs": {"T": {"anyOf": [{"type": "null"}, {"properties": {"a": {"$ref": "#/$defs/T"}}}, {"properties": {"a": {"$ref": "#/$defs/T"}}}]}}});
        let nested = (0..60).fold(json!(0), |value, _| json!({"a": value}));
        assert!(
            steps(&tree, &nested).unwrap() < 2_000,
            "what is known is not found out again"
        );
    }
}
