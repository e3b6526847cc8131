//! How much work a schema can make of a value. It comes from a guest, and a few lines can be written so that they take for ever.
//!
//! The validator remembers what it found out about schemas that refer to themselves, and about no others. So that its time stays in proportion to the value, a schema may
//! only be so large with all that it refers to written out, and may not refer to itself for the same part of a value.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::super::definitions;

/// How many other schemas one may refer to.
const MAX_DEFINITIONS: usize = 2_000;

/// How many schemas there may be with all references written out, those aside that lead back to where they are.
const MAX_WRITTEN_OUT: u64 = 50_000;

/// How many schemas one part of a value may be held against.
const MAX_IN_PLACE: u64 = 2_000;

/// How deeply schemas may be nested, references counted.
const MAX_DEPTH: u32 = 256;

/// How many schemas may be open at once: the depth of the value times that of the alternatives for one part of it. Each takes some of the stack.
const MAX_OPEN: usize = 1_024;

/// The measure of a schema.
pub(super) struct Size {
    in_place_depth: usize,
}

impl Size {
    /// Whether the stack holds what comes of a value.
    pub(super) fn can_take(&self, value: &Value) -> bool {
        let most = MAX_OPEN / self.in_place_depth.max(1);
        shallower(value, most)
    }
}

fn shallower(value: &Value, than: usize) -> bool {
    let Some(left) = than.checked_sub(1) else {
        return false;
    };
    match value {
        Value::Array(values) => values.iter().all(|value| shallower(value, left)),
        Value::Object(members) => members.values().all(|value| shallower(value, left)),
        _ => true,
    }
}

/// Measures a document with all that it refers to.
pub(super) fn measure(document: &Value) -> Result<Size, String> {
    let none = Map::new();
    let definitions = document.get("$defs").and_then(Value::as_object);
    if definitions.is_some_and(|definitions| definitions.len() > MAX_DEFINITIONS) {
        return Err(format!("it refers to more than {MAX_DEFINITIONS} others"));
    }
    let mut measure = Measure {
        definitions: definitions.unwrap_or(&none),
        circular: HashSet::new(),
        in_place: HashMap::new(),
        written_out: HashMap::new(),
    };
    measure.find_circular();
    let mut in_place_depth = 0;
    for schema in std::iter::once(document).chain(measure.definitions.values()) {
        let deepest = measure.every(schema, 0)?;
        in_place_depth = in_place_depth.max(deepest);
        if measure.written_out(schema, 0)? > MAX_WRITTEN_OUT {
            return Err(format!(
                "with all that it refers to written out it is of more than {MAX_WRITTEN_OUT} schemas"
            ));
        }
    }
    Ok(Size { in_place_depth })
}

struct Measure<'a> {
    definitions: &'a Map<String, Value>,
    /// Those that lead back to themselves.
    circular: HashSet<&'a str>,
    /// How many schemas are for the same part of the value, and how deep they are nested; `None` while it is being found out.
    in_place: HashMap<Cow<'a, str>, Option<(u64, usize)>>,
    written_out: HashMap<Cow<'a, str>, u64>,
}

impl<'a> Measure<'a> {
    fn find_circular(&mut self) {
        let mut to = HashMap::new();
        for (name, definition) in self.definitions {
            let mut names = Vec::new();
            definitions::references(definition, &mut |name| names.push(name));
            to.insert(&**name, names);
        }
        for name in self.definitions.keys() {
            let mut seen = HashSet::new();
            let mut left: Vec<&str> = vec![name];
            while let Some(from) = left.pop() {
                for next in to.get(from).into_iter().flatten() {
                    if **next == **name {
                        self.circular.insert(name);
                        left.clear();
                        break;
                    }
                    if seen.insert(&**next) {
                        left.push(next);
                    }
                }
            }
        }
    }

    fn definition(&self, schema: &'a Value) -> Option<(Cow<'a, str>, &'a Value)> {
        let name = definitions::reference(schema).and_then(definitions::target)?;
        let definition = self.definitions.get(&*name)?;
        Some((name, definition))
    }

    /// Measures a schema and all inside it for the part of the value that each is for, and gives the deepest nesting.
    fn every(&mut self, schema: &'a Value, depth: u32) -> Result<usize, String> {
        let (number, mut deepest) = self.in_place(schema, depth)?;
        if number > MAX_IN_PLACE {
            return Err(format!(
                "it has more than {MAX_IN_PLACE} alternatives for one part of a value"
            ));
        }
        for inner in definitions::inside(schema) {
            deepest = deepest.max(self.every(inner.schema, deeper(depth)?)?);
        }
        Ok(deepest)
    }

    fn in_place(&mut self, schema: &'a Value, depth: u32) -> Result<(u64, usize), String> {
        let (mut number, mut deepest) = (1_u64, 0);
        let mut add = |(more, depth): (u64, usize)| {
            number = number.saturating_add(more);
            deepest = deepest.max(depth);
        };
        if let Some((name, definition)) = self.definition(schema) {
            let known = match self.in_place.get(&name) {
                Some(Some(known)) => *known,
                Some(None) => {
                    return Err("it refers to itself for the same part of a value".to_owned());
                }
                None => {
                    self.in_place.insert(name.clone(), None);
                    let found = self.in_place(definition, deeper(depth)?)?;
                    self.in_place.insert(name, Some(found));
                    found
                }
            };
            add(known);
        }
        for inner in definitions::inside(schema) {
            if is_in_place(inner.keyword) {
                add(self.in_place(inner.schema, deeper(depth)?)?);
            }
        }
        Ok((number, deepest + 1))
    }

    fn written_out(&mut self, schema: &'a Value, depth: u32) -> Result<u64, String> {
        let mut number = 1_u64;
        if let Some((name, definition)) = self.definition(schema)
            && !self.circular.contains(&*name)
        {
            let known = match self.written_out.get(&name) {
                Some(known) => *known,
                None => {
                    let found = self.written_out(definition, deeper(depth)?)?;
                    self.written_out.insert(name, found);
                    found
                }
            };
            number = number.saturating_add(known);
        }
        for inner in definitions::inside(schema) {
            number = number.saturating_add(self.written_out(inner.schema, deeper(depth)?)?);
        }
        Ok(number)
    }
}

/// Whether what stands behind a keyword is for the same part of the value as the schema that it is in.
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

    fn refused(document: &Value) -> String {
        measure(document).err().unwrap()
    }

    #[test]
    fn what_doubles_with_each_line_is_refused() {
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
    fn what_refers_to_itself_without_end_is_refused() {
        assert!(refused(&document(1, |_| to(0))).contains("the same part"));
        let round = document(9, |number| json!({"anyOf": [to((number + 1) % 9), true]}));
        assert!(refused(&round).contains("the same part"));
        let long = document(1_000, |number| to(number + 1));
        assert!(refused(&long).contains("deep"));
    }

    #[test]
    fn types_that_hold_one_another_are_measured() {
        // As large a grammar as anybody writes: every node may hold every other.
        let grammar = document(60, |number| {
            let nodes: Vec<Value> = (0..60).map(to).collect();
            json!({"properties": {"kind": {"const": number}, "nodes": {"items": {"enum": nodes}}, "one": {"$ref": format!("#/$defs/{}", (number * 7) % 60)}}})
        });
        assert_eq!(measure(&grammar).unwrap().in_place_depth, 2);
        let tree = json!({"$ref": "#/$defs/T", "$defs": {"T": {"properties": {"left": {"$ref": "#/$defs/T"}, "right": {"$ref": "#/$defs/T"}}}}});
        assert!(measure(&tree).is_ok());
    }

    #[test]
    fn a_value_may_be_the_deeper_the_fewer_alternatives_there_are() {
        let nested = |depth| (0..depth).fold(json!(0), |value, _| json!([value]));
        let plain = measure(&json!({"type": "array"})).unwrap();
        assert!(plain.can_take(&nested(127)));
        let deep = measure(&document(60, |number| to(number + 1))).unwrap();
        assert!(deep.can_take(&nested(10)) && !deep.can_take(&nested(100)));
    }
}
