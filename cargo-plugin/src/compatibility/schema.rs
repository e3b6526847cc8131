//! Differences between two versions of a schema, for the callers that send its values or read them.
//!
//! Compares the forms that `#[derive(Schema)]` writes: scalars with bounds, lists, tuples, objects,
//! maps, options and enums. A difference in anything else is unclear, and so taken as breaking.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use plugin_sdk_harness::manifest;
use serde_json::{Map, Value};

use super::number::{Bound, Real};
use super::{Change, Level};
use crate::schema::Schemas;
use crate::text;

/// The greatest depth at which schemas are compared.
const MAX_DEPTH: usize = 60;

/// The greatest number of changes reported for one schema.
const MAX_CHANGES: usize = 200;

/// The greatest number of pairs of schemas compared before the rest counts as unclear.
const MAX_PAIRS: usize = 20_000;

const UNCLEAR: &str = "changed in a way that is unclear, and so is taken as breaking";

/// Keywords that do not change which values are valid.
const ANNOTATIONS: [&str; 6] = [
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "$comment",
];

/// Keywords that [`Walk::constraints`] compares by what they mean.
const STRUCTURE: [&str; 5] = [
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
];

/// Keywords with a bound: the counted thing, the keyword for its minimum, the keyword for its
/// maximum.
const COUNTS: [(&str, &str, &str); 3] = [
    ("length", "minLength", "maxLength"),
    ("number of items", "minItems", "maxItems"),
    ("number of members", "minProperties", "maxProperties"),
];
const VALUES: [&str; 4] = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"];

static ANYTHING: Value = Value::Bool(true);

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
pub enum Step {
    Member(String),
    /// The members that have no schema of their own.
    OtherMembers,
    Item(usize),
    /// The items that have no schema of their own.
    Items,
    Variant(String),
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

/// Writes a place as `items[].price`.
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
    let mut walk = Walk {
        old: old.definitions,
        new: new.definitions,
        same_definitions,
        direction,
        seen: HashSet::new(),
        found: Vec::new(),
    };
    walk.compare(old.schema, new.schema, &[]);
    walk.found.sort_by_key(|found| found.rank);
    let mut reported = HashSet::new();
    let mut changes = Vec::new();
    for found in walk.found {
        // A change of the whole value says more than a change of one aspect.
        if reported.contains(&(found.place.clone(), String::new())) {
            continue;
        }
        let subject = subject.at(&found.place);
        if changes.len() < MAX_CHANGES && reported.insert((found.place, found.aspect)) {
            changes.push(Change::new(found.level, subject, found.what, found.why));
        }
    }
    changes
}

/// Returns true if values have the same form in a codec that identifies members and variants by
/// order.
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

/// The change to the set of valid values.
#[derive(Clone, Copy, PartialEq)]
enum Turn {
    Narrowed,
    Widened,
    /// Neither contains the other, as far as the tool can see.
    Unclear,
}

/// The order in which changes of one schema are reported.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Breaking,
    Compatible,
    Annotation,
}

struct Found {
    rank: Rank,
    place: Vec<Step>,
    /// The aspect of the value that changed; empty for the whole value.
    aspect: String,
    level: Level,
    what: String,
    why: Option<&'static str>,
}

/// The reasons why a change breaks callers: where they send the value, and where they read it.
type Why = [&'static str; 2];

const OTHER: Why = [
    "what was accepted is refused",
    "callers may read a value that was impossible before",
];
const VARIANT: Why = [
    "callers that still send it are refused",
    "callers that know only the old variants cannot read it",
];
const MEMBER: Why = [
    "callers that still send it are refused",
    "callers may read a value that was impossible before",
];
const MISSING: Why = [
    "callers that leave it out, as was allowed, are refused",
    "callers that read it do not find it",
];

/// Keywords by name, those of referred schemas included.
type Keywords<'a> = BTreeMap<&'a str, &'a Value>;

/// A schema in one of the forms that are compared.
struct Form<'a> {
    keywords: Keywords<'a>,
    nullable: bool,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Anything,
    Nothing,
    Type(&'a str),
    Variants(Vec<Variant<'a>>),
}

/// One value or one branch of an enum.
#[derive(Clone)]
struct Variant<'a> {
    /// The name, or the value as JSON; empty for branches that have no name.
    name: String,
    /// `` the variant `circle` ``
    shown: String,
    is_text: bool,
    branch: Option<&'a Value>,
}

impl<'a> Form<'a> {
    /// Reads a schema; `None` if it has none of the known forms.
    fn of(schema: &'a Value, definitions: &'a Definitions, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let mut keywords = keywords(schema, definitions)?;
        if keywords.get("not").is_some_and(|not| is_anything(not)) || schema == &Value::Bool(false)
        {
            return Some(Form {
                keywords: Keywords::new(),
                nullable: false,
                kind: Kind::Nothing,
            });
        }
        let is_object = keywords.contains_key("properties") || keywords.contains_key("required");
        let branches = match (keywords.get("oneOf"), keywords.get("anyOf")) {
            (Some(branches), None) | (None, Some(branches)) if !is_object => branches.as_array(),
            (None, None) => None,
            // Flattened enums, and members of which one is required: compared as they are written.
            _ => return None,
        };
        if let Some(branches) = branches {
            keywords.retain(|keyword, _| *keyword != "oneOf" && *keyword != "anyOf");
            return Self::of_branches(branches, keywords, definitions, depth);
        }
        let mut types: Vec<&str> = match keywords.remove("type") {
            None => Vec::new(),
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(ty) => vec![ty.as_str()?],
        };
        let values: Option<Vec<&'a Value>> =
            match (keywords.remove("const"), keywords.remove("enum")) {
                (Some(value), None) => Some(vec![value]),
                (None, Some(values)) => Some(values.as_array()?.iter().collect()),
                (None, None) => None,
                (Some(_), Some(_)) => return None,
            };
        if let Some(mut values) = values {
            let nullable = values.iter().any(|value| value.is_null());
            values.retain(|value| !value.is_null());
            let kind = match values.is_empty() {
                true => Kind::Nothing,
                false => Kind::Variants(values.into_iter().map(Variant::value).collect()),
            };
            return Some(Form {
                keywords,
                nullable,
                kind,
            });
        }
        let nullable = types.contains(&"null");
        types.retain(|ty| *ty != "null");
        let kind = match types[..] {
            [] if nullable => Kind::Nothing,
            [] if keywords.keys().all(|keyword| ANNOTATIONS.contains(keyword)) => Kind::Anything,
            [one] => Kind::Type(one),
            _ => return None,
        };
        Some(Form {
            keywords,
            nullable,
            kind,
        })
    }

    fn of_branches(
        branches: &'a [Value],
        outer: Keywords<'a>,
        definitions: &'a Definitions,
        depth: usize,
    ) -> Option<Self> {
        if !outer.keys().all(|keyword| ANNOTATIONS.contains(keyword)) {
            return None;
        }
        let is_null = |branch: &Value| branch.get("type").is_some_and(|ty| ty == "null");
        let others: Vec<&'a Value> = branches.iter().filter(|branch| !is_null(branch)).collect();
        let nullable = others.len() < branches.len();
        if let [one] = others[..]
            && nullable
        {
            let mut form = Form::of(one, definitions, depth)?;
            form.nullable = true;
            form.keywords.extend(outer);
            return Some(form);
        }
        let mut variants = Vec::new();
        for branch in others {
            match Form::of(branch, definitions, depth) {
                Some(Form {
                    kind: Kind::Variants(values),
                    nullable: false,
                    ..
                }) => variants.extend(values),
                _ => variants.push(Variant::branch(branch, definitions)),
            }
        }
        Some(Form {
            keywords: outer,
            nullable,
            kind: Kind::Variants(variants),
        })
    }
}

impl<'a> Variant<'a> {
    fn value(value: &'a Value) -> Self {
        match value.as_str() {
            Some(name) => Self::named(name, None, true),
            None => {
                let shown = text::json(value);
                Variant {
                    name: shown.clone(),
                    shown: format!("the value {shown}"),
                    is_text: false,
                    branch: None,
                }
            }
        }
    }

    fn named(name: &str, branch: Option<&'a Value>, is_text: bool) -> Self {
        let shown = format!("the variant `{}`", text::line(name, 60));
        Variant {
            name: name.to_owned(),
            shown,
            is_text,
            branch,
        }
    }

    /// Names a branch after its tag, or after its only member, as serde does.
    fn branch(branch: &'a Value, definitions: &'a Definitions) -> Self {
        let name = keywords(branch, definitions).and_then(|keywords| {
            let members = keywords.get("properties")?.as_object()?;
            let required: Vec<&str> = names(keywords.get("required").copied()).collect();
            let tag = members.iter().find_map(|(name, member)| {
                let tag = member.get("const")?.as_str()?;
                required.contains(&name.as_str()).then_some(tag)
            });
            match (tag, &required[..]) {
                (Some(tag), _) => Some(tag),
                (None, [only]) if members.len() == 1 => Some(*only),
                _ => None,
            }
        });
        match name {
            Some(name) => Self::named(name, Some(branch), false),
            None => Variant {
                name: String::new(),
                shown: "a variant without a name".to_owned(),
                is_text: false,
                branch: Some(branch),
            },
        }
    }
}

/// Compares the schemas of two documents in pairs.
struct Walk<'a> {
    old: &'a Definitions,
    new: &'a Definitions,
    same_definitions: bool,
    direction: Direction,
    /// Pairs that are compared, or being compared: types may contain themselves.
    seen: HashSet<(*const Value, *const Value)>,
    found: Vec<Found>,
}

impl<'a> Walk<'a> {
    fn compare(&mut self, old: &'a Value, new: &'a Value, place: &[Step]) {
        if self.same(old, new) {
            return;
        }
        // References to one type are one pair, wherever they are.
        let (old, new) = (referred(old, self.old), referred(new, self.new));
        if !self
            .seen
            .insert((std::ptr::from_ref(old), std::ptr::from_ref(new)))
        {
            return;
        }
        if place.len() > MAX_DEPTH || self.seen.len() > MAX_PAIRS {
            return self.unclear(place);
        }
        let (Some(left), Some(right)) = (
            Form::of(old, self.old, MAX_DEPTH),
            Form::of(new, self.new, MAX_DEPTH),
        ) else {
            return self.unclear(place);
        };
        match (left.nullable, right.nullable) {
            (true, false) => self.add(place, "", Turn::Narrowed, "can no longer be null", OTHER),
            (false, true) => self.add(place, "", Turn::Widened, "can be null now", OTHER),
            _ => {}
        }
        self.annotations(&left.keywords, &right.keywords, place);
        let turn = match (&left.kind, &right.kind) {
            (Kind::Variants(left), Kind::Variants(right)) => {
                return self.variants(left, right, place);
            }
            (Kind::Type(one), Kind::Type(other)) if one == other => {
                return self.constraints(one, &left.keywords, &right.keywords, place);
            }
            (Kind::Anything, Kind::Anything) | (Kind::Nothing, Kind::Nothing) => return,
            (Kind::Type("integer"), Kind::Type("number"))
                if right
                    .keywords
                    .keys()
                    .all(|keyword| ANNOTATIONS.contains(keyword)) =>
            {
                Turn::Widened
            }
            (Kind::Type("number"), Kind::Type("integer"))
                if left
                    .keywords
                    .keys()
                    .all(|keyword| ANNOTATIONS.contains(keyword)) =>
            {
                Turn::Narrowed
            }
            (_, Kind::Anything) | (Kind::Nothing, _) => Turn::Widened,
            (Kind::Anything, _) | (_, Kind::Nothing) => Turn::Narrowed,
            (Kind::Variants(values), Kind::Type("string"))
                if values.iter().all(|value| value.is_text)
                    && right
                        .keywords
                        .keys()
                        .all(|keyword| ANNOTATIONS.contains(keyword)) =>
            {
                Turn::Widened
            }
            (Kind::Type("string"), Kind::Variants(values))
                if values.iter().all(|value| value.is_text)
                    && left
                        .keywords
                        .keys()
                        .all(|keyword| ANNOTATIONS.contains(keyword)) =>
            {
                Turn::Narrowed
            }
            _ => Turn::Unclear,
        };
        let (was, is) = (Schemas::new(self.old), Schemas::new(self.new));
        let mut words = (was.named(old), is.named(new));
        if words.0 == words.1 {
            words = (was.expanded(old), is.expanded(new));
        }
        let (old, new) = words;
        match old == new {
            true => self.unclear(place),
            false => self.add(
                place,
                "",
                turn,
                format!("was `{old}`, and is `{new}` now"),
                OTHER,
            ),
        }
    }

    /// Compares enums by the names of their variants, and those without a name in their order.
    fn variants(&mut self, left: &[Variant<'a>], right: &[Variant<'a>], place: &[Step]) {
        let is_enum = [left, right]
            .iter()
            .any(|all| all.iter().filter(|one| !one.name.is_empty()).count() > 1);
        for old in left.iter().filter(|old| !old.name.is_empty()) {
            let Some(new) = right.iter().find(|new| new.name == old.name) else {
                continue;
            };
            let place = match is_enum {
                true => with(place, Step::Variant(old.name.clone())),
                false => place.to_vec(),
            };
            match (old.branch, new.branch) {
                (Some(old), Some(new)) => self.compare(old, new, &place),
                (None, None) if old.is_text == new.is_text => {}
                _ => self.unclear(&place),
            }
        }
        for (these, those, verb, turn) in [
            (left, right, "gone", Turn::Narrowed),
            (right, left, "new", Turn::Widened),
        ] {
            for variant in these.iter().filter(|variant| !variant.name.is_empty()) {
                if !those.iter().any(|other| other.name == variant.name) {
                    self.add(
                        place,
                        &variant.name,
                        turn,
                        format!("{} is {verb}", variant.shown),
                        VARIANT,
                    );
                }
            }
        }
        let nameless = |all: &[Variant<'a>]| -> Vec<&'a Value> {
            let nameless = all.iter().filter(|one| one.name.is_empty());
            nameless.filter_map(|one| one.branch).collect()
        };
        let (left, right) = (nameless(left), nameless(right));
        match left.len() == right.len() {
            true => left
                .into_iter()
                .zip(right)
                .for_each(|(old, new)| self.compare(old, new, place)),
            false => self.unclear(place),
        }
    }

    fn constraints(&mut self, ty: &str, left: &Keywords<'a>, right: &Keywords<'a>, place: &[Step]) {
        for upper in [false, true] {
            let stated = |keywords: &Keywords<'_>| {
                let bound = value_bound(keywords, upper)?;
                Some(if ty == "integer" {
                    bound.of_whole_numbers(upper)
                } else {
                    bound
                })
            };
            self.bound("value", upper, stated(left), stated(right), place);
        }
        for (of, least, most) in COUNTS {
            for (keyword, upper) in [(least, false), (most, true)] {
                let stated = |keywords: &Keywords<'_>| {
                    let at = Real::of(keywords.get(keyword)?)?;
                    let is_zero = at.cmp(Real::Whole(0_i128.into())) == Some(Ordering::Equal);
                    (upper || !is_zero).then_some(Bound {
                        at,
                        excluded: false,
                    })
                };
                self.bound(of, upper, stated(left), stated(right), place);
            }
        }
        match ty {
            "object" => self.object(left, right, place),
            "array" => self.array(left, right, place),
            _ => {}
        }
        let keywords: BTreeSet<&str> = left.keys().chain(right.keys()).copied().collect();
        for keyword in keywords {
            let counted = COUNTS
                .iter()
                .any(|(_, least, most)| keyword == *least || keyword == *most);
            if counted
                || VALUES.contains(&keyword)
                || STRUCTURE.contains(&keyword)
                || ANNOTATIONS.contains(&keyword)
            {
                continue;
            }
            let of_members = keyword == "patternProperties";
            match (left.get(keyword), right.get(keyword)) {
                (Some(old), Some(new)) if self.same(old, new) => {}
                (None, Some(_)) if !of_members => {
                    let what = format!("`{keyword}` forbids more, or other things, than before");
                    self.add(place, keyword, Turn::Narrowed, what, OTHER);
                }
                (Some(_), None) if !of_members => {
                    let what = format!("`{keyword}` allows more, or other things, than before");
                    self.add(place, keyword, Turn::Widened, what, OTHER);
                }
                _ => {
                    let what = format!("`{keyword}` {UNCLEAR}");
                    self.add(place, keyword, Turn::Unclear, what, OTHER);
                }
            }
        }
    }

    fn bound(
        &mut self,
        of: &str,
        upper: bool,
        old: Option<Bound>,
        new: Option<Bound>,
        place: &[Step],
    ) {
        let end = if upper { "largest" } else { "smallest" };
        let (turn, what) = match (old, new) {
            (None, None) => return,
            (Some(old), Some(new)) => {
                let turn = match (old.within(new, upper), new.within(old, upper)) {
                    (true, true) => return,
                    (true, false) => Turn::Widened,
                    (false, true) => Turn::Narrowed,
                    (false, false) => Turn::Unclear,
                };
                (turn, format!("was {}, and is {} now", old.at, new.at))
            }
            (Some(old), None) => (
                Turn::Widened,
                format!("was {}, and there is none now", old.at),
            ),
            (None, Some(new)) => (Turn::Narrowed, format!("is {} now; there was none", new.at)),
        };
        let aspect = format!("{end} {of}");
        self.add(place, &aspect, turn, format!("the {aspect} {what}"), OTHER);
    }

    fn array(&mut self, left: &Keywords<'a>, right: &Keywords<'a>, place: &[Step]) {
        let list = |keywords: &Keywords<'a>| -> &'a [Value] {
            let list = keywords
                .get("prefixItems")
                .and_then(|items| items.as_array());
            list.map_or(&[], Vec::as_slice)
        };
        let (olds, news) = (list(left), list(right));
        for (nth, (old, new)) in olds.iter().zip(news).enumerate() {
            self.compare(old, new, &with(place, Step::Item(nth)));
        }
        // The bounds on the number of items say the rest.
        let fixed = |keywords: &Keywords<'a>, items: &[Value]| {
            keywords.get("maxItems").and_then(|most| most.as_u64()) == Some(items.len() as u64)
        };
        if olds.len() != news.len() && !(fixed(left, olds) && fixed(right, news)) {
            return self.unclear(place);
        }
        let items = |keywords: &Keywords<'a>| keywords.get("items").copied().unwrap_or(&ANYTHING);
        let empty = |keywords: &Keywords<'a>| {
            keywords.get("maxItems").and_then(|most| most.as_u64()) == Some(0)
        };
        if !empty(left) && !empty(right) {
            self.compare(items(left), items(right), &with(place, Step::Items));
        }
    }

    fn object(&mut self, left: &Keywords<'a>, right: &Keywords<'a>, place: &[Step]) {
        let (old, new) = (Object::of(left), Object::of(right));
        for (name, member) in old.members.into_iter().flatten() {
            let at = with(place, Step::Member(name.clone()));
            let Some(other) = new.members.and_then(|members| members.get(name)) else {
                self.lost(&old, &new, name, &at);
                continue;
            };
            match (
                old.required.contains(name.as_str()),
                new.required.contains(name.as_str()),
                self.direction,
            ) {
                (false, true, Direction::In) => {
                    self.add(&at, "", Turn::Narrowed, "is required now", MISSING)
                }
                (false, true, Direction::Out) => {
                    self.add(&at, "", Turn::Narrowed, "is always there now", MISSING)
                }
                (true, false, Direction::In) => {
                    self.add(&at, "", Turn::Widened, "is no longer required", MISSING)
                }
                (true, false, Direction::Out) => {
                    self.add(&at, "", Turn::Widened, "may be missing now", MISSING)
                }
                _ => {}
            }
            self.compare(member, other, &at);
        }
        for (name, _) in new.members.into_iter().flatten() {
            if old
                .members
                .is_some_and(|members| members.contains_key(name))
            {
                continue;
            }
            let at = with(place, Step::Member(name.clone()));
            match (new.required.contains(name.as_str()), self.direction) {
                _ if old.others.is_some() => self.unclear(&at),
                (true, Direction::In) => {
                    self.add(&at, "", Turn::Narrowed, "is new, and required", MISSING)
                }
                (_, Direction::Out) if old.closed => {
                    self.add(&at, "", Turn::Widened, "is new", MEMBER)
                }
                _ => self.minor(&at, "is new"),
            }
        }
        let undeclared = |object: &Object<'a>| -> BTreeSet<&'a str> {
            let declared = |name: &&str| {
                object
                    .members
                    .is_some_and(|members| members.contains_key(*name))
            };
            object
                .required
                .iter()
                .copied()
                .filter(|name| !declared(name))
                .collect()
        };
        if undeclared(&old) != undeclared(&new) {
            self.unclear(place);
        }
        let at = with(place, Step::OtherMembers);
        match (old.others, new.others) {
            (Some(old), Some(new)) => self.compare(old, new, &at),
            (Some(_), None) if new.closed => {
                self.add(
                    &at,
                    "",
                    Turn::Narrowed,
                    "members of other names are refused now",
                    OTHER,
                );
            }
            (None, Some(_)) if old.closed || self.direction == Direction::Out => {
                self.add(
                    &at,
                    "",
                    Turn::Widened,
                    "members of any name may be there now",
                    OTHER,
                );
            }
            (None, Some(_)) if !old.closed && old.members.is_none() => self.unclear(&at),
            _ => {}
        }
    }

    /// Reports a member that the new schema does not declare.
    fn lost(&mut self, old: &Object<'a>, new: &Object<'a>, name: &str, at: &[Step]) {
        match self.direction {
            _ if new.others.is_some() => self.unclear(at),
            Direction::In if new.closed => self.add(at, "", Turn::Narrowed, "is gone", MEMBER),
            Direction::In => self.minor(at, "is gone: it is ignored where it is sent"),
            Direction::Out if old.required.contains(name) => {
                self.add(at, "", Turn::Widened, "is gone", MISSING);
            }
            Direction::Out => self.minor(at, "is gone; it was not always there"),
        }
    }

    fn annotations(&mut self, left: &Keywords<'a>, right: &Keywords<'a>, place: &[Step]) {
        if self.direction == Direction::In {
            let (level, what) = match (left.get("default"), right.get("default")) {
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
                _ => (Level::Patch, String::new()),
            };
            if level > Level::Patch {
                let why = (level == Level::Breaking)
                    .then_some("callers that leave it out get another outcome");
                self.push(Rank::Annotation, place, "default", level, what, why);
            }
        }
        for (keyword, what) in [
            ("description", "has another description"),
            ("title", "has another title"),
            ("examples", "has other examples"),
            ("deprecated", "is deprecated, or no longer so"),
        ] {
            if left.get(keyword) != right.get(keyword) {
                self.push(
                    Rank::Annotation,
                    place,
                    keyword,
                    Level::Patch,
                    what.to_owned(),
                    None,
                );
            }
        }
    }

    /// Compares two schemas as text, where what they refer to is the same as well.
    fn same(&self, old: &Value, new: &Value) -> bool {
        old == new && (self.same_definitions || !refers(old))
    }

    fn unclear(&mut self, place: &[Step]) {
        self.add(place, "", Turn::Unclear, UNCLEAR, OTHER);
    }

    fn minor(&mut self, place: &[Step], what: &str) {
        self.push(
            Rank::Annotation,
            place,
            "",
            Level::Minor,
            what.to_owned(),
            None,
        );
    }

    fn add(&mut self, place: &[Step], aspect: &str, turn: Turn, what: impl Into<String>, why: Why) {
        let [sent, read] = why;
        let (breaks, why) = match self.direction {
            Direction::In => (turn != Turn::Widened, sent),
            Direction::Out => (turn != Turn::Narrowed, read),
        };
        match breaks {
            true => self.push(
                Rank::Breaking,
                place,
                aspect,
                Level::Breaking,
                what.into(),
                Some(why),
            ),
            false => self.push(
                Rank::Compatible,
                place,
                aspect,
                Level::Minor,
                what.into(),
                None,
            ),
        }
    }

    fn push(
        &mut self,
        rank: Rank,
        place: &[Step],
        aspect: &str,
        level: Level,
        what: String,
        why: Option<&'static str>,
    ) {
        let (place, aspect) = (place.to_vec(), aspect.to_owned());
        self.found.push(Found {
            rank,
            place,
            aspect,
            level,
            what,
            why,
        });
    }
}

/// The members of a schema of objects.
struct Object<'a> {
    members: Option<&'a Map<String, Value>>,
    required: BTreeSet<&'a str>,
    /// The schema of members that are not declared, if it says what they are.
    others: Option<&'a Value>,
    /// Members that are not declared are refused.
    closed: bool,
}

impl<'a> Object<'a> {
    fn of(keywords: &Keywords<'a>) -> Self {
        let additional = keywords.get("additionalProperties").copied();
        Object {
            members: keywords
                .get("properties")
                .and_then(|members| members.as_object()),
            required: names(keywords.get("required").copied()).collect(),
            others: additional.filter(|schema| **schema != Value::Bool(false)),
            closed: additional == Some(&Value::Bool(false)),
        }
    }
}

fn with(place: &[Step], step: Step) -> Vec<Step> {
    [place, &[step]].concat()
}

fn names(list: Option<&Value>) -> impl Iterator<Item = &str> {
    let names = list.and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
}

fn members(part: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let members = part.get("properties").and_then(Value::as_object);
    members.into_iter().flatten()
}

/// Follows references that have no other keyword.
fn referred<'a>(mut schema: &'a Value, definitions: &'a Definitions) -> &'a Value {
    for _ in 0..MAX_DEPTH {
        let only = schema.as_object().filter(|keywords| keywords.len() == 1);
        let target = only.and_then(|keywords| definition(keywords.get("$ref")?, definitions));
        match target {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

fn is_anything(schema: &Value) -> bool {
    schema == &ANYTHING || schema.as_object().is_some_and(Map::is_empty)
}

fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(keywords) => keywords.contains_key("$ref") || keywords.values().any(refers),
        Value::Array(schemas) => schemas.iter().any(refers),
        _ => false,
    }
}

/// Merges a schema's keywords with those of the schema it refers to; the outer annotations win.
///
/// Returns `None` where two keywords contradict, or references never end.
fn keywords<'a>(schema: &'a Value, definitions: &'a Definitions) -> Option<Keywords<'a>> {
    let mut all = Keywords::new();
    let mut next = schema;
    for _ in 0..MAX_DEPTH {
        let Value::Object(own) = next else {
            let plain = *next == ANYTHING || all.is_empty() && next.is_boolean();
            return plain.then_some(all);
        };
        let mut inner = None;
        for (keyword, value) in own {
            let target = match (keyword.as_str(), value) {
                ("$ref", _) => Some(definition(value, definitions)?),
                ("allOf", Value::Array(schemas)) if schemas.len() == 1 => schemas.first(),
                _ => None,
            };
            if let Some(target) = target {
                if inner.replace(target).is_some() {
                    return None;
                }
            } else if ANNOTATIONS.contains(&keyword.as_str()) {
                all.entry(keyword).or_insert(value);
            } else if all
                .insert(keyword, value)
                .is_some_and(|outer| outer != value)
            {
                return None;
            }
        }
        match inner {
            Some(inner) => next = inner,
            None => return Some(all),
        }
    }
    None
}

/// The lower or upper bound of a number, the tighter of the two keywords that may state it.
fn value_bound(keywords: &Keywords<'_>, upper: bool) -> Option<Bound> {
    let (including, excluding) = match upper {
        true => ("maximum", "exclusiveMaximum"),
        false => ("minimum", "exclusiveMinimum"),
    };
    let bound = |keyword: &str, excluded| {
        let at = keywords.get(keyword).and_then(|value| Real::of(value))?;
        Some(Bound { at, excluded })
    };
    match (bound(including, false), bound(excluding, true)) {
        (Some(one), Some(other)) if one.within(other, upper) => Some(one),
        (Some(_), Some(other)) => Some(other),
        (one, other) => one.or(other),
    }
}

/// Returns the schema that `#/$defs/Name` refers to.
fn definition<'a>(referred: &Value, definitions: &'a Definitions) -> Option<&'a Value> {
    manifest::definition(referred.as_str()?, definitions).map(|(_, definition)| definition)
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

    fn reported(old: &Value, new: &Value, direction: Direction) -> Vec<String> {
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
    fn added_and_removed_arguments_have_their_level() {
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
                "Patch: argument `name` has another description",
            ),
            (
                arguments(
                    json!({"name": {"type": "string", "default": "you"}}),
                    &["name"],
                ),
                "Minor: argument `name` the default is \"you\" now; none was said",
            ),
        ] {
            assert_eq!(reported(&old, &new, Direction::In), [expected]);
        }
        assert_eq!(
            reported(
                &arguments(json!({"a": {"default": 1}}), &[]),
                &arguments(json!({"a": {"default": 2}}), &[]),
                Direction::In
            ),
            ["Breaking: argument `a` the default was 1, and is 2 now"]
        );
    }

    #[test]
    fn results_reverse_the_direction_of_breaking_changes() {
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
            assert_eq!(reported(&old, &new, Direction::Out), [expected]);
        }
    }

    #[test]
    fn variants_match_by_name_in_every_representation() {
        let old = json!({"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}}, "required": ["kind", "radius"]},
            {"type": "object", "properties": {"kind": {"const": "square"}, "side": {"type": "number"}}, "required": ["kind", "side"]}]});
        let new = json!({"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "circle"}, "radius": {"type": "integer"}}, "required": ["kind", "radius"]}]});
        assert_eq!(
            reported(&old, &new, Direction::In),
            [
                "Breaking: argument `(circle).radius` was `number`, and is `integer` now",
                "Breaking: arguments the variant `square` is gone"
            ]
        );
        assert_eq!(
            reported(&new, &old, Direction::Out),
            [
                "Breaking: argument `(circle).radius` was `integer`, and is `number` now",
                "Breaking: arguments the variant `square` is new"
            ]
        );
        let plain = json!({"type": "string", "enum": ["a", "b"]});
        let described = json!({"oneOf": [{"const": "a", "description": "first"}, {"const": "b"}]});
        assert_eq!(reported(&plain, &described, Direction::In), [""; 0]);
        assert_eq!(
            reported(
                &json!({"enum": ["a", "b"]}),
                &json!({"enum": ["a"]}),
                Direction::In
            ),
            ["Breaking: arguments the variant `b` is gone"]
        );
    }

    #[test]
    fn removing_a_member_of_an_open_object_is_minor() {
        let old = json!({"type": "object", "properties": {"a": true, "b": true}});
        let new = json!({"type": "object", "properties": {"a": true}});
        assert_eq!(
            reported(&old, &new, Direction::In),
            ["Minor: argument `b` is gone: it is ignored where it is sent"]
        );
        assert_eq!(
            reported(&new, &old, Direction::In),
            ["Minor: argument `b` is new"]
        );
    }

    #[test]
    fn layout_is_the_order_of_members_and_their_types() {
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

    #[test]
    fn differing_exotic_schemas_are_unclear_and_break() {
        let exotic = json!({"type": "object", "properties": {"a": true}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]});
        let other =
            json!({"type": "object", "properties": {"a": true}, "oneOf": [{"required": ["a"]}]});
        let several = json!({"type": ["string", "integer"]});
        let text = json!({"type": "string"});
        for (old, new) in [(&exotic, &other), (&several, &text), (&text, &several)] {
            for direction in [Direction::In, Direction::Out] {
                assert_eq!(
                    reported(old, new, direction),
                    [format!("Breaking: arguments {UNCLEAR}")]
                );
            }
            assert_eq!(reported(old, old, Direction::In), [""; 0]);
        }
    }

    #[test]
    fn recursive_types_are_compared_once_per_pair() {
        let document = |last: &str| {
            let mut definitions = Definitions::new();
            for nth in 0..50 {
                let next = json!({"$ref": format!("#/$defs/T{}", nth + 1)});
                let members = json!({"a": next, "b": next, "self": {"$ref": "#/$defs/T0"}});
                let object = json!({"type": "object", "properties": members});
                definitions.insert(format!("T{nth}"), object);
            }
            definitions.insert("T50".to_owned(), json!({"type": last}));
            definitions
        };
        let (one, same, other) = (document("string"), document("string"), document("integer"));
        let root = json!({"$ref": "#/$defs/T0"});
        let compared = |new| {
            let (old, new) = ((&root, &one), (&root, new));
            let document = |(schema, definitions)| Document {
                schema,
                definitions,
            };
            changes(document(old), document(new), Direction::In, ARGUMENTS)
        };
        assert!(compared(&same).is_empty());
        let found = compared(&other);
        // Both members of the last struct refer to the type that changed; the pair is reported
        // once.
        let [change] = &found[..] else {
            panic!("{found:#?}")
        };
        assert_eq!(change.what, "was `string`, and is `integer` now");
    }

    #[test]
    fn narrower_values_break_callers_that_send_them() {
        let u8 = json!({"type": "integer", "minimum": 0, "maximum": 255});
        let optional = json!({"anyOf": [u8, {"type": "null"}]});
        let list = |items: &Value| json!({"type": "array", "items": items});
        let map = |values: &Value| json!({"type": "object", "additionalProperties": values});
        let u64 = json!({"type": "integer", "minimum": 0, "maximum": u64::MAX});
        let number = json!({"type": "number"});
        let (any, never) = (json!(true), json!(false));
        let (text, letter) = (json!({"type": "string"}), json!({"enum": ["a"]}));
        let pattern = json!({"type": "string", "pattern": "a"});
        let (lists, maps) = ([list(&u8), list(&u64)], [map(&u8), map(&u64)]);
        for (narrow, wide) in [
            (&u8, &u64),
            (&u8, &optional),
            (&u64, &number),
            (&u8, &any),
            (&never, &u8),
            (&letter, &text),
            (&lists[0], &lists[1]),
            (&maps[0], &maps[1]),
            (&pattern, &text),
        ] {
            let breaks = |old, new, direction| {
                reported(old, new, direction)
                    .iter()
                    .any(|change| change.starts_with("Breaking"))
            };
            assert!(breaks(wide, narrow, Direction::In), "{wide} to {narrow}");
            assert!(!breaks(narrow, wide, Direction::In), "{narrow} to {wide}");
            assert!(
                breaks(narrow, wide, Direction::Out),
                "{narrow} to {wide}, read"
            );
            assert!(
                !breaks(wide, narrow, Direction::Out),
                "{wide} to {narrow}, read"
            );
        }
    }
}
