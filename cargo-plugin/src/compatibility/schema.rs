//! What a changed schema changes for those who send its values, or read them.
//!
//! Schemas are compared as sets of values, by their keywords: every one that the tool does not know counts, and an `allOf` is all of its parts. So they are not read
//! by [`Schemas::shape`](crate::schema::Schemas::shape), which leaves out what a value can be written or shown without. Types are told in its words, though.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::alternatives::{Alternatives, Definitions, Kind, definition};
use super::inclusion::{Difference, Inclusion, Step, What, members};
use super::{Change, Level};
use crate::schema::Schemas;
use crate::text;

/// How deep descriptions and defaults are looked for.
const MAX_DEPTH: usize = 60;

/// How many changes of one schema are told.
const MAX_CHANGES: usize = 200;

/// Whose values a schema describes.
#[derive(Clone, Copy, PartialEq)]
pub enum Direction {
    /// Others send them to the plugin.
    In,
    /// The plugin sends them.
    Out,
}

/// A schema in its document.
#[derive(Clone, Copy)]
pub struct Document<'a> {
    pub schema: &'a Value,
    pub definitions: &'a Definitions,
}

/// What a schema is of, in words.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// `` command `greet` ``, or nothing.
    pub owner: &'a str,
    /// `arguments`
    pub whole: &'a str,
    /// `argument`
    pub part: &'a str,
}

impl Subject<'_> {
    pub fn at(&self, place: &[Step]) -> String {
        let separator = if self.owner.is_empty() { "" } else { ", " };
        match place {
            [] => format!("{}{separator}{}", self.owner, self.whole),
            place => format!("{}{separator}{} `{}`", self.owner, self.part, shown(place)),
        }
    }
}

/// `items[].price`
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

/// What changes from one schema to another.
pub fn changes(
    old: Document<'_>,
    new: Document<'_>,
    direction: Direction,
    subject: Subject<'_>,
) -> Vec<Change> {
    if old.schema == new.schema && old.definitions == new.definitions {
        return Vec::new();
    }
    let narrowed =
        Inclusion::new(old.definitions, new.definitions).differences(old.schema, new.schema);
    let widened =
        Inclusion::new(new.definitions, old.definitions).differences(new.schema, old.schema);
    let (first, second) = match direction {
        Direction::In => ((narrowed, Turn::Narrowed), (widened, Turn::Widened)),
        Direction::Out => ((widened, Turn::Widened), (narrowed, Turn::Narrowed)),
    };
    let mut changes = Changes {
        old: Schemas::new(old.definitions),
        new: Schemas::new(new.definitions),
        direction,
        subject,
        told: HashSet::new(),
        changes: Vec::new(),
    };
    changes.differences(first, Level::Breaking);
    changes.differences(second, Level::Minor);
    let mut annotations = Annotations {
        old: old.definitions,
        new: new.definitions,
        seen: HashSet::new(),
        labels: HashMap::new(),
        changes,
    };
    annotations.compare(old.schema, new.schema, &[]);
    annotations.changes.changes
}

/// Whether values have the same form to a codec that tells members and variants by their order.
pub fn same_layout(old: Document<'_>, new: Document<'_>) -> bool {
    layout(old, new, &mut HashSet::new(), MAX_DEPTH)
}

fn layout<'a>(
    old: Document<'a>,
    new: Document<'a>,
    seen: &mut HashSet<(*const Value, *const Value)>,
    depth: usize,
) -> bool {
    const SAYING: [&str; 8] = [
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "$comment",
        "additionalProperties",
        "required",
    ];
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let within = |schema, of: Document<'a>| Document { schema, ..of };
    if let (Value::Object(left), Value::Object(right)) = (old.schema, new.schema) {
        if !seen.insert((
            std::ptr::from_ref(old.schema),
            std::ptr::from_ref(new.schema),
        )) {
            return true;
        }
        if let (Some(left), Some(right)) = (left.get("$ref"), right.get("$ref")) {
            let targets = (
                definition(left, old.definitions),
                definition(right, new.definitions),
            );
            return match targets {
                (Some(left), Some(right)) => {
                    layout(within(left, old), within(right, new), seen, depth)
                }
                _ => false,
            };
        }
        let ordered = |part: &'a Map<String, Value>| members(part).map(|(name, _)| name);
        if !ordered(left).eq(ordered(right)) {
            return false;
        }
        let keywords = |part: &'a Map<String, Value>| {
            let mut keywords: Vec<_> = part
                .iter()
                .filter(|(keyword, value)| {
                    !SAYING.contains(&keyword.as_str())
                        || value.is_object() && *keyword == "additionalProperties"
                })
                .collect();
            keywords.sort_unstable_by_key(|(keyword, _)| keyword.as_str());
            keywords
        };
        let (left, right) = (keywords(left), keywords(right));
        return left.len() == right.len()
            && left
                .into_iter()
                .zip(right)
                .all(|((one, left), (other, right))| match one.as_str() {
                    _ if one != other => false,
                    "properties" | "patternProperties" => {
                        match (left.as_object(), right.as_object()) {
                            (Some(left), Some(right)) => {
                                left.len() == right.len()
                                    && left.values().zip(right.values()).all(|(left, right)| {
                                        layout(within(left, old), within(right, new), seen, depth)
                                    })
                            }
                            _ => false,
                        }
                    }
                    _ => layout(within(left, old), within(right, new), seen, depth),
                });
    }
    match (old.schema, new.schema) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| layout(within(left, old), within(right, new), seen, depth))
        }
        (left, right) => left == right,
    }
}

/// From old to new.
#[derive(Clone, Copy, PartialEq)]
enum Turn {
    /// The new schema allows less.
    Narrowed,
    /// The new schema allows more.
    Widened,
}

/// Collects changes, of which each place has one.
struct Changes<'a> {
    old: Schemas<'a>,
    new: Schemas<'a>,
    direction: Direction,
    subject: Subject<'a>,
    /// The places, with the variant or value if there are several at a place.
    told: HashSet<(Vec<Step>, String)>,
    changes: Vec<Change>,
}

impl Changes<'_> {
    fn differences(&mut self, (differences, turn): (Vec<Difference<'_>>, Turn), level: Level) {
        for difference in differences {
            let what = self.words(&difference.what, turn);
            let own = match &difference.what {
                What::Value(_) | What::Variant(_) => what.clone(),
                What::Bound { of, upper, .. } => format!("{of} {upper}"),
                What::Keyword(keyword) => (*keyword).to_owned(),
                _ => String::new(),
            };
            let why = (level == Level::Breaking).then(|| self.why(&difference.what));
            self.tell(difference.place, own, level, what, why);
        }
    }

    fn tell(
        &mut self,
        place: Vec<Step>,
        own: String,
        level: Level,
        what: String,
        why: Option<&'static str>,
    ) {
        // What holds for the whole of a place says more than a part of it.
        let whole = self.told.contains(&(place.clone(), String::new()));
        if whole || self.changes.len() >= MAX_CHANGES {
            return;
        }
        let subject = self.subject.at(&place);
        if self.told.insert((place, own)) {
            self.changes.push(Change::new(level, subject, what, why));
        }
    }

    fn types(&self, kinds: &[Kind], sub: &Value, sup: &Value, narrowed: bool) -> String {
        if let [Kind::Null] = kinds {
            return match narrowed {
                true => "can no longer be null".to_owned(),
                false => "can be null now".to_owned(),
            };
        }
        let (old, new) = match narrowed {
            true => (sub, sup),
            false => (sup, sub),
        };
        let (old, new) = (self.old.named(old), self.new.named(new));
        if old != new {
            return format!("was `{old}`, and is `{new}` now");
        }
        let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        match narrowed {
            true => format!("can no longer be {}", names.join(" or ")),
            false => format!("can be {} now", names.join(" or ")),
        }
    }

    fn words(&self, what: &What<'_>, turn: Turn) -> String {
        let narrowed = turn == Turn::Narrowed;
        let gone = |thing: String| match narrowed {
            true => format!("{thing} is gone"),
            false => format!("{thing} is new"),
        };
        match what {
            What::Types { kinds, sub, sup } => self.types(kinds, sub, sup, narrowed),
            What::Value(Value::String(text)) => {
                gone(format!("the variant `{}`", text::line(text, 60)))
            }
            What::Value(value) => gone(format!("the value {}", text::json(value))),
            What::Variant(name) => gone(format!("the variant `{}`", text::line(name, 60))),
            What::Bound {
                of,
                upper,
                sub,
                sup,
            } => {
                let bound = if *upper { "largest" } else { "smallest" };
                let (old, new) = match narrowed {
                    true => (sub.as_ref(), Some(sup)),
                    false => (Some(sup), sub.as_ref()),
                };
                match (old, new) {
                    (Some(old), Some(new)) => {
                        format!("the {bound} {of} was {old}, and is {new} now")
                    }
                    (Some(old), None) => {
                        format!("the {bound} {of} was {old}, and there is none now")
                    }
                    (None, Some(new)) => format!("the {bound} {of} is {new} now; there was none"),
                    (None, None) => format!("the {bound} {of} changed"),
                }
            }
            What::Missing { declared } => match (narrowed, declared, self.direction) {
                (true, true, Direction::In) => "is required now".to_owned(),
                (true, false, Direction::In) => "is new, and required".to_owned(),
                (true, true, Direction::Out) => "is always there now".to_owned(),
                (true, false, Direction::Out) => "is new".to_owned(),
                (false, true, Direction::In) => "is no longer required".to_owned(),
                (false, true, Direction::Out) => "may be missing now".to_owned(),
                (false, false, _) => "is gone".to_owned(),
            },
            What::Member => match narrowed {
                true => "is gone".to_owned(),
                false => "is new".to_owned(),
            },
            What::OtherMembers => match narrowed {
                true => "members of other names are refused now".to_owned(),
                false => "members of any name may be there now".to_owned(),
            },
            What::Keyword(keyword) => match narrowed {
                true => format!("`{keyword}` forbids more, or other things, than before"),
                false => format!("`{keyword}` allows more, or other things, than before"),
            },
            What::Unclear => {
                "changed in a way that is not understood, and so is taken for the worst".to_owned()
            }
        }
    }

    fn why(&self, what: &What<'_>) -> &'static str {
        match (self.direction, what) {
            (Direction::In, What::Missing { .. }) => {
                "who leaves it out, as was allowed, is refused"
            }
            (Direction::In, What::Member | What::Value(_) | What::Variant(_)) => {
                "who still sends it is refused"
            }
            (Direction::In, _) => "what was accepted is refused",
            (Direction::Out, What::Missing { .. }) => "who reads it does not find it",
            (Direction::Out, What::Value(_) | What::Variant(_)) => {
                "who knows the old variants cannot read it"
            }
            (Direction::Out, _) => "who reads it may get what was never there",
        }
    }
}

/// Looks for what is no difference in what is allowed: members that come and go where others are not refused, defaults, descriptions.
struct Annotations<'a> {
    old: &'a Definitions,
    new: &'a Definitions,
    seen: HashSet<(*const Value, *const Value)>,
    /// The labels of the schemas that were asked for theirs.
    labels: HashMap<*const Value, String>,
    changes: Changes<'a>,
}

impl<'a> Annotations<'a> {
    fn compare(&mut self, old: &'a Value, new: &'a Value, place: &[Step]) {
        let pair = (std::ptr::from_ref(old), std::ptr::from_ref(new));
        if place.len() > MAX_DEPTH || !self.seen.insert(pair) {
            return;
        }
        let (left, right) = (parts(old, self.old), parts(new, self.new));
        self.default(&left, &right, place);
        self.words(&left, &right, place);
        for (name, old) in left.iter().flat_map(|part| members(part)) {
            match member(&right, name) {
                Some(new) => self.compare(old, new, &with(place, Step::Member(name.clone()))),
                None => self.lost(name, place),
            }
        }
        for (name, _) in right.iter().flat_map(|part| members(part)) {
            if member(&left, name).is_none() {
                let place = with(place, Step::Member(name.clone()));
                self.tell(place, Level::Minor, "is new");
            }
        }
        for (keyword, step) in [
            ("items", Step::Items),
            ("additionalProperties", Step::OtherMembers),
        ] {
            if let (Some(old), Some(new)) =
                (keyword_of(&left, keyword), keyword_of(&right, keyword))
            {
                self.compare(old, new, &with(place, step));
            }
        }
        let firsts = |parts: &[&'a Map<String, Value>]| -> Vec<&'a Value> {
            listed(parts, &["prefixItems"])
        };
        for (nth, (old, new)) in firsts(&left).into_iter().zip(firsts(&right)).enumerate() {
            self.compare(old, new, &with(place, Step::Item(nth)));
        }
        self.branches(&left, &right, place);
    }

    /// Variants by what tells them apart.
    fn branches(
        &mut self,
        left: &[&'a Map<String, Value>],
        right: &[&'a Map<String, Value>],
        place: &[Step],
    ) {
        const EITHER: [&str; 2] = ["oneOf", "anyOf"];
        let news = listed(right, &EITHER);
        let mut labelled: Vec<(String, &'a Value)> = Vec::new();
        for new in &news {
            labelled.push((self.label(new, self.new), new));
        }
        let olds: Vec<(String, &'a Value)> = listed(left, &EITHER)
            .into_iter()
            .map(|old| (self.label(old, self.old), old))
            .collect();
        let of_enum = |branches: &[(String, &Value)]| {
            branches.iter().filter(|(name, _)| !name.is_empty()).count() > 1
        };
        let of_enum = of_enum(&olds) || of_enum(&labelled);
        for (nth, (name, old)) in olds.into_iter().enumerate() {
            let same = match name.is_empty() {
                true => news
                    .get(nth)
                    .copied()
                    .filter(|new| self.label(new, self.new).is_empty()),
                false => labelled
                    .iter()
                    .find(|(other, _)| *other == name)
                    .map(|(_, new)| *new),
            };
            if let Some(new) = same {
                let place = match of_enum && !name.is_empty() {
                    true => with(place, Step::Variant(name)),
                    false => place.to_vec(),
                };
                self.compare(old, new, &place);
            }
        }
    }

    fn label(&mut self, schema: &'a Value, definitions: &'a Definitions) -> String {
        self.labels
            .entry(std::ptr::from_ref(schema))
            .or_insert_with(|| label(schema, definitions))
            .clone()
    }

    fn lost(&mut self, name: &str, place: &[Step]) {
        let place = with(place, Step::Member(name.to_owned()));
        let what = match self.changes.direction {
            Direction::In => "is gone: it is ignored where it is sent",
            Direction::Out => "is gone; it was not always there",
        };
        self.tell(place, Level::Minor, what);
    }

    fn default(
        &mut self,
        left: &[&'a Map<String, Value>],
        right: &[&'a Map<String, Value>],
        place: &[Step],
    ) {
        if self.changes.direction == Direction::Out {
            return;
        }
        let (level, what) = match (keyword_of(left, "default"), keyword_of(right, "default")) {
            (Some(old), Some(new)) if old != new => (
                Level::Breaking,
                format!(
                    "the default was {}, and is {} now",
                    text::json(old),
                    text::json(new)
                ),
            ),
            (None, Some(new)) => (
                Level::Minor,
                format!("the default is {} now; none was said", text::json(new)),
            ),
            (Some(old), None) => (
                Level::Minor,
                format!("the default was {}, and none is said now", text::json(old)),
            ),
            _ => return,
        };
        let why = (level == Level::Breaking).then_some("who leaves it out gets another outcome");
        self.changes
            .tell(place.to_vec(), "default".to_owned(), level, what, why);
    }

    fn words(
        &mut self,
        left: &[&'a Map<String, Value>],
        right: &[&'a Map<String, Value>],
        place: &[Step],
    ) {
        let said = |parts: &[&'a Map<String, Value>], keyword: &str| -> Vec<&'a Value> {
            parts.iter().filter_map(|part| part.get(keyword)).collect()
        };
        for (keyword, what) in [
            ("description", "is described in other words"),
            ("title", "has another title"),
            ("examples", "has other examples"),
            ("deprecated", "is deprecated, or no longer so"),
        ] {
            if said(left, keyword) != said(right, keyword) {
                let place = place.to_vec();
                self.changes.tell(
                    place,
                    keyword.to_owned(),
                    Level::Patch,
                    what.to_owned(),
                    None,
                );
            }
        }
    }

    fn tell(&mut self, place: Vec<Step>, level: Level, what: &str) {
        self.changes
            .tell(place, String::new(), level, what.to_owned(), None);
    }
}

fn with(place: &[Step], step: Step) -> Vec<Step> {
    [place, &[step]].concat()
}

/// A schema's own keywords, and those of what it refers to and is all of.
fn parts<'a>(schema: &'a Value, definitions: &'a Definitions) -> Vec<&'a Map<String, Value>> {
    let mut parts: Vec<&'a Map<String, Value>> = Vec::new();
    let mut next = vec![schema];
    while let Some(part) = next.pop().and_then(Value::as_object) {
        if parts.len() == MAX_DEPTH {
            break;
        }
        parts.push(part);
        next.extend(
            part.get("allOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .rev(),
        );
        next.extend(
            part.get("$ref")
                .and_then(|referred| definition(referred, definitions)),
        );
    }
    parts
}

fn member<'a>(parts: &[&'a Map<String, Value>], name: &str) -> Option<&'a Value> {
    let mut parts = parts.iter();
    parts.find_map(|part| part.get("properties")?.get(name))
}

fn keyword_of<'a>(parts: &[&'a Map<String, Value>], keyword: &str) -> Option<&'a Value> {
    parts.iter().find_map(|part| part.get(keyword))
}

fn listed<'a>(parts: &[&'a Map<String, Value>], keywords: &[&str]) -> Vec<&'a Value> {
    let lists = parts
        .iter()
        .flat_map(|part| keywords.iter().filter_map(|keyword| part.get(*keyword)));
    lists.filter_map(Value::as_array).flatten().collect()
}

fn label(schema: &Value, definitions: &Definitions) -> String {
    let Some(alternatives) = Alternatives::of(schema, definitions) else {
        return String::new();
    };
    let only = match (
        alternatives.values.as_slice(),
        alternatives.others.as_slice(),
    ) {
        ([Value::String(value)], []) => Some(value.clone()),
        ([], [one]) => one.label().map(|label| label.value),
        _ => None,
    };
    only.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ARGUMENTS: Subject<'_> = Subject {
        owner: "",
        whole: "arguments",
        part: "argument",
    };

    fn told(old: &Value, new: &Value, direction: Direction) -> Vec<String> {
        let none = Definitions::new();
        let document = |schema| Document {
            schema,
            definitions: &none,
        };
        changes(document(old), document(new), direction, ARGUMENTS)
            .into_iter()
            .map(|change| format!("{:?}: {} {}", change.level, change.subject, change.what))
            .collect()
    }

    fn arguments(properties: Value, required: &[&str]) -> Value {
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
    }

    #[test]
    fn arguments_that_come_and_go() {
        let name = json!({"type": "string"});
        let old = arguments(json!({"name": name}), &["name"]);
        for (new, expected) in [
            (
                arguments(json!({"name": name, "times": true}), &["name", "times"]),
                "Breaking: argument `times` is new, and required",
            ),
            (
                arguments(json!({"name": name, "times": true}), &["name"]),
                "Minor: argument `times` is new",
            ),
            (
                arguments(json!({}), &[]),
                "Breaking: argument `name` is gone",
            ),
            (
                arguments(json!({"name": name}), &[]),
                "Minor: argument `name` is no longer required",
            ),
            (
                arguments(json!({"name": {"type": "integer"}}), &["name"]),
                "Breaking: argument `name` was `string`, and is `integer` now",
            ),
            (
                arguments(json!({"name": {"type": ["string", "null"]}}), &["name"]),
                "Minor: argument `name` can be null now",
            ),
            (
                arguments(
                    json!({"name": {"type": "string", "maxLength": 9}}),
                    &["name"],
                ),
                "Breaking: argument `name` the largest length is 9 now; there was none",
            ),
            (
                arguments(
                    json!({"name": {"type": "string", "description": "who"}}),
                    &["name"],
                ),
                "Patch: argument `name` is described in other words",
            ),
            (
                arguments(
                    json!({"name": {"type": "string", "default": "you"}}),
                    &["name"],
                ),
                "Minor: argument `name` the default is \"you\" now; none was said",
            ),
        ] {
            assert_eq!(told(&old, &new, Direction::In), [expected]);
        }
        assert_eq!(
            told(
                &arguments(json!({"a": {"default": 1}}), &[]),
                &arguments(json!({"a": {"default": 2}}), &[]),
                Direction::In
            ),
            ["Breaking: argument `a` the default was 1, and is 2 now"]
        );
    }

    #[test]
    fn results_are_looked_at_from_the_other_side() {
        let result = |properties: Value, required: &[&str]| json!({"type": "object", "properties": properties, "required": required});
        let old = result(
            json!({"message": {"type": "string"}, "note": {"type": "string"}}),
            &["message"],
        );
        for (new, expected) in [
            (
                result(json!({"note": {"type": "string"}}), &[]),
                "Breaking: argument `message` is gone",
            ),
            (
                result(json!({"message": {"type": "string"}}), &["message"]),
                "Minor: argument `note` is gone; it was not always there",
            ),
            (
                result(
                    json!({"message": {"type": "string"}, "note": {"type": "string"}, "more": true}),
                    &["message", "more"],
                ),
                "Minor: argument `more` is new",
            ),
            (
                result(
                    json!({"message": {"type": "string"}, "note": {"type": "string"}}),
                    &["message", "note"],
                ),
                "Minor: argument `note` is always there now",
            ),
            (
                result(
                    json!({"message": {"type": ["string", "null"]}, "note": {"type": "string"}}),
                    &["message"],
                ),
                "Breaking: argument `message` can be null now",
            ),
        ] {
            assert_eq!(told(&old, &new, Direction::Out), [expected]);
        }
    }

    #[test]
    fn variants_are_told_by_name_whatever_their_form() {
        let old = json!({"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}}, "required": ["kind", "radius"]},
            {"type": "object", "properties": {"kind": {"const": "square"}, "side": {"type": "number"}}, "required": ["kind", "side"]}]});
        let new = json!({"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "circle"}, "radius": {"type": "integer"}}, "required": ["kind", "radius"]}]});
        assert_eq!(
            told(&old, &new, Direction::In),
            [
                "Breaking: argument `(circle).radius` was `number`, and is `integer` now",
                "Breaking: arguments the variant `square` is gone"
            ]
        );
        assert_eq!(
            told(&new, &old, Direction::Out),
            [
                "Breaking: argument `(circle).radius` was `integer`, and is `number` now",
                "Breaking: arguments the variant `square` is new"
            ]
        );
        let plain = json!({"type": "string", "enum": ["a", "b"]});
        let described = json!({"oneOf": [{"const": "a", "description": "first"}, {"const": "b"}]});
        assert_eq!(told(&plain, &described, Direction::In), [""; 0]);
        assert_eq!(
            told(
                &json!({"enum": ["a", "b"]}),
                &json!({"enum": ["a"]}),
                Direction::In
            ),
            ["Breaking: arguments the variant `b` is gone"]
        );
    }

    #[test]
    fn an_open_object_ignores_what_it_no_longer_knows() {
        let old = json!({"type": "object", "properties": {"a": true, "b": true}});
        let new = json!({"type": "object", "properties": {"a": true}});
        assert_eq!(
            told(&old, &new, Direction::In),
            ["Minor: argument `b` is gone: it is ignored where it is sent"]
        );
        assert_eq!(
            told(&new, &old, Direction::In),
            ["Minor: argument `b` is new"]
        );
    }

    #[test]
    fn a_layout_is_the_order_of_members_and_their_types() {
        let none = Definitions::new();
        let same = |old: &Value, new: &Value| {
            let document = |schema| Document {
                schema,
                definitions: &none,
            };
            same_layout(document(old), document(new))
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
