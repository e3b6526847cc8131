//! Differences between two versions of a schema, for the callers that send its values or read them.
//!
//! Compares the forms that `#[derive(Schema)]` writes: scalars with bounds, lists, tuples, objects,
//! maps, options and enums. A difference in anything else is unclear, and so taken as breaking.
//!
//! `form` reads a schema, `walk` compares two of them, and `messages` has the words and the
//! severity of each difference.

mod bounds;
mod form;
mod messages;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::HashSet;

use plugin_sdk_harness::manifest;
use serde_json::{Map, Value};

use super::{Change, Level};
use crate::text;

/// The greatest number of changes reported for one schema.
const MAX_CHANGES: usize = 200;

/// The schema of any value.
pub static ANYTHING: Value = Value::Bool(true);

pub type Definitions = Map<String, Value>;

/// The side that sends the values of a schema.
#[derive(Clone, Copy, PartialEq)]
pub enum Direction {
    /// Callers send them to the plugin.
    In,
    /// The plugin sends them to its callers.
    Out,
}

/// A schema in its document.
#[derive(Clone, Copy)]
pub struct Document<'a> {
    pub schema: &'a Value,
    pub definitions: &'a Definitions,
}

impl<'a> Document<'a> {
    /// Returns another schema of the same document.
    pub fn with(self, schema: &'a Value) -> Self {
        Document { schema, ..self }
    }
}

/// The words for the value that a schema describes.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// `` command `greet` ``, or nothing.
    pub owner: &'a str,
    /// `arguments`
    pub whole: &'a str,
    /// `argument`
    pub part: &'a str,
}

/// One step from a schema to a schema within it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Step {
    Member(String),
    /// The members that have no schema of their own.
    OtherMembers,
    Item(usize),
    /// The items that have no schema of their own.
    Items,
    Variant(String),
}

impl Subject<'_> {
    /// Returns the words for the whole value.
    pub fn whole(&self) -> String {
        self.at(&[])
    }

    fn at(&self, place: &[Step]) -> String {
        let separator = if self.owner.is_empty() { "" } else { ", " };
        match place {
            [] => format!("{}{separator}{}", self.owner, self.whole),
            place => format!("{}{separator}{} `{}`", self.owner, self.part, shown(place)),
        }
    }
}

/// Formats a place as `items[].price`.
fn shown(place: &[Step]) -> String {
    let mut shown = String::new();
    for step in place {
        match step {
            Step::Member(name) => {
                shown.push_str(if shown.is_empty() { "" } else { "." });
                shown.push_str(&text::line(name, 60));
            }
            Step::OtherMembers => shown.push_str("[*]"),
            Step::Item(index) => shown.push_str(&format!("[{index}]")),
            Step::Items => shown.push_str("[]"),
            Step::Variant(name) => shown.push_str(&format!("({})", text::line(name, 60))),
        }
    }
    shown
}

/// Returns the changes from one schema to another.
pub fn changes(
    old: Document<'_>,
    new: Document<'_>,
    direction: Direction,
    subject: Subject<'_>,
) -> Vec<Change> {
    let same_definitions = manifest::needed_definitions(old.schema, old.definitions)
        == manifest::needed_definitions(new.schema, new.definitions);
    if old.schema == new.schema && same_definitions {
        return Vec::new();
    }
    let mut found = walk::differences(old, new, same_definitions, direction);
    found.sort_by_key(|found| found.message.rank(direction));
    let mut reported = HashSet::new();
    let mut changes = Vec::new();
    for walk::Found { place, message } in found {
        // A change of the whole value says more than a change of one aspect.
        let is_covered = reported.contains(&(place.clone(), String::new()));
        if is_covered || changes.len() == MAX_CHANGES {
            continue;
        }
        let subject = subject.at(&place);
        if reported.insert((place, message.aspect.clone())) {
            changes.push(Change {
                level: message.level(direction),
                subject,
                why: message.reason(direction),
                what: message.what,
            });
        }
    }
    changes
}

/// Returns the schema that `#/$defs/Name` refers to.
pub fn definition<'a>(reference: &Value, definitions: &'a Definitions) -> Option<&'a Value> {
    manifest::definition(reference.as_str()?, definitions).map(|(_, definition)| definition)
}
