//! Whether one schema allows all that another one does, and if not, what it does not.
//!
//! Schemas are compared by what they allow, through references, not by names or by form. Members that an object's schema does not declare are taken not to be sent, unless it
//! says what they are (`additionalProperties`), for that is how serde writes structs and how people call commands. What is not understood counts as not allowed, so that an answer of
//! yes can be relied on.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::alternatives::{Alternative, Alternatives, Definitions, Kind};
use super::number::{Bound, Real};

/// How deep schemas are compared. Deeper ones are taken to differ.
const MAX_DEPTH: usize = 100;

/// Keywords that are held against each other as they stand, as what they come to is not computed.
const OPAQUE: [&str; 4] = ["not", "if", "then", "else"];
const OPAQUE_OF_OBJECTS: [&str; 3] = ["propertyNames", "dependentRequired", "dependentSchemas"];
const OPAQUE_OF_ARRAYS: [&str; 4] = ["contains", "minContains", "maxContains", "unevaluatedItems"];
const OPAQUE_OF_STRINGS: [&str; 4] = ["pattern", "format", "contentEncoding", "contentMediaType"];

static ANYTHING: Value = Value::Bool(true);

/// The way from a schema to one within it.
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

/// What the smaller one of two schemas allows and the larger one does not.
#[derive(Clone, Debug)]
pub enum What<'a> {
    /// Values of these types.
    Types {
        kinds: Vec<Kind>,
        sub: &'a Value,
        sup: &'a Value,
    },
    /// One value.
    Value(&'a Value),
    /// One branch, by what tells it from the others.
    Variant(String),
    /// Another bound: of a number's value, of a length, of how many there are.
    Bound {
        of: &'static str,
        upper: bool,
        sub: Option<String>,
        sup: String,
    },
    /// To be without the member.
    Missing { declared: bool },
    /// The member.
    Member,
    /// Members of any name.
    OtherMembers,
    /// What the keyword forbids.
    Keyword(&'static str),
    /// What cannot be told.
    Unclear,
}

#[derive(Clone, Debug)]
pub struct Difference<'a> {
    pub place: Vec<Step>,
    pub what: What<'a>,
}

type Pair = (*const Value, *const Value);

/// Compares schemas of two documents.
pub struct Inclusion<'a> {
    sub: &'a Definitions,
    sup: &'a Definitions,
    same_definitions: bool,
    /// What is known of pairs, or taken to hold while it is being found out: types may contain themselves.
    known: HashMap<Pair, bool>,
    /// The pairs that are taken to hold, in the order in which they came up.
    assumed: Vec<Pair>,
    depth: usize,
}

/// Why an alternative does not lie within another.
enum Problem<'a> {
    Here(What<'a>),
    At(Step, What<'a>),
    Within(Step, &'a Value, &'a Value),
}

/// Problems, or only the first of them.
struct Problems<'a> {
    found: Vec<Problem<'a>>,
    only_first: bool,
}

impl<'a> Problems<'a> {
    fn add(&mut self, problem: Problem<'a>) {
        if !self.enough() {
            self.found.push(problem);
        }
    }

    fn enough(&self) -> bool {
        self.only_first && !self.found.is_empty()
    }
}

impl<'a> Inclusion<'a> {
    pub fn new(sub: &'a Definitions, sup: &'a Definitions) -> Self {
        Inclusion {
            sub,
            sup,
            same_definitions: sub == sup,
            known: HashMap::new(),
            assumed: Vec::new(),
            depth: 0,
        }
    }

    /// Whether the second schema allows all that the first one does.
    pub fn holds(&mut self, sub: &'a Value, sup: &'a Value) -> bool {
        if allows_anything(sup) {
            return true;
        }
        let pair = pair(sub, sup);
        if let Some(known) = self.known.get(&pair) {
            return *known;
        }
        if self.depth == MAX_DEPTH {
            return false;
        }
        self.known.insert(pair, true);
        let before = self.assumed.len();
        self.assumed.push(pair);
        self.depth += 1;
        let holds = self.compare(sub, sup);
        self.depth -= 1;
        if !holds {
            // What was found to hold since may have relied on this pair.
            for pair in self.assumed.drain(before..) {
                self.known.remove(&pair);
            }
            self.known.insert(pair, false);
        }
        holds
    }

    /// What the first schema allows and the second one does not; nothing exactly if it [`holds`](Self::holds).
    pub fn differences(&mut self, sub: &'a Value, sup: &'a Value) -> Vec<Difference<'a>> {
        let mut explanation = Explanation {
            told: HashSet::new(),
            differences: Vec::new(),
        };
        explanation.explain(self, sub, sup, &[]);
        explanation.differences
    }

    fn compare(&mut self, sub: &'a Value, sup: &'a Value) -> bool {
        if sub == sup && (self.same_definitions || !refers(sub)) {
            return true;
        }
        let Some((below, above)) = self.apart(sub, sup) else {
            return false;
        };
        below.values.iter().all(|value| value_within(value, &above))
            && below
                .others
                .iter()
                .all(|alternative| self.alternative_within(alternative, &above))
    }

    fn apart(
        &self,
        sub: &'a Value,
        sup: &'a Value,
    ) -> Option<(Alternatives<'a>, Alternatives<'a>)> {
        Some((
            Alternatives::of(sub, self.sub)?,
            Alternatives::of(sup, self.sup)?,
        ))
    }

    fn alternative_within(&mut self, below: &Alternative<'a>, above: &Alternatives<'a>) -> bool {
        above.others.iter().any(|above| {
            below.kind.within(above.kind) && self.problems(below, above, true).is_empty()
        })
    }

    fn problems(
        &mut self,
        below: &Alternative<'a>,
        above: &Alternative<'a>,
        only_first: bool,
    ) -> Vec<Problem<'a>> {
        let mut problems = Problems {
            found: Vec::new(),
            only_first,
        };
        for part in &above.parts {
            opaque(below, part, &OPAQUE, &mut problems);
            match below.kind {
                Kind::Integer | Kind::Number => number(below, part, &mut problems),
                Kind::String => {
                    opaque(below, part, &OPAQUE_OF_STRINGS, &mut problems);
                    counts(
                        below,
                        part,
                        "length",
                        ["minLength", "maxLength"],
                        &mut problems,
                    );
                }
                Kind::Array => self.array(below, part, &mut problems),
                Kind::Object => self.object(below, above, part, &mut problems),
                // They have values one by one.
                Kind::Null | Kind::Boolean => {}
            }
            if problems.enough() {
                break;
            }
        }
        problems.found
    }

    fn array(
        &mut self,
        below: &Alternative<'a>,
        part: &'a Map<String, Value>,
        problems: &mut Problems<'a>,
    ) {
        opaque(below, part, &OPAQUE_OF_ARRAYS, problems);
        if flag(part, "uniqueItems") && !below.parts.iter().any(|part| flag(part, "uniqueItems")) {
            problems.add(Problem::Here(What::Keyword("uniqueItems")));
        }
        let [least, most] = items_of(part);
        let longest = below
            .parts
            .iter()
            .filter_map(|part| items_of(part)[1])
            .min();
        let shortest = below
            .parts
            .iter()
            .filter_map(|part| items_of(part)[0])
            .max();
        count("number of items", false, shortest, least, problems);
        count("number of items", true, longest, most, problems);
        let firsts = |part: &&'a Map<String, Value>| prefix(part).len();
        let given = below
            .parts
            .iter()
            .chain([&part])
            .map(firsts)
            .max()
            .unwrap_or(0);
        let exists = |index: usize| longest.is_none_or(|longest| index as u64 <= longest);
        for index in 0..given {
            if problems.enough() || !exists(index + 1) {
                return;
            }
            self.nth(below, part, index, Step::Item(index), problems);
        }
        if exists(given + 1) {
            self.nth(below, part, given, Step::Items, problems);
        }
    }

    fn nth(
        &mut self,
        below: &Alternative<'a>,
        part: &'a Map<String, Value>,
        index: usize,
        step: Step,
        problems: &mut Problems<'a>,
    ) {
        let candidates: Vec<_> = below.parts.iter().map(|part| item(part, index)).collect();
        self.any_within(&candidates, item(part, index), step, problems);
    }

    /// One of the schemas, all of which hold, must lie within the other.
    fn any_within(
        &mut self,
        candidates: &[&'a Value],
        above: &'a Value,
        step: Step,
        problems: &mut Problems<'a>,
    ) {
        if !candidates.iter().any(|below| self.holds(below, above)) {
            let below = candidates.first().copied().unwrap_or(&ANYTHING);
            problems.add(Problem::Within(step, below, above));
        }
    }

    fn object(
        &mut self,
        below: &Alternative<'a>,
        above: &Alternative<'a>,
        part: &'a Map<String, Value>,
        problems: &mut Problems<'a>,
    ) {
        let object = Object {
            parts: &below.parts,
        };
        // First what tells variants apart.
        for (name, schema) in members(part) {
            if problems.enough() {
                return;
            }
            let candidates = object.member(name);
            if !candidates.is_empty() {
                self.any_within(&candidates, schema, Step::Member(name.clone()), problems);
            }
        }
        for name in required(part) {
            if !object.requires(name) {
                problems.add(Problem::At(
                    Step::Member(name.to_owned()),
                    What::Missing {
                        declared: object.declares(name),
                    },
                ));
            }
        }
        let additional = part.get("additionalProperties");
        let unevaluated = part.get("unevaluatedProperties");
        for part_below in &below.parts {
            for (name, schema) in members(part_below) {
                if problems.enough() {
                    return;
                }
                if object.member(name).is_empty() {
                    continue;
                }
                let step = || Step::Member(name.clone());
                if !declares(part, name) {
                    match additional {
                        Some(Value::Bool(false)) => problems.add(Problem::At(step(), What::Member)),
                        Some(other) => self.any_within(&[schema], other, step(), problems),
                        None => {}
                    }
                }
                if !above.parts.iter().any(|part| declares(part, name)) {
                    match unevaluated {
                        Some(Value::Bool(false)) => problems.add(Problem::At(step(), What::Member)),
                        Some(other) => self.any_within(&[schema], other, step(), problems),
                        None => {}
                    }
                }
            }
        }
        let others = object.others();
        if !others.is_empty() {
            for refused in [additional, unevaluated].into_iter().flatten() {
                match refused {
                    Value::Bool(false) => problems.add(Problem::Here(What::OtherMembers)),
                    other => self.any_within(&others, other, Step::OtherMembers, problems),
                }
            }
        }
        self.patterns(&object, part, problems);
        opaque(below, part, &OPAQUE_OF_OBJECTS, problems);
        let names = ["minProperties", "maxProperties"];
        let least = below
            .parts
            .iter()
            .map(|part| required(part).count() as u64)
            .max();
        let most =
            (others.is_empty() && !object.has_patterns()).then(|| object.declared().count() as u64);
        let stated = |index: usize| {
            let name = names.get(index).copied().unwrap_or_default();
            below
                .parts
                .iter()
                .filter_map(move |part| part.get(name)?.as_u64())
        };
        let [at_least, at_most] = names.map(|name| part.get(name).and_then(Value::as_u64));
        count(
            "number of members",
            false,
            stated(0).chain(least).max(),
            at_least,
            problems,
        );
        count(
            "number of members",
            true,
            stated(1).chain(most).min(),
            at_most,
            problems,
        );
    }

    /// Members by the form of their names.
    fn patterns(
        &mut self,
        object: &Object<'_, 'a>,
        part: &'a Map<String, Value>,
        problems: &mut Problems<'a>,
    ) {
        for (pattern, above) in patterns(part) {
            let same = object
                .parts
                .iter()
                .find_map(|part| patterns(part).find(|(below, _)| *below == pattern));
            match same {
                Some((_, below)) => {
                    self.any_within(&[below], above, Step::OtherMembers, problems);
                }
                None => problems.add(Problem::Here(What::Keyword("patternProperties"))),
            }
        }
        for below in object.parts {
            for (pattern, schema) in patterns(below) {
                if patterns(part).any(|(above, _)| above == pattern) {
                    continue;
                }
                match part.get("additionalProperties") {
                    Some(Value::Bool(false)) => problems.add(Problem::Here(What::OtherMembers)),
                    Some(other) => {
                        self.any_within(&[schema], other, Step::OtherMembers, problems);
                    }
                    None => {}
                }
            }
        }
    }
}

/// Tells differences, each pair of schemas only once.
struct Explanation<'a> {
    told: HashSet<Pair>,
    differences: Vec<Difference<'a>>,
}

impl<'a> Explanation<'a> {
    fn explain(
        &mut self,
        inclusion: &mut Inclusion<'a>,
        sub: &'a Value,
        sup: &'a Value,
        place: &[Step],
    ) {
        if inclusion.holds(sub, sup) || !self.told.insert(pair(sub, sup)) {
            return;
        }
        if place.len() >= MAX_DEPTH {
            return self.tell(place, What::Unclear);
        }
        let Some((below, above)) = inclusion.apart(sub, sup) else {
            return self.tell(place, What::Unclear);
        };
        let before = self.differences.len();
        let mut kinds = Vec::new();
        for value in &below.values {
            if value_within(value, &above) {
                continue;
            }
            match above.kinds().any(|kind| Kind::of(value).within(kind)) {
                true => self.tell(place, What::Value(value)),
                false => note(&mut kinds, Kind::of(value)),
            }
        }
        for alternative in &below.others {
            if inclusion.alternative_within(alternative, &above) {
                continue;
            }
            let nearest = match nearest(alternative, &below, &above) {
                Nearest::None => {
                    note(&mut kinds, alternative.kind);
                    continue;
                }
                Nearest::Unlike => {
                    self.tell(place, What::Variant(alternative.name()));
                    continue;
                }
                Nearest::Like(nearest) => nearest,
            };
            let mut place = place.to_vec();
            let several = below.others.len() > 1 || above.others.len() > 1;
            if let (Some(label), true) = (alternative.label(), several) {
                place.push(Step::Variant(label.value));
            }
            for problem in inclusion.problems(alternative, nearest, false) {
                match problem {
                    Problem::Here(what) => self.tell(&place, what),
                    Problem::At(step, what) => self.tell(&[&place[..], &[step]].concat(), what),
                    Problem::Within(step, sub, sup) => {
                        self.explain(inclusion, sub, sup, &[&place[..], &[step]].concat());
                    }
                }
            }
        }
        if !kinds.is_empty() {
            self.tell(place, What::Types { kinds, sub, sup });
        }
        // All that there was to say may have been said at another place.
        if self.differences.is_empty() && before == 0 {
            self.tell(place, What::Unclear);
        }
    }

    fn tell(&mut self, place: &[Step], what: What<'a>) {
        self.differences.push(Difference {
            place: place.to_vec(),
            what,
        });
    }
}

fn note(kinds: &mut Vec<Kind>, kind: Kind) {
    if !kinds.contains(&kind) {
        kinds.push(kind);
    }
}

/// The alternative that another one was meant to be.
enum Nearest<'b, 'a> {
    /// There is none of the type.
    None,
    /// There are others of the type.
    Unlike,
    Like(&'b Alternative<'a>),
}

fn nearest<'b, 'a>(
    alternative: &Alternative<'a>,
    below: &Alternatives<'a>,
    above: &'b Alternatives<'a>,
) -> Nearest<'b, 'a> {
    // An integer that was a number is held against the integers.
    let comparable = |kind: Kind| kind.within(alternative.kind) || alternative.kind.within(kind);
    let candidates: Vec<_> = above
        .others
        .iter()
        .filter(|above| comparable(above.kind))
        .collect();
    let alone = |alternatives: &Alternatives<'a>| {
        let of_kind = alternatives
            .others
            .iter()
            .filter(|one| comparable(one.kind));
        of_kind.count() == 1
    };
    if candidates.is_empty() {
        return match above.kinds().any(comparable) {
            // Single values, where there were any.
            true => Nearest::Unlike,
            false => Nearest::None,
        };
    }
    let like = match alternative.label() {
        Some(label) if !alone(below) || !alone(above) => candidates
            .into_iter()
            .find(|above| above.label().as_ref() == Some(&label)),
        _ => match candidates.as_slice() {
            [one] if alternative.kind.within(one.kind) => Some(*one),
            _ => None,
        },
    };
    match like {
        Some(like) => Nearest::Like(like),
        None if alternative.kind == Kind::Number => Nearest::None,
        None => Nearest::Unlike,
    }
}

/// What tells a branch of an enum from the others: a member that has one value, or the one member that there is.
#[derive(Debug, PartialEq, Eq)]
pub struct Label {
    member: Option<String>,
    pub value: String,
}

impl<'a> Alternative<'a> {
    /// What tells it from its siblings, if it is a variant of an enum.
    pub fn label(&self) -> Option<Label> {
        let object = Object { parts: &self.parts };
        let mut only = None;
        for (name, schema) in object.declared() {
            if !object.requires(name) {
                continue;
            }
            let listed = schema.get("enum").and_then(Value::as_array);
            let single = match listed.map(Vec::as_slice) {
                Some([one]) => Some(one),
                _ => schema.get("const"),
            };
            if let Some(Value::String(value)) = single {
                return Some(Label {
                    member: Some(name.clone()),
                    value: value.clone(),
                });
            }
            only = Some(name);
        }
        let alone = object.declared().count() == 1;
        only.filter(|_| alone).map(|name| Label {
            member: None,
            value: name.clone(),
        })
    }

    fn name(&self) -> String {
        match self.label() {
            Some(label) => label.value,
            None => self.kind.name().to_owned(),
        }
    }
}

impl<'a> Alternatives<'a> {
    fn kinds(&self) -> impl Iterator<Item = Kind> {
        let values = self.values.iter().map(|value| Kind::of(value));
        values.chain(self.others.iter().map(|other| other.kind))
    }
}

fn pair(sub: &Value, sup: &Value) -> Pair {
    (std::ptr::from_ref(sub), std::ptr::from_ref(sup))
}

fn allows_anything(schema: &Value) -> bool {
    match schema {
        Value::Bool(anything) => *anything,
        Value::Object(keywords) => keywords.is_empty(),
        _ => false,
    }
}

/// Whether a schema depends on the document that it is in.
fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.contains_key("$ref") || members.values().any(refers),
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

fn value_within(value: &Value, above: &Alternatives<'_>) -> bool {
    above.has_value(value)
        || above.others.iter().any(|above| {
            Kind::of(value).within(above.kind) && above.parts.iter().all(|part| admits(part, value))
        })
}

/// Whether a part that names no values admits one. What would have to be looked into is not admitted.
fn admits(part: &Map<String, Value>, value: &Value) -> bool {
    let silent = |keywords: &[&str]| !keywords.iter().any(|keyword| part.contains_key(*keyword));
    let between = |count: u64, [least, most]: [&str; 2]| {
        let bound = |keyword: &str| part.get(keyword).and_then(Value::as_u64);
        bound(least).is_none_or(|least| count >= least)
            && bound(most).is_none_or(|most| count <= most)
    };
    silent(&OPAQUE)
        && match value {
            Value::Null | Value::Bool(_) => true,
            Value::Number(number) => {
                let at = Real::from(number);
                let exactly = Bound {
                    at,
                    excluded: false,
                };
                let multiple = part.get("multipleOf").and_then(Real::of);
                [false, true].into_iter().all(|upper| {
                    bound(part, upper).is_none_or(|bound| exactly.within(bound, upper))
                }) && multiple.is_none_or(|multiple| at.is_multiple_of(multiple))
            }
            Value::String(text) => {
                silent(&OPAQUE_OF_STRINGS)
                    && between(text.chars().count() as u64, ["minLength", "maxLength"])
            }
            Value::Array(items) => {
                silent(&OPAQUE_OF_ARRAYS)
                    && silent(&["items", "prefixItems", "uniqueItems"])
                    && between(items.len() as u64, ["minItems", "maxItems"])
            }
            Value::Object(members) => {
                silent(&OPAQUE_OF_OBJECTS)
                    && silent(&[
                        "properties",
                        "patternProperties",
                        "additionalProperties",
                        "unevaluatedProperties",
                    ])
                    && required(part).all(|name| members.contains_key(name))
                    && between(members.len() as u64, ["minProperties", "maxProperties"])
            }
        }
}

/// Keywords that must be the same on both sides, if they are there above.
fn opaque<'a>(
    below: &Alternative<'a>,
    part: &'a Map<String, Value>,
    keywords: &[&'static str],
    problems: &mut Problems<'a>,
) {
    for keyword in keywords {
        let Some(above) = part.get(*keyword) else {
            continue;
        };
        let same = |part: &&Map<String, Value>| part.get(*keyword) == Some(above);
        if refers(above) || !below.parts.iter().any(same) {
            problems.add(Problem::Here(What::Keyword(keyword)));
        }
    }
}

fn number<'a>(below: &Alternative<'a>, part: &'a Map<String, Value>, problems: &mut Problems<'a>) {
    for upper in [false, true] {
        let Some(mut sup) = bound(part, upper) else {
            continue;
        };
        let bounds = below.parts.iter().filter_map(|part| bound(part, upper));
        let mut tightest = bounds.reduce(|one, other| match one.within(other, upper) {
            true => one,
            false => other,
        });
        if below.kind == Kind::Integer {
            sup = sup.of_whole_numbers(upper);
            tightest = tightest.map(|bound| bound.of_whole_numbers(upper));
        }
        if !tightest.is_some_and(|sub| sub.within(sup, upper)) {
            problems.add(Problem::Here(What::Bound {
                of: "value",
                upper,
                sub: tightest.map(|sub| sub.at.to_string()),
                sup: sup.at.to_string(),
            }));
        }
    }
    if let Some(above) = part.get("multipleOf").and_then(Real::of) {
        let mut multiples = below
            .parts
            .iter()
            .filter_map(|part| part.get("multipleOf").and_then(Real::of));
        if !multiples.any(|below| below.is_multiple_of(above)) {
            problems.add(Problem::Here(What::Keyword("multipleOf")));
        }
    }
}

/// The tighter one of the two forms in which a bound may be given.
fn bound(part: &Map<String, Value>, upper: bool) -> Option<Bound> {
    let (including, excluding) = match upper {
        true => ("maximum", "exclusiveMaximum"),
        false => ("minimum", "exclusiveMinimum"),
    };
    let bound = |keyword: &str, excluded| {
        let at = part.get(keyword).and_then(Real::of)?;
        Some(Bound { at, excluded })
    };
    match (bound(including, false), bound(excluding, true)) {
        (Some(one), Some(other)) if one.within(other, upper) => Some(one),
        (Some(_), Some(other)) => Some(other),
        (one, other) => one.or(other),
    }
}

fn counts<'a>(
    below: &Alternative<'a>,
    part: &'a Map<String, Value>,
    of: &'static str,
    [least, most]: [&str; 2],
    problems: &mut Problems<'a>,
) {
    let stated = |keyword: &str| {
        let keyword = keyword.to_owned();
        let parts = below.parts.iter();
        parts.filter_map(move |part| part.get(&keyword)?.as_u64())
    };
    let sup = |keyword: &str| part.get(keyword).and_then(Value::as_u64);
    count(of, false, stated(least).max(), sup(least), problems);
    count(of, true, stated(most).min(), sup(most), problems);
}

fn count(
    of: &'static str,
    upper: bool,
    sub: Option<u64>,
    sup: Option<u64>,
    problems: &mut Problems<'_>,
) {
    let Some(sup) = sup else { return };
    let within = match (sub, upper) {
        (Some(sub), true) => sub <= sup,
        (Some(sub), false) => sub >= sup,
        (None, true) => false,
        (None, false) => sup == 0,
    };
    if !within {
        problems.add(Problem::Here(What::Bound {
            of,
            upper,
            sub: sub.map(|sub| sub.to_string()),
            sup: sup.to_string(),
        }));
    }
}

fn flag(part: &Map<String, Value>, keyword: &str) -> bool {
    part.get(keyword) == Some(&Value::Bool(true))
}

fn prefix(part: &Map<String, Value>) -> &[Value] {
    part.get("prefixItems")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn item(part: &Map<String, Value>, index: usize) -> &Value {
    prefix(part)
        .get(index)
        .or_else(|| part.get("items"))
        .unwrap_or(&ANYTHING)
}

/// How many items there are at least and at most.
fn items_of(part: &Map<String, Value>) -> [Option<u64>; 2] {
    let [least, most] = ["minItems", "maxItems"].map(|name| part.get(name).and_then(Value::as_u64));
    let only = (part.get("items") == Some(&Value::Bool(false))).then(|| prefix(part).len() as u64);
    [least, most.into_iter().chain(only).min()]
}

pub(super) fn members(part: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let members = part.get("properties").and_then(Value::as_object);
    members.into_iter().flatten()
}

fn declares(part: &Map<String, Value>, name: &str) -> bool {
    let members = part.get("properties").and_then(Value::as_object);
    members.is_some_and(|members| members.contains_key(name))
}

fn patterns(part: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let patterns = part.get("patternProperties").and_then(Value::as_object);
    patterns.into_iter().flatten()
}

fn required(part: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let names = part.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
}

/// Objects for which all of the parts hold.
struct Object<'b, 'a> {
    parts: &'b [&'a Map<String, Value>],
}

impl<'a> Object<'_, 'a> {
    fn requires(&self, name: &str) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| required(part).any(|required| required == name))
    }

    fn declares(&self, name: &str) -> bool {
        self.parts.iter().any(|part| declares(part, name))
    }

    fn declared(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.parts.iter().flat_map(|part| members(part))
    }

    fn has_patterns(&self) -> bool {
        self.parts
            .iter()
            .any(|part| part.contains_key("patternProperties"))
    }

    /// Schemas that all hold for a member; none if it is taken not to be there.
    fn member(&self, name: &str) -> Vec<&'a Value> {
        let mut schemas = Vec::new();
        for part in self.parts {
            let own = part.get("properties").and_then(|members| members.get(name));
            match own.or_else(|| part.get("additionalProperties")) {
                Some(Value::Bool(false)) if !part.contains_key("patternProperties") => {
                    return Vec::new();
                }
                Some(Value::Bool(false)) | None => {}
                Some(schema) => schemas.push(schema),
            }
        }
        if schemas.is_empty() && (self.has_patterns() || self.is_anything()) {
            schemas.push(&ANYTHING);
        }
        schemas
    }

    /// Whether nothing says that it is an object: it is a value of any form, and not a struct whose members are known.
    fn is_anything(&self) -> bool {
        let of_structs = ["type", "properties", "required"];
        let mut parts = self.parts.iter();
        parts.all(|part| !of_structs.iter().any(|keyword| part.contains_key(*keyword)))
    }

    /// Schemas that all hold for members that are not declared; none if there are no such members.
    fn others(&self) -> Vec<&'a Value> {
        let mut schemas = Vec::new();
        for part in self.parts {
            match part.get("additionalProperties") {
                Some(Value::Bool(false)) => return Vec::new(),
                Some(schema) => schemas.push(schema),
                None => {}
            }
        }
        if schemas.is_empty() && self.is_anything() {
            schemas.push(&ANYTHING);
        }
        schemas
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(sub: &Value, sup: &Value) -> bool {
        let none = Definitions::new();
        Inclusion::new(&none, &none).holds(sub, sup)
    }

    #[test]
    fn what_is_narrower_lies_within_what_is_wider() {
        let u8 = json!({"type": "integer", "minimum": 0, "maximum": 255});
        let u64 = json!({"type": "integer", "minimum": 0, "maximum": u64::MAX});
        let optional = json!({"type": ["integer", "null"], "minimum": 0, "maximum": 255});
        let number = json!({"type": "number"});
        let open = json!({"type": "object", "properties": {"a": u8}});
        let closed =
            json!({"type": "object", "properties": {"a": u8}, "additionalProperties": false});
        let both = json!({"type": "object", "properties": {"a": u8, "b": u8}, "required": ["a"], "additionalProperties": false});
        let map = json!({"type": "object", "additionalProperties": u8});
        for (narrow, wide) in [
            (&u8, &u64),
            (&u8, &optional),
            (&u64, &number),
            (&closed, &open),
            (&open, &closed),
            (&both, &open),
            (&closed, &map),
            (&u8, &json!(true)),
            (&json!(false), &u8),
            (&json!({"const": 7}), &u8),
            (&json!({"enum": ["a"]}), &json!({"type": "string"})),
            (
                &json!({"enum": ["a", "b"]}),
                &json!({"oneOf": [{"const": "b"}, {"const": "a"}]}),
            ),
            (
                &json!({"type": "boolean"}),
                &json!({"enum": [true, false, null]}),
            ),
            (
                &json!({"type": "array", "items": u8, "maxItems": 2}),
                &json!({"type": "array", "items": u64}),
            ),
            (
                &json!({"type": "array", "prefixItems": [u8, u8], "items": false, "minItems": 2}),
                &json!({"type": "array", "items": u64, "minItems": 1}),
            ),
            (
                &json!({"type": "string", "pattern": "a"}),
                &json!({"type": "string"}),
            ),
            (
                &json!({"allOf": [{"type": "object", "properties": {"a": u8}}, {"required": ["a"]}]}),
                &json!({"type": "object", "properties": {"a": u64}, "required": ["a"]}),
            ),
        ] {
            assert!(holds(narrow, wide), "{narrow} in {wide}");
        }
        for (wide, narrow) in [
            (&u64, &u8),
            (&optional, &u8),
            (&number, &u64),
            (&both, &closed),
            (&closed, &both),
            (&map, &closed),
            (&json!(true), &u8),
            (&json!({"const": 256}), &u8),
            (&json!({"type": "string"}), &json!({"enum": ["a"]})),
            (
                &json!({"type": "string"}),
                &json!({"type": "string", "pattern": "a"}),
            ),
            (
                &json!({"type": "array"}),
                &json!({"type": "array", "items": u8}),
            ),
            (
                &json!({"type": "array", "items": u8}),
                &json!({"type": "array", "items": u8, "uniqueItems": true}),
            ),
            (&open, &json!({"not": {"required": ["a"]}})),
        ] {
            assert!(!holds(wide, narrow), "{wide} in {narrow}");
        }
    }

    #[test]
    fn types_that_contain_themselves_are_compared_to_the_end() {
        let tree = |leaf: Value| {
            let mut definitions = Definitions::new();
            definitions.insert(
                "Tree".to_owned(),
                json!({"type": "object", "properties": {
                "leaf": leaf, "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}}),
            );
            // The same type under another name is the same.
            definitions.insert("Baum".to_owned(), json!({"$ref": "#/$defs/Tree"}));
            definitions
        };
        let (narrow, wide) = (
            tree(json!({"type": "integer"})),
            tree(json!({"type": "number"})),
        );
        let (root, renamed) = (
            json!({"$ref": "#/$defs/Tree"}),
            json!({"$ref": "#/$defs/Baum"}),
        );
        assert!(Inclusion::new(&narrow, &wide).holds(&root, &renamed));
        let mut inclusion = Inclusion::new(&wide, &narrow);
        assert!(!inclusion.holds(&root, &renamed));
        let differences = inclusion.differences(&root, &renamed);
        let [difference] = &differences[..] else {
            panic!("{differences:?}")
        };
        assert_eq!(difference.place, [Step::Member("leaf".to_owned())]);
    }

    #[test]
    fn types_that_contain_each_other_twice_take_no_longer_than_there_are_types() {
        let document = |last: &str| {
            let mut definitions = Definitions::new();
            for nth in 0..60 {
                let next = json!({"$ref": format!("#/$defs/T{}", nth + 1)});
                definitions.insert(
                    format!("T{nth}"),
                    json!({"type": "object", "properties": {"a": next, "b": next}}),
                );
            }
            definitions.insert("T60".to_owned(), json!({"type": last}));
            definitions
        };
        let (one, same, other) = (document("string"), document("string"), document("null"));
        let root = json!({"$ref": "#/$defs/T0"});
        assert!(Inclusion::new(&one, &same).holds(&root, &root));
        // There are 2^60 ways to the type, and each pair is told of once.
        let differences = Inclusion::new(&one, &other).differences(&root, &root).len();
        assert!((1..=2).contains(&differences), "{differences}");
    }
}
