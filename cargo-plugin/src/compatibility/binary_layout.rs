//! The layout of values in the binary codec, which identifies members and variants by position.

use std::collections::HashSet;
use std::ptr;

use serde_json::{Map, Value};

use super::schema::{Document, Subject, definition};
use super::{Change, Level};

const WHY: Option<&str> = Some("the binary codec identifies members and variants by position");

/// The greatest depth at which layouts are compared.
const MAX_DEPTH: usize = 60;

/// Keywords without an effect on the layout: `additionalProperties` has one if it is a schema.
const NO_LAYOUT: [&str; 8] = [
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "$comment",
    "additionalProperties",
    "required",
];

/// Raises every change of a schema to breaking if the layout changes, as no member may be missing
/// either, and reports another order of members or variants.
pub fn check(
    old: Document<'_>,
    new: Document<'_>,
    subject: &Subject<'_>,
    changes: &mut Vec<Change>,
) {
    if is_same(old, new, Part::Schema, &mut HashSet::new(), MAX_DEPTH) {
        return;
    }
    let mut changed = changes
        .iter_mut()
        .filter(|change| change.level > Level::Patch)
        .peekable();
    if changed.peek().is_none() {
        let what = "has its members or variants in another order";
        changes.push(Change {
            level: Level::Breaking,
            subject: subject.whole(),
            what: what.to_owned(),
            why: WHY,
        });
        return;
    }
    for change in changed.filter(|change| change.level != Level::Breaking) {
        (change.level, change.why) = (Level::Breaking, WHY);
    }
}

/// The role of an object in a schema.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Schema,
    /// Schemas by the names of members, whose order counts.
    Members,
}

fn is_same<'a>(
    old: Document<'a>,
    new: Document<'a>,
    part: Part,
    seen: &mut HashSet<(*const Value, *const Value)>,
    depth: usize,
) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    match (old.schema, new.schema) {
        (Value::Object(left), Value::Object(right)) => {
            if !seen.insert((ptr::from_ref(old.schema), ptr::from_ref(new.schema))) {
                return true;
            }
            if part == Part::Schema
                && let (Some(left), Some(right)) = (left.get("$ref"), right.get("$ref"))
            {
                let targets =
                    definition(left, old.definitions).zip(definition(right, new.definitions));
                return targets.is_some_and(|(left, right)| {
                    is_same(old.with(left), new.with(right), part, seen, depth)
                });
            }
            let (left, right) = (entries(left, part), entries(right, part));
            left.len() == right.len()
                && left
                    .into_iter()
                    .zip(right)
                    .all(|((name, left), (other, right))| {
                        let of_members = ["properties", "patternProperties"].contains(&name);
                        let within = match part == Part::Schema && of_members {
                            true => Part::Members,
                            false => Part::Schema,
                        };
                        name == other
                            && is_same(old.with(left), new.with(right), within, seen, depth)
                    })
        }
        (Value::Array(left), Value::Array(right)) => {
            let mut pairs = left.iter().zip(right);
            left.len() == right.len()
                && pairs.all(|(left, right)| {
                    is_same(old.with(left), new.with(right), Part::Schema, seen, depth)
                })
        }
        (left, right) => left == right,
    }
}

/// Returns the entries that determine the layout, those of a schema in an order of their own.
fn entries(object: &Map<String, Value>, part: Part) -> Vec<(&str, &Value)> {
    let mut entries: Vec<(&str, &Value)> = object
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .collect();
    if part == Part::Schema {
        entries.retain(|(keyword, value)| {
            let is_schema = *keyword == "additionalProperties" && value.is_object();
            is_schema || !NO_LAYOUT.contains(keyword)
        });
        entries.sort_unstable_by_key(|(keyword, _)| *keyword);
    }
    entries
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn layout_is_the_order_of_members_and_their_types() {
        let none = Map::new();
        let same = |old: &Value, new: &Value| {
            let document = |schema| Document {
                schema,
                definitions: &none,
            };
            is_same(
                document(old),
                document(new),
                Part::Schema,
                &mut HashSet::new(),
                MAX_DEPTH,
            )
        };
        let struct_of = |members: Value| json!({"type": "object", "properties": members});
        let ab = struct_of(json!({"a": {"type": "string"}, "b": true}));
        assert!(same(
            &ab,
            &struct_of(json!({"a": {"type": "string", "description": "new"}, "b": true}))
        ));
        assert!(!same(
            &ab,
            &struct_of(json!({"b": true, "a": {"type": "string"}}))
        ));
        assert!(!same(&ab, &struct_of(json!({"a": {"type": "string"}}))));
        assert!(!same(
            &json!({"enum": ["a", "b"]}),
            &json!({"enum": ["b", "a"]})
        ));
    }
}
