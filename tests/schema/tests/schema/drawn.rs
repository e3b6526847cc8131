//! Draws values from the schema of a type, which the reader of the type must accept.

use std::cell::Cell;

use plugin_sdk::Schema;
use plugin_sdk::json::{self, Arena};
use plugin_sdk::schema::{Direction, document};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::described::{
    annotated, converted, enums, flattened, further, generics, recursive, standard, structs, truer,
};

/// Reads JSON, or returns the reason why it cannot.
type Read = fn(&str) -> Result<(), String>;

struct Drawer<'a> {
    document: &'a Value,
    choices: &'a [u32],
    at: usize,
    depth: usize,
}

/// A drawn value: the members of an object, or the text of anything else.
enum Drawn {
    Members(Vec<(String, String)>),
    Text(String),
}

impl Drawn {
    fn text(self) -> String {
        match self {
            Drawn::Text(text) => text,
            Drawn::Members(members) => {
                let members = members.into_iter();
                let members = members
                    .map(|(name, value)| format!("{}:{value}", Value::from(name)))
                    .collect::<Vec<_>>();
                format!("{{{}}}", members.join(","))
            }
        }
    }
}

const LEAVES: [&str; 10] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    r#""a""#,
    "[]",
    "{}",
    r#"[1,{"a":null}]"#,
    r#"{"b":[true]}"#,
];

const WORDS: [&str; 6] = ["", "a", "é\n\"", "One", "7", "a longer text"];

impl Drawer<'_> {
    fn choose(&mut self, among: usize) -> usize {
        self.at += 1;
        let choice = self.choices[self.at % self.choices.len()].rotate_left(self.at as u32);
        choice as usize % among.max(1)
    }

    fn pick<T: Clone>(&mut self, among: &[T]) -> Option<T> {
        let choice = self.choose(among.len());
        among.get(choice).cloned()
    }

    /// Returns `None` if no value exists, or no small one.
    fn value(&mut self, schema: &Value) -> Option<Drawn> {
        let members = match schema {
            Value::Bool(true) => {
                return self.pick(&LEAVES).map(|leaf| Drawn::Text(leaf.to_owned()));
            }
            Value::Object(members) => members,
            _ => return None,
        };
        self.depth += 1;
        let drawn = if self.depth > 40 {
            None
        } else {
            self.members(members)
        };
        self.depth -= 1;
        drawn
    }

    fn members(&mut self, schema: &Map<String, Value>) -> Option<Drawn> {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.document.pointer(reference.trim_start_matches('#'))?;
            return self.value(target);
        }
        if let Some(only) = schema.get("const") {
            return Some(Drawn::Text(only.to_string()));
        }
        if let Some(Value::Array(choices)) = schema.get("enum") {
            return self
                .pick(choices)
                .map(|choice| Drawn::Text(choice.to_string()));
        }
        let mut parts = Vec::new();
        for key in ["anyOf", "oneOf"] {
            if let Some(Value::Array(choices)) = schema.get(key) {
                parts.push(self.pick(choices)?);
            }
        }
        if let Some(Value::Array(all)) = schema.get("allOf") {
            parts.extend(all.iter().cloned());
        }
        let kind = match schema.get("type") {
            Some(Value::Array(kinds)) => self.pick(kinds)?,
            Some(kind) => kind.clone(),
            None => Value::Null,
        };
        let own = match kind.as_str() {
            None => None,
            Some("null") => Some(Drawn::Text("null".to_owned())),
            Some("boolean") => self
                .pick(&["true", "false"])
                .map(|text| Drawn::Text(text.to_owned())),
            Some("integer") if parts.is_empty() => Some(Drawn::Text(self.integer(schema)?)),
            Some("integer") => None,
            Some("number") => Some(Drawn::Text(self.number(schema)?)),
            Some("string") => Some(Drawn::Text(Value::from(self.string(schema)?).to_string())),
            Some("array") => Some(Drawn::Text(self.array(schema)?)),
            Some(_) => Some(Drawn::Members(self.object(schema)?)),
        };
        let mut drawn = own;
        for part in &parts {
            // A part that only names required members draws nothing.
            let is_bare = part
                .as_object()
                .is_some_and(|part| part.keys().all(|key| key == "required"));
            if is_bare {
                continue;
            }
            let part = self.value(part)?;
            drawn = Some(match (drawn, part) {
                (Some(Drawn::Members(mut members)), Drawn::Members(more)) => {
                    members.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
                    members.extend(more);
                    Drawn::Members(members)
                }
                (_, part) => part,
            });
        }
        match drawn {
            None if parts.is_empty() && schema.get("not").is_none() => {
                self.value(&Value::Bool(true))
            }
            drawn => drawn,
        }
    }

    fn limit(schema: &Map<String, Value>, key: &str) -> Option<i128> {
        let text = schema.get(key)?.to_string().replace("e+", "e");
        match text.as_str() {
            // Its digits are lost unless numbers are text, and it needs one bit more than there is.
            "3.402823669209385e38" | "3.4028236692093846e38" => None,
            "1.7014118346046923e38" => Some(i128::MAX),
            "-1.7014118346046923e38" => Some(i128::MIN),
            text => text.parse().ok(),
        }
    }

    fn integer(&mut self, schema: &Map<String, Value>) -> Option<String> {
        let (least, most) = (
            Self::limit(schema, "minimum"),
            Self::limit(schema, "maximum"),
        );
        let mut edges: Vec<String> = [0, 1, -1, 9_007_199_254_740_993, i128::from(i64::MIN)]
            .into_iter()
            .chain(least)
            .chain(most)
            .chain(least.and_then(|least| least.checked_add(1)))
            .filter(|number| {
                least.is_none_or(|least| *number >= least)
                    && most.is_none_or(|most| *number <= most)
            })
            .map(|number| number.to_string())
            .collect();
        if most.is_none() && schema.contains_key("maximum") {
            edges.push(u128::MAX.to_string());
        }
        self.pick(&edges)
    }

    fn number(&mut self, schema: &Map<String, Value>) -> Option<String> {
        let mut edges: Vec<String> = [
            "0",
            "-0.0",
            "0.30000000000000004",
            "1e308",
            "-5e-324",
            "9007199254740993",
            "1.50",
            "100000000000000000000",
            "12345678901234567890123.5",
        ]
        .map(str::to_owned)
        .to_vec();
        edges.extend(
            ["minimum", "maximum"]
                .into_iter()
                .filter_map(|key| Some(schema.get(key)?.to_string())),
        );
        self.pick(&edges)
    }

    fn string(&mut self, schema: &Map<String, Value>) -> Option<String> {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        match (text("format"), text("pattern")) {
            (Some("ip"), _) => self.pick(&["127.0.0.1", "::1"]).map(str::to_owned),
            (Some("ipv4"), _) => Some("127.0.0.1".to_owned()),
            (Some("ipv6"), _) => Some("::1".to_owned()),
            (_, Some(pattern)) => self.matching(pattern),
            _ if schema.get("maxLength") == Some(&1.into()) => {
                self.pick(&["é", "\n", "7"]).map(str::to_owned)
            }
            _ => self.pick(&WORDS).map(str::to_owned),
        }
    }

    fn matching(&mut self, pattern: &str) -> Option<String> {
        let seed: Vec<u8> = (0..32).map(|_| self.choose(256) as u8).collect();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
        let pattern = pattern.strip_prefix('^')?.strip_suffix('$')?;
        let strategy = proptest::string::string_regex(pattern).ok()?;
        Some(strategy.new_tree(&mut runner).ok()?.current())
    }

    fn array(&mut self, schema: &Map<String, Value>) -> Option<String> {
        let count = |key: &str| {
            schema
                .get(key)
                .and_then(Value::as_u64)
                .map(|count| count as usize)
        };
        let first = schema.get("prefixItems").and_then(Value::as_array);
        let least = count("minItems").unwrap_or_default();
        let most =
            count("maxItems")
                .unwrap_or(3)
                .min(if self.depth > 8 { least } else { least + 3 });
        let most = if schema.contains_key("uniqueItems") {
            most.min(1)
        } else {
            most
        };
        let length = least + self.choose(most.saturating_sub(least) + 1);
        let mut items = Vec::new();
        for nth in 0..length {
            let item = first
                .and_then(|first| first.get(nth))
                .or(schema.get("items"));
            items.push(self.value(item.unwrap_or(&Value::Bool(true)))?.text());
        }
        Some(format!("[{}]", items.join(",")))
    }

    fn object(&mut self, schema: &Map<String, Value>) -> Option<Vec<(String, String)>> {
        let map = |key: &str| schema.get(key).and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array);
        let is_required =
            |name: &String| required.is_some_and(|names| names.iter().any(|other| other == name));
        let mut members = Vec::new();
        for (name, schema) in map("properties").into_iter().flatten() {
            if is_required(name) || (self.depth < 8 && self.choose(2) == 0) {
                members.push((name.clone(), self.value(schema)?.text()));
            }
        }
        for (pattern, schema) in map("patternProperties").into_iter().flatten() {
            for _ in 0..self.choose(3) {
                let name = self.matching(pattern)?;
                let value = self.value(schema)?.text();
                members.retain(|(other, _)| *other != name);
                members.push((name, value));
            }
        }
        for key in ["additionalProperties", "unevaluatedProperties"] {
            if let Some(schema) = schema
                .get(key)
                .filter(|schema| **schema != Value::Bool(false))
            {
                let names = map("propertyNames").cloned().unwrap_or_default();
                let name = self.string(&names)?;
                if members.iter().all(|(other, _)| *other != name) && self.choose(2) == 0 {
                    members.push((name, self.value(schema)?.text()));
                }
            }
        }
        Some(members)
    }
}

fn owned<T: serde::de::DeserializeOwned>(text: &str) -> Result<(), String> {
    let read = json::read::<T>(text.as_bytes(), &Arena::new());
    read.map(drop).map_err(|fault| fault.to_string())
}

struct Subject {
    name: &'static str,
    document: Value,
    read: Read,
}

macro_rules! subjects {
    ($($type:ty),* $(,)?; $($borrowed:ident: $lent:ty),* $(,)?) => {
        fn subjects() -> Vec<Subject> {
            $(fn $borrowed(text: &str) -> Result<(), String> {
                let arena = Arena::new();
                let mut reader = json::Reader::new(text.as_bytes(), &arena);
                <$lent>::deserialize(&mut reader).map(drop).map_err(|fault| fault.to_string())
            })*
            vec![
                $(Subject {
                    name: stringify!($type),
                    document: described::<$type>(),
                    read: owned::<$type>,
                },)*
                $(Subject {
                    name: stringify!($lent),
                    document: described::<$lent>(),
                    read: $borrowed,
                },)*
            ]
        }
    };
}

fn described<T: Schema + ?Sized>() -> Value {
    serde_json::from_str(&document::<T>(Direction::In)).unwrap()
}

// These are left out: `Duration`, whose two numbers may overflow together; types whose text has a
// grammar beyond schemas (`SocketAddr`, `TryFrom`, authors' functions); and types with a field of
// two names, of which both may be drawn.
subjects! {
    (), bool, char, String, u8, i8, u16, i16, u32, i32, u64, i64, usize, isize, u128, i128, f32, f64, Box<str>, Vec<u8>, [u8; 3], (u8, String),
    Option<Option<u8>>, Value, serde_json::Number, std::net::IpAddr, std::ops::Range<u8>, std::ops::Bound<u8>, Result<u8, String>,
    structs::Unit, structs::Empty, structs::Newtype, structs::Pair, structs::NoPlaces, structs::Point, structs::Nested, structs::Described, structs::Renamed,
    structs::RenamedEachWay, structs::Defaults, structs::Strict, structs::Skipping, structs::PairSkipping, structs::OfTransparent, structs::AllDefault,
    enums::Units, enums::UnitsRenamed, enums::UnitsDescribed, enums::Alone, enums::AloneWithContent, enums::External, enums::ExternalStrict, enums::Internal,
    enums::InternalStrict, enums::InternalOfEnum, enums::Adjacent, enums::AdjacentStrict, enums::Untagged, enums::PartlyUntagged, enums::Skipping,
    enums::RenamedEachWay, enums::OfEnums,
    standard::Integers, standard::Wide, standard::Scalars, standard::Sequences, standard::Maps, standard::Pointers, standard::Json, standard::Marked<u8>,
    generics::Page<structs::Point>, generics::OfPages, generics::OfEither, generics::WithDefault, generics::Bounded<u8>,
    flattened::OfStruct, flattened::OfOption, flattened::OfMap, flattened::OfValues, flattened::OfJson, flattened::OfEnum, flattened::OfTagged,
    flattened::OfUntagged, flattened::OfTwoEnums, flattened::OfOptionalEnum, flattened::OfStrict, flattened::StrictOfStruct, flattened::StrictOfEnum,
    flattened::Deep, flattened::InVariant,
    recursive::Tree, recursive::Folder, recursive::Entry, recursive::Expression, recursive::Json, recursive::List<u8>, recursive::OfLists, recursive::Branch<u8>,
    converted::Cooked, truer::Others, truer::OthersInside, truer::OthersBeside, truer::PerhapsBeside, truer::UnitStrict, truer::UnitBesideStrict,
    truer::NamedInside, truer::Named, truer::ShortTuple, truer::Conditional, annotated::Age,
    further::Keys, further::BooleanKeys, further::Wides, further::External, further::Widened, further::Tagged, further::Beside, further::Untagged, further::Floats, further::Nested,
    further::Level, further::Place, further::ByNumber;
    lent: standard::Borrowed<'_>, inner: standard::Inner<'_>, text: &str, texts: Vec<&str>, map: std::collections::BTreeMap<&str, Option<&str>>,
}

#[cfg(feature = "raw_value")]
fn raws() -> Vec<Subject> {
    vec![
        Subject {
            name: "Raw",
            document: described::<further::Raw>(),
            read: owned::<further::Raw>,
        },
        Subject {
            name: "RawVariant",
            document: described::<further::RawVariant>(),
            read: owned::<further::RawVariant>,
        },
    ]
}

#[cfg(not(feature = "raw_value"))]
fn raws() -> Vec<Subject> {
    Vec::new()
}

#[test]
fn values_drawn_from_a_schema_are_readable() {
    if crate::not_run_where_numbers_are_text() {
        return;
    }
    let mut subjects = subjects();
    subjects.extend(raws());
    assert!(subjects.len() >= 100, "{}", subjects.len());
    let validators: Vec<_> = subjects
        .iter()
        .map(|subject| jsonschema::draft202012::new(&subject.document).unwrap())
        .collect();
    let config = ProptestConfig {
        cases: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let drawn: Vec<Cell<usize>> = subjects.iter().map(|_| Cell::new(0)).collect();
    let cases = (
        any::<prop::sample::Index>(),
        prop::collection::vec(any::<u32>(), 8..64),
    );
    proptest!(config, |((which, choices) in cases)| {
        let which = which.index(subjects.len());
        let subject = &subjects[which];
        let mut drawer = Drawer {
            document: &subject.document,
            choices: &choices,
            at: 0,
            depth: 0,
        };
        // Each part of a schema about one value is drawn alone, and the parts need not match.
        let text = drawer.value(&subject.document).map(Drawn::text);
        let fitting = text.filter(|text| {
            let value: Option<Value> = serde_json::from_str(text).ok();
            value.is_some_and(|value| validators[which].is_valid(&value))
        });
        if let Some(text) = fitting {
            drawn[which].set(drawn[which].get() + 1);
            let read = (subject.read)(&text);
            prop_assert!(read.is_ok(), "{}: {text} is valid, and refused: {}", subject.name, read.unwrap_err());
        }
    });
    for (subject, drawn) in subjects.iter().zip(&drawn) {
        assert!(
            drawn.get() > 20,
            "{}: only {} values were drawn",
            subject.name,
            drawn.get()
        );
    }
}
