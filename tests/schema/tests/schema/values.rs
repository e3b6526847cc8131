//! Values near the valid ones: a schema accepts everything that serde writes, and serde refuses
//! everything that a schema refuses.
//!
//! Conversely, serde refuses some values that no schema can exclude: an overflowing `Duration`, two
//! names of one field at once. And serde reads some forms that it never writes and that schemas
//! leave out, as the derive's documentation says. The test recognises them by comparing a value
//! with its rewritten form: structs as arrays, variants without content as objects, a variant's
//! number for its name, `{}` for nothing, repeated elements of sets.
//!
//! A tagged enum reads its floats through serde's buffer, where a number too large for an `f32`
//! becomes infinite. The schema refuses that number, and plugins cannot write the result. The test
//! leaves such values out.

use jsonschema::Validator;
use plugin_sdk::Schema;
use plugin_sdk::schema::{Direction, document};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::described::{
    converted, enums, flattened, further, generics, recursive, standard, structs, truer,
};

struct Subject {
    name: &'static str,
    samples: Vec<Value>,
    input: Validator,
    output: Validator,
    /// Reads a value, and writes the result. Some types can be read but not written.
    pass: fn(&Value) -> Option<Option<Value>>,
    /// Returns whether the plugins' reader accepts the text.
    read: fn(&[u8]) -> bool,
    /// Returns whether a float of the value that serde reads is infinite, so that plugins cannot
    /// write it.
    overflows: fn(&Value) -> bool,
}

fn validator<T: Schema>(direction: Direction) -> Validator {
    let schema: Value = serde_json::from_str(&document::<T>(direction)).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn subject<T: Schema + Serialize + DeserializeOwned>(
    name: &'static str,
    samples: Vec<Value>,
) -> Subject {
    Subject {
        name,
        samples,
        input: validator::<T>(Direction::In),
        output: validator::<T>(Direction::Out),
        pass: |value| {
            let read = serde_json::from_str::<T>(&value.to_string()).ok()?;
            Some(serde_json::to_value(read).ok())
        },
        read: |text| plugin_sdk::json::read::<T>(text, &plugin_sdk::json::Arena::new()).is_ok(),
        overflows: |value| {
            let read = serde_json::from_value::<T>(value.clone());
            read.is_ok_and(|read| {
                let written = plugin_sdk::json::write(&read, &mut Vec::new());
                written.is_err_and(|error| error.to_string().contains("infinity"))
            })
        },
    }
}

macro_rules! subjects {
    ($($type:ty: [$($sample:tt),+ $(,)?];)*) => {
        fn subjects() -> Vec<Subject> {
            vec![$(subject::<$type>(stringify!($type), vec![$(json!($sample)),+])),*]
        }
    };
}

subjects! {
    structs::Unit: [null];
    structs::Newtype: [4];
    structs::Pair: [[1, "a"]];
    structs::Nested: [{"point": {"x": 1, "y": 2.5, "name": "p"}, "points": [{"x": 1, "y": 1}], "perhaps": null}];
    structs::Renamed: [{"firstName": "a", "surname": "b", "type": 3}];
    structs::RenamedEachWay: [{"FirstName": "a", "read": true, "HalfRenamed": false}];
    structs::Defaults: [{}, {"number": 1, "text": "", "flag": true, "list": [1], "map": {"a": 1}, "perhaps": 3, "answer": -1}];
    structs::Strict: [{"a": 1}];
    structs::Skipping: [{"a": 1, "read_only": 2, "perhaps": 3, "list": [4]}];
    structs::PairSkipping: [[1, "a"]];
    structs::OfTransparent: [{"a": {"x": 1, "y": 1}, "b": [1], "c": 4}];
    structs::AllDefault: [{}, {"a": 1, "b": ""}];
    enums::UnitsRenamed: ["first_one", "2"];
    enums::UnitsDescribed: ["One", "Three"];
    enums::External: ["Unit", {"Newtype": 1}, {"Tuple": [1, "a"]}, {"Struct": {"a": 1}}, {"OfType": {"x": 1, "y": 2}}, {"NoPlaces": []}];
    enums::ExternalStrict: [{"first-one": {"someField": 1}}, {"second-one": {"SOME_FIELD": 2}}, "third-one"];
    enums::Internal: [{"type": "Unit"}, {"type": "Struct", "a": 1}, {"type": "OfType", "x": 1, "y": 2}, {"type": "Map", "a": 1}];
    enums::InternalStrict: [{"t": "Struct", "a": 1}, {"t": "OfType", "a": 1}];
    enums::Adjacent: [{"t": "Unit"}, {"t": "Newtype", "c": 1}, {"t": "Tuple", "c": [1, "a"]}, {"t": "Struct", "c": {"a": 1}}];
    enums::AdjacentStrict: [{"t": "newtype", "c": 1}, {"t": "struct", "c": {"a": 1}}];
    enums::Untagged: [null, 1, [1, 2], {"a": 1}, {"x": 1, "y": 2}, "text"];
    enums::PartlyUntagged: ["Unit", {"Tagged": 1}, "other"];
    enums::Skipping: [{"Kept": 1}, {"ReadOnly": 2}];
    enums::RenamedEachWay: ["ONE", {"TWO": 2}];
    standard::Integers: [{"a": 255, "b": 65535, "c": 4294967295u32, "d": 18446744073709551615u64, "e": 0, "f": -128, "g": -32768, "h": -2147483648, "i": (i64::MIN), "j": 0, "k": 1, "l": 1, "m": -1, "n": 0}];
    standard::Scalars: [{"a": true, "b": "é", "c": 1.5, "d": -2, "e": "", "f": null, "g": null, "h": 1}];
    standard::Sequences: [{"a": [1], "b": ["a"], "c": [1, 2], "d": ["a", "b"], "e": [1, 2, 3], "f": [], "g": [1], "h": [1, "a", [true]], "i": [], "j": [1, null], "k": [1, 2], "l": null}];
    standard::Maps: [{"a": {"a": 1}, "b": {"b": [1]}, "c": {"1": "a"}, "d": {"-1": "a"}, "e": {"One": 1}, "f": {"x": 1}, "g": null}];
    standard::Pointers: [{"a": 1, "b": "b", "c": "c", "d": 1, "e": "e", "f": 1, "g": null}];
    standard::Addresses: [{"a": "127.0.0.1", "b": "127.0.0.1", "c": "::1", "d": "[::1]:80", "e": "a/b"}];
    standard::Times: [{"a": {"secs": 1, "nanos": 2}, "b": {"secs_since_epoch": 1, "nanos_since_epoch": 2}, "c": {"start": 1, "end": 2}, "d": {"start": "a", "end": "b"}}];
    standard::Json: [{"a": [1, {"b": null}], "b": {"c": 1}, "c": 1.5, "d": null}];
    Result<u8, String>: [{"Ok": 1}, {"Err": "a"}];
    std::ops::Bound<u8>: ["Unbounded", {"Included": 1}, {"Excluded": 2}];
    generics::OfPages: [{"numbers": {"items": [1], "next": 1}, "texts": {"items": ["a"]}, "numbers_again": {"items": []}, "nested": {"items": [{"items": [true]}]}}];
    generics::OfEither: [{"a": {"Left": 1}, "b": {"Right": 2}}];
    flattened::OfStruct: [{"a": 1, "b": "b", "c": true}];
    flattened::OfMap: [{"c": true, "d": 1}];
    flattened::OfValues: [{"c": true, "d": [1]}];
    flattened::OfEnum: [{"c": true, "Number": 1}, {"c": true, "Text": {"text": "a"}}, {"c": false, "Nothing": null}];
    flattened::OfTagged: [{"c": true, "kind": "Big", "size": 1}, {"c": true, "kind": "Small"}];
    flattened::OfUntagged: [{"c": true, "a": 1}, {"c": true, "b": 1}];
    flattened::OfTwoEnums: [{"kind": "Small", "Number": 1}];
    flattened::OfOptionalEnum: [{"c": true}, {"c": true, "kind": "Small"}];
    flattened::OfStrict: [{"c": true, "a": 1}];
    flattened::StrictOfStruct: [{"c": true, "a": 1, "b": "b"}];
    flattened::StrictOfEnum: [{"c": true, "Number": 1}, {"c": true, "Nothing": null}];
    flattened::Deep: [{"a": 1, "c": true, "kind": "Small"}];
    recursive::Tree: [{"children": [{"children": [], "parent": null}], "parent": {"children": []}}];
    recursive::Folder: [{"entries": {"a": {"File": 1}, "b": {"Folder": {"entries": {}}}, "c": {"Link": {"to": {"File": 2}}}}}];
    recursive::Expression: [{"op": "Add", "left": {"op": "Literal", "value": 1}, "right": {"op": "Negate", "of": {"op": "Literal", "value": 1}}}];
    recursive::Json: [[1, {"a": [2]}]];
    recursive::OfLists: [{"numbers": {"head": 1, "tail": {"head": 2}}, "texts": {"head": "a", "tail": null}}];
    recursive::Branch<u8>: [{"entries": [{"Leaf": 1}, {"Branch": {"entries": []}}]}];
    converted::OfConverted: [{"a": {"text": "abc"}, "b": "7", "c": {"a": 1}}];
    converted::With: [{"a": "1", "b": ["x"]}];
    truer::Aliases: [{"name": "a", "more": 1}, {"title": "a"}, {"label": "a", "extra": 2}];
    truer::Named: ["One", "Eins", {"Two": 2}, {"Zwei": 2}];
    truer::NamedInside: [{"t": "One"}, {"t": "Eins", "a": 1}];
    truer::Others: ["One", "whatever"];
    truer::OthersInside: [{"t": "One", "a": 1}, {"t": "whatever", "b": 2}];
    truer::OthersBeside: [{"t": "One", "c": 1}, {"t": "whatever", "c": null}];
    truer::PerhapsBeside: [{"t": "Perhaps", "c": 1}, {"t": "Perhaps"}, {"t": "Nothing"}];
    truer::UnitStrict: [{"t": "Unit", "a": 1}, {"t": "Struct", "a": 1}];
    truer::UnitBesideStrict: [{"t": "Unit", "c": null}, {"t": "Unit"}, {"t": "Newtype", "c": 1}];
    truer::Opaque: [{"both": "7", "read": "8", "written": 9, "perhaps": "1"}];
    truer::ShortTuple: [[1, 2], [1], [1, 2, "c"]];
    truer::OpaqueVariant: [{"Number": "7"}];
    truer::Conditional: [{"a": 1}, {"a": 1, "b": 2}];
    further::Keys: [{"a": {"255": 1}, "b": {"-128": 1}, "c": {"7": 1}, "d": {"-7": 1}, "e": {"0": 1}, "f": {"0": 1}, "g": {"18446744073709551615": 1}, "h": {"-9223372036854775808": 1}, "i": {"340282366920938463463374607431768211455": 1}, "j": {"-1": 1}, "k": {"1": 1}, "l": {"-1": 1}, "n": {"é": 1}, "o": {"7": 1}, "p": {"7": 1}, "q": {"b": {"7": null}}}];
    further::Widened: [{"a": 7, "b": "-18446744073709551616", "c": {"t": "Struct", "a": 7, "b": 0.5}, "d": {"t": "Newtype", "c": "340282366920938463463374607431768211455"}, "e": 7, "part": 1, "more": 2}];
    further::Floats: [{"a": 1.5, "b": 1e300, "c": [0.1], "d": null, "e": [1, 2]}];
    further::ByNumber: [{"a": -1, "b": 7, "c": [1, 9], "d": {"0": 1, "-1": 2}}];
    further::Level: [(-1), 0, 7];
}

/// A change of one place in a value.
#[derive(Debug, Clone)]
enum Mutation {
    Replace(Value),
    Remove,
    Add(String, Value),
    Rename(String),
    Wrap,
    /// Copies another place here.
    Copy(prop::sample::Index),
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec![
            json!(0),
            json!(1),
            json!(-1),
            json!(255),
            json!(256),
            json!(65536),
            json!(4294967296u64),
            json!(-32769),
            json!(1.0),
            json!(0.5),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(1e300),
        ]),
        word().prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([1, 1])),
    ]
}

/// Words with a meaning to one type or another.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "", "a", "b", "c", "t", "One", "Eins", "Unit", "Struct", "Small", "whatever", "name",
        "title", "label", "7", "-7", "007", "é", "ab",
    ])
    .prop_map(str::to_owned)
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        3 => leaf().prop_map(Mutation::Replace),
        2 => Just(Mutation::Remove),
        2 => (word(), leaf()).prop_map(|(name, value)| Mutation::Add(name, value)),
        1 => word().prop_map(Mutation::Rename),
        1 => Just(Mutation::Wrap),
        1 => any::<prop::sample::Index>().prop_map(Mutation::Copy),
    ]
}

/// Collects pointers to all places in a value.
fn places(value: &Value, here: String, found: &mut Vec<String>) {
    match value {
        Value::Array(elements) => {
            for (nth, element) in elements.iter().enumerate() {
                places(element, format!("{here}/{nth}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(member, format!("{here}/{name}"), found);
            }
        }
        _ => {}
    }
    found.push(here);
}

fn mutate(value: &mut Value, at: &prop::sample::Index, mutation: &Mutation) {
    let mut found = Vec::new();
    places(value, String::new(), &mut found);
    let copied = match mutation {
        Mutation::Copy(from) => value.pointer(from.get::<String>(&found)).cloned(),
        _ => None,
    };
    let place = value.pointer_mut(at.get::<String>(&found)).unwrap();
    match mutation {
        Mutation::Replace(leaf) => *place = leaf.clone(),
        Mutation::Wrap => *place = json!([place.take()]),
        Mutation::Copy(_) => *place = copied.unwrap(),
        Mutation::Remove => match place {
            Value::Array(elements) => drop(elements.pop()),
            Value::Object(members) => {
                let first = members.keys().next().cloned();
                first.map(|first| members.remove(&first));
            }
            _ => *place = Value::Null,
        },
        Mutation::Add(name, leaf) => match place {
            Value::Array(elements) => elements.push(leaf.clone()),
            Value::Object(members) => drop(members.insert(name.clone(), leaf.clone())),
            _ => *place = leaf.clone(),
        },
        Mutation::Rename(name) => {
            if let Value::Object(members) = place
                && let Some(first) = members.keys().next().cloned()
                && let Some(member) = members.remove(&first)
            {
                members.insert(name.clone(), member);
            }
        }
    }
}

/// Returns whether a value was read in a form that is never written: see above.
fn is_another_form(read: &Value, written: &Value) -> bool {
    match (read, written) {
        // A struct as an array of its fields; what it converts into may be written in another form.
        (Value::Array(_), Value::Object(_) | Value::String(_)) => true,
        (Value::Object(_) | Value::Number(_), Value::String(_)) => true,
        (Value::Object(read), Value::Null) => read.is_empty(),
        (Value::Array(read), Value::Array(written)) => {
            let repeated = read
                .iter()
                .enumerate()
                .any(|(nth, element)| read[..nth].contains(element));
            (repeated && read.len() != written.len())
                || read
                    .iter()
                    .zip(written)
                    .any(|(read, written)| is_another_form(read, written))
        }
        (Value::Object(read), Value::Object(written)) => read.iter().any(|(name, read)| {
            // A member written under another name is found by its place.
            let written = written.get(name);
            written.is_some_and(|written| is_another_form(read, written))
        }),
        _ => false,
    }
}

#[test]
fn samples_are_valid() {
    if crate::not_run_where_numbers_are_text() {
        return;
    }
    for subject in subjects() {
        for sample in &subject.samples {
            let written = (subject.pass)(sample);
            assert!(
                written.is_some(),
                "{}: serde refuses {sample}",
                subject.name
            );
        }
    }
}

#[test]
fn only_the_schema_refuses_a_buffered_float_that_overflows() {
    if crate::not_run_where_numbers_are_text() {
        return;
    }
    let subjects = subjects();
    let widened = subjects
        .iter()
        .find(|subject| subject.name == "further::Widened")
        .unwrap();
    let mut value = widened.samples[0].clone();
    assert!(!(widened.overflows)(&value));
    value["c"]["b"] = json!(1e300);
    assert!((widened.read)(value.to_string().as_bytes()));
    assert!((widened.overflows)(&value));
    assert!(!widened.input.is_valid(&value));
}

#[test]
fn schemas_accept_and_refuse_what_serde_does() {
    if crate::not_run_where_numbers_are_text() {
        return;
    }
    let subjects = subjects();
    let case = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        prop::collection::vec((any::<prop::sample::Index>(), mutation()), 0..4),
    );
    let config = ProptestConfig {
        cases: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let refused = std::cell::Cell::new(0);
    proptest!(config, |((which, sample, mutations) in case)| {
        let subject = which.get(&subjects);
        let mut value = sample.get(&subject.samples).clone();
        for (at, mutation) in &mutations {
            mutate(&mut value, at, mutation);
        }
        let ours = (subject.read)(value.to_string().as_bytes());
        prop_assert_eq!(ours, (subject.pass)(&value).is_some(), "{}: {}", subject.name, value);
        if (subject.overflows)(&value) {
            return Ok(());
        }
        let valid = subject.input.is_valid(&value);
        refused.set(refused.get() + usize::from(!valid));
        if let Some(written) = (subject.pass)(&value) {
            if let Some(written) = &written {
                prop_assert!(
                    subject.output.is_valid(written),
                    "{}: serde writes {written}, which is not valid: {}",
                    subject.name,
                    subject.output.validate(written).unwrap_err(),
                );
            }
            prop_assert!(
                valid || written.is_some_and(|written| is_another_form(&value, &written)),
                "{}: serde reads {value}, which is not valid: {}",
                subject.name,
                subject.input.validate(&value).unwrap_err(),
            );
        }
    });
    // Schemas that refuse nothing would pass all of the above.
    assert!(
        refused.get() > 5_000,
        "only {} values were refused",
        refused.get()
    );
}
