//! The comparison of two schemas, place by place.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::bounds::{Bound, COUNTS, VALUES};
use super::form::{ANNOTATIONS, Form, Keywords, Kind, Object, Variant, VariantSchema, referred};
use super::messages::Message;
use super::{ANYTHING, Definitions, Direction, Document, Step};
use crate::schema::Schemas;

/// The greatest depth at which schemas are compared.
const MAX_DEPTH: usize = 60;

/// The greatest number of pairs of schemas compared before the rest counts as unclear.
const MAX_PAIRS: usize = 20_000;

/// The greatest number of schemas read for that, alternatives of alternatives included.
const MAX_READ: usize = 20_000 + 2 * MAX_PAIRS;

/// Keywords that [`Walk::object`] and [`Walk::array`] compare by their meaning.
const STRUCTURE: [&str; 5] = [
    "properties",
    "additionalProperties",
    "unevaluatedProperties",
    "items",
    "prefixItems",
];

/// Keywords that are only for people, and the words for another value.
const FOR_PEOPLE: [(&str, &str); 4] = [
    ("description", "has another description"),
    ("title", "has another title"),
    ("examples", "has other examples"),
    ("deprecated", "is deprecated, or no longer so"),
];

/// A difference and its place.
pub struct Found {
    pub place: Vec<Step>,
    pub message: Message,
}

/// Returns the differences between two schemas, in the order of the schemas.
pub fn differences(
    old: Document<'_>,
    new: Document<'_>,
    same_definitions: bool,
    direction: Direction,
) -> Vec<Found> {
    let mut walk = Walk {
        old: old.definitions,
        new: new.definitions,
        same_definitions,
        direction,
        seen: HashSet::new(),
        left: MAX_READ,
        found: Vec::new(),
    };
    walk.compare(old.schema, new.schema, &[]);
    walk.found
}

/// Compares the schemas of two documents in pairs.
struct Walk<'a> {
    old: &'a Definitions,
    new: &'a Definitions,
    same_definitions: bool,
    direction: Direction,
    /// Pairs that are compared, or being compared: types may contain themselves.
    seen: HashSet<(*const Value, *const Value)>,
    /// The number of schemas that may still be read.
    left: usize,
    found: Vec<Found>,
}

impl<'a> Walk<'a> {
    fn compare(&mut self, old: &'a Value, new: &'a Value, place: &[Step]) {
        if self.same(old, new) {
            return;
        }
        // References to one type are one pair, wherever they are.
        let (old, new) = (referred(old, self.old), referred(new, self.new));
        let pair = (std::ptr::from_ref(old), std::ptr::from_ref(new));
        if !self.seen.insert(pair) {
            return;
        }
        if place.len() > MAX_DEPTH || self.seen.len() > MAX_PAIRS {
            return self.add(place, Message::unclear());
        }
        let left = Form::of(old, self.old, &mut self.left);
        let right = Form::of(new, self.new, &mut self.left);
        let (Some(left), Some(right)) = (left, right) else {
            return self.add(place, Message::unclear());
        };
        match (left.nullable, right.nullable) {
            (true, false) => self.add(place, Message::null_refused()),
            (false, true) => self.add(place, Message::null_allowed()),
            _ => {}
        }
        self.annotations(&left.keywords, &right.keywords, place);
        match (&left.kind, &right.kind) {
            (Kind::Variants(left), Kind::Variants(right)) => self.variants(left, right, place),
            (Kind::Type(one), Kind::Type(other)) if one == other => {
                self.constraints(one, &left, &right, place);
            }
            (Kind::Anything, Kind::Anything) | (Kind::Nothing, Kind::Nothing) => {}
            _ => {
                let (was, is) = (Schemas::new(self.old), Schemas::new(self.new));
                let mut words = (was.named(old), is.named(new));
                if words.0 == words.1 {
                    words = (was.expanded(old), is.expanded(new));
                }
                let message = match words {
                    (old, new) if old == new => Message::unclear(),
                    (old, new) => {
                        Message::other_type(&old, &new, left.allows(&right), right.allows(&left))
                    }
                };
                self.add(place, message);
            }
        }
    }

    /// Compares enums by the names of their variants, and those without a name in their order.
    fn variants(&mut self, left: &[Variant<'a>], right: &[Variant<'a>], place: &[Step]) {
        let is_enum = [left, right].iter().any(|all| named(all).count() > 1);
        for (name, old) in named(left) {
            let Some((_, new)) = named(right).find(|(other, _)| *other == name) else {
                let is_literal = matches!(old, VariantSchema::Literal);
                self.add(place, Message::variant_removed(name, is_literal));
                continue;
            };
            let place = match is_enum {
                true => with(place, Step::Variant(name.to_owned())),
                false => place.to_vec(),
            };
            match (old, new) {
                (VariantSchema::Branch(old), VariantSchema::Branch(new)) => {
                    self.compare(old, new, &place);
                }
                (VariantSchema::Text, VariantSchema::Text)
                | (VariantSchema::Literal, VariantSchema::Literal) => {}
                _ => self.add(&place, Message::unclear()),
            }
        }
        for (name, new) in named(right) {
            if named(left).all(|(other, _)| other != name) {
                let is_literal = matches!(new, VariantSchema::Literal);
                self.add(place, Message::variant_added(name, is_literal));
            }
        }
        let (left, right) = (nameless(left), nameless(right));
        if left.len() != right.len() {
            return self.add(place, Message::unclear());
        }
        for (old, new) in left.into_iter().zip(right) {
            self.compare(old, new, place);
        }
    }

    fn constraints(&mut self, ty: &str, old: &Form<'a>, new: &Form<'a>, place: &[Step]) {
        let (left, right) = (&old.keywords, &new.keywords);
        for is_upper in [false, true] {
            let stated = |keywords| Bound::of_values(keywords, ty == "integer", is_upper);
            self.add(
                place,
                Message::bound("value", is_upper, stated(left), stated(right)),
            );
        }
        for (counted, least, most) in COUNTS {
            for (keyword, is_upper) in [(least, false), (most, true)] {
                let stated = |keywords| Bound::of_count(keywords, keyword, is_upper);
                self.add(
                    place,
                    Message::bound(counted, is_upper, stated(left), stated(right)),
                );
            }
        }
        match ty {
            "object" => self.object(&Object::of(old), &Object::of(new), place),
            "array" => self.array(left, right, place),
            _ => {}
        }
        let keywords: BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        for keyword in keywords {
            let is_count = |(_, least, most): &(_, &str, &str)| [*least, *most].contains(&keyword);
            if COUNTS.iter().any(is_count)
                || [&VALUES[..], &STRUCTURE, &ANNOTATIONS]
                    .concat()
                    .contains(&keyword)
            {
                continue;
            }
            let (old, new) = (left.get(keyword).copied(), right.get(keyword).copied());
            let is_same = old.zip(new).is_some_and(|(old, new)| self.same(old, new));
            if !is_same {
                self.add(place, Message::keyword(keyword, old, new));
            }
        }
    }

    fn array(&mut self, left: &Keywords<'a>, right: &Keywords<'a>, place: &[Step]) {
        let list = |keywords: &Keywords<'a>| -> &'a [Value] {
            let list = keywords.get("prefixItems");
            let list = list.and_then(|items| items.as_array());
            list.map_or(&[], Vec::as_slice)
        };
        let (olds, news) = (list(left), list(right));
        for (nth, (old, new)) in olds.iter().zip(news).enumerate() {
            self.compare(old, new, &with(place, Step::Item(nth)));
        }
        // The bounds on the number of items say the rest.
        let ends_at = |keywords: &Keywords<'a>, count: usize| {
            keywords.get("maxItems").and_then(|most| most.as_u64()) == Some(count as u64)
        };
        let are_fixed = ends_at(left, olds.len()) && ends_at(right, news.len());
        if olds.len() != news.len() && !are_fixed {
            return self.add(place, Message::unclear());
        }
        let items = |keywords: &Keywords<'a>| keywords.get("items").copied().unwrap_or(&ANYTHING);
        if !ends_at(left, 0) && !ends_at(right, 0) {
            self.compare(items(left), items(right), &with(place, Step::Items));
        }
    }

    fn object(&mut self, old: &Object<'a>, new: &Object<'a>, place: &[Step]) {
        let direction = self.direction;
        let at = |name: &str| with(place, Step::Member(name.to_owned()));
        for (name, member) in old.members.into_iter().flatten() {
            let at = at(name);
            let Some(other) = new.member(name) else {
                self.add(
                    &at,
                    match new.others {
                        Some(_) => Message::unclear(),
                        None => Message::member_removed(direction, old.requires(name), new.closed),
                    },
                );
                continue;
            };
            match (old.requires(name), new.requires(name)) {
                (false, true) => self.add(&at, Message::member_required(direction)),
                (true, false) => {
                    let group = new
                        .required
                        .iter()
                        .find(|group| group.contains(&name.as_str()));
                    self.add(
                        &at,
                        match group {
                            Some(group) => Message::member_aliased(group),
                            None => Message::member_optional(direction),
                        },
                    );
                }
                _ => {}
            }
            self.compare(member, other, &at);
        }
        for (name, _) in new.members.into_iter().flatten() {
            if old.member(name).is_none() {
                self.add(
                    &at(name),
                    match old.others {
                        Some(_) => Message::unclear(),
                        None => Message::member_added(direction, new.requires(name), old.closed),
                    },
                );
            }
        }
        for (these, those, message) in [
            (new, old, Message::one_required as fn(&[&str]) -> Message),
            (old, new, Message::none_required),
        ] {
            for group in &these.required {
                if let [first, _, ..] = group[..]
                    && !those.requires_one_of(group)
                {
                    self.add(&at(first), message(group));
                }
            }
        }
        if old.undeclared() != new.undeclared() {
            self.add(place, Message::unclear());
        }
        let at = with(place, Step::OtherMembers);
        match (old.others, new.others) {
            (Some(old), Some(new)) => self.compare(old, new, &at),
            (Some(_), None) if new.closed => self.add(&at, Message::other_members_refused()),
            (None, Some(_)) if old.closed || direction == Direction::Out => {
                self.add(&at, Message::other_members_allowed());
            }
            (None, Some(_)) if old.members.is_none() => self.add(&at, Message::unclear()),
            _ => {}
        }
    }

    fn annotations(&mut self, left: &Keywords<'a>, right: &Keywords<'a>, place: &[Step]) {
        let both = |keyword| (left.get(keyword).copied(), right.get(keyword).copied());
        if self.direction == Direction::In {
            let (old, new) = both("default");
            self.add(place, Message::default(old, new));
        }
        for (keyword, what) in FOR_PEOPLE {
            let (old, new) = both(keyword);
            if old != new {
                self.add(place, Message::annotation(keyword, what));
            }
        }
    }

    /// Compares two schemas as text, where what they refer to is the same as well.
    fn same(&self, old: &Value, new: &Value) -> bool {
        old == new && (self.same_definitions || !refers(old))
    }

    fn add(&mut self, place: &[Step], message: impl Into<Option<Message>>) {
        let place = place.to_vec();
        let found = message.into().map(|message| Found { place, message });
        self.found.extend(found);
    }
}

fn with(place: &[Step], step: Step) -> Vec<Step> {
    [place, &[step]].concat()
}

fn named<'v, 'a>(
    variants: &'v [Variant<'a>],
) -> impl Iterator<Item = (&'v str, VariantSchema<'a>)> {
    let named = |variant: &'v Variant<'a>| Some((variant.name.as_deref()?, variant.schema));
    variants.iter().filter_map(named)
}

fn nameless<'a>(variants: &[Variant<'a>]) -> Vec<&'a Value> {
    let nameless = variants.iter().filter(|variant| variant.name.is_none());
    let branches = nameless.filter_map(|variant| match variant.schema {
        VariantSchema::Branch(branch) => Some(branch),
        VariantSchema::Text | VariantSchema::Literal => None,
    });
    branches.collect()
}

fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(keywords) => keywords.contains_key("$ref") || keywords.values().any(refers),
        Value::Array(schemas) => schemas.iter().any(refers),
        _ => false,
    }
}
