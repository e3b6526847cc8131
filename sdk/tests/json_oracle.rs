//! The SDK's own JSON reader and writer against `serde_json`, on values and on text that nobody would write by hand.

use std::borrow::Cow;
use std::collections::BTreeMap;

use plugin_sdk::json::{self, Arena};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

fn read<T: serde::de::DeserializeOwned>(text: &[u8]) -> Option<T> {
    json::read(text, &Arena::new()).ok()
}

fn write<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    json::write(value, &mut out).ok().map(|()| out)
}

/// One of each of serde's kinds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    unit: (),
    yes: bool,
    bytes: (u8, i8),
    shorts: (u16, i16),
    words: (u32, i32),
    longs: (u64, i64),
    huge: (u128, i128),
    single: f32,
    double: f64,
    character: char,
    text: String,
    maybe: Option<Option<u8>>,
    many: Vec<Kind>,
    by_name: BTreeMap<String, i32>,
    by_number: BTreeMap<i64, bool>,
    by_kind: BTreeMap<Colour, u8>,
    newtype: Newtype,
    pair: Pair,
    internally: Internal,
    untagged: Untagged,
    #[serde(flatten)]
    flattened: Flattened,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    Newtype(i32),
    Tuple(i32, String),
    Struct { x: f64, y: Option<Box<Kind>> },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Colour {
    LightRed,
    Blue,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(u32);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Internal {
    A { number: i32 },
    B { text: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(f64),
    Text(String),
    List(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flattened {
    flat_number: i32,
    flat_text: String,
}

fn finite() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON has no infinities", |number| number.is_finite())
}

fn kind() -> impl Strategy<Value = Kind> {
    let leaf = prop_oneof![
        Just(Kind::Unit),
        any::<i32>().prop_map(Kind::Newtype),
        (any::<i32>(), any::<String>()).prop_map(|(x, y)| Kind::Tuple(x, y)),
    ];
    leaf.prop_recursive(4, 8, 1, |inner| {
        (finite(), proptest::option::of(inner.prop_map(Box::new)))
            .prop_map(|(x, y)| Kind::Struct { x, y })
    })
}

fn everything() -> impl Strategy<Value = Everything> {
    let scalars = (
        any::<bool>(),
        any::<(u8, i8)>(),
        any::<(u16, i16)>(),
        any::<(u32, i32)>(),
        any::<(u64, i64)>(),
        any::<(u128, i128)>(),
        any::<f32>().prop_filter("finite", |number| number.is_finite()),
        finite(),
        any::<char>(),
        any::<String>(),
    );
    let compounds = (
        proptest::option::of(any::<u8>()),
        prop::collection::vec(kind(), 0..4),
        prop::collection::btree_map(any::<String>(), any::<i32>(), 0..4),
        prop::collection::btree_map(any::<i64>(), any::<bool>(), 0..4),
        prop::collection::btree_map(
            prop_oneof![Just(Colour::LightRed), Just(Colour::Blue)],
            any::<u8>(),
            0..3,
        ),
        any::<u32>(),
        any::<(u8, String)>(),
        any::<String>(),
        finite(),
    );
    (scalars, compounds).prop_map(|(scalars, compounds)| {
        let (yes, bytes, shorts, words, longs, huge, single, double, character, text) = scalars;
        let (maybe, many, by_name, by_number, by_kind, newtype, pair, inner, number) = compounds;
        Everything {
            unit: (),
            yes,
            bytes,
            shorts,
            words,
            longs,
            huge,
            single,
            double,
            character,
            untagged: match text.len() % 3 {
                0 => Untagged::Text(text.clone()),
                1 => Untagged::Number(number),
                _ => Untagged::List(vec![1, 2, 3]),
            },
            flattened: Flattened {
                flat_number: words.1,
                flat_text: text.clone(),
            },
            text,
            maybe: maybe.map(Some),
            many,
            by_name,
            by_number,
            by_kind,
            newtype: Newtype(newtype),
            pair: Pair(pair.0, pair.1),
            internally: if yes {
                Internal::A { number: words.1 }
            } else {
                Internal::B { text: inner }
            },
        }
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        finite().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn values_are_written_as_serde_json_writes_them(value in value()) {
        prop_assert_eq!(write(&value), serde_json::to_vec(&value).ok());
    }

    #[test]
    fn types_are_written_as_serde_json_writes_them(value in everything()) {
        prop_assert_eq!(write(&value), serde_json::to_vec(&value).ok());
    }

    #[test]
    fn what_serde_json_wrote_is_read_back(value in value()) {
        let text = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(read::<Value>(&text), Some(value));
    }

    #[test]
    fn types_are_read_as_serde_json_reads_them(value in everything()) {
        let text = serde_json::to_vec(&value).unwrap();
        let theirs = serde_json::from_slice::<Everything>(&text).ok();
        prop_assert_eq!(read::<Everything>(&text), theirs);
    }

    /// Cut, doubled and overwritten: what one takes for JSON the other does, and both see the same in it.
    #[test]
    fn broken_text_is_refused_where_serde_json_refuses_it(
        value in value(),
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![Just(b'"'), Just(b'\\'), Just(b','), Just(b'}'), Just(b'0'), Just(b'-'), Just(b'.'), Just(b'e'), any::<u8>()],
        how in 0..3,
    ) {
        let mut text = serde_json::to_vec(&value).unwrap();
        let at = at.index(text.len());
        match how {
            0 => text.truncate(at),
            1 => text.insert(at, byte),
            _ => text[at] = byte,
        }
        prop_assert_eq!(read::<Value>(&text), serde_json::from_slice(&text).ok());
    }

    #[test]
    fn numbers_are_read_to_the_nearest_float(text in "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,19})?([eE][-+]?[0-9]{1,3})?") {
        prop_assert_eq!(read::<f64>(text.as_bytes()), serde_json::from_str(&text).ok());
    }

    #[test]
    fn random_bytes_never_panic(text in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(read::<Value>(&text), serde_json::from_slice(&text).ok());
    }

    #[cfg(feature = "binary")]
    #[test]
    fn the_binary_codec_reads_what_it_wrote(
        value in (any::<(u8, i16, u32, i64, u128)>(), any::<String>(), prop::collection::vec(kind(), 0..4), any::<Option<bool>>()),
    ) {
        let mut bytes = Vec::new();
        plugin_sdk::binary::write(&value, &mut bytes).unwrap();
        prop_assert_eq!(plugin_sdk::binary::read(&bytes).ok(), Some(value));
    }

    #[cfg(feature = "binary")]
    #[test]
    fn random_binary_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = plugin_sdk::binary::read::<(Vec<Kind>, Option<String>, BTreeMap<u8, char>)>(&bytes);
    }
}

#[test]
fn strings_with_escapes_can_be_borrowed() {
    #[derive(Deserialize)]
    struct Borrowing<'a> {
        plain: &'a str,
        escaped: &'a str,
        #[serde(borrow)]
        either: Cow<'a, str>,
    }
    let arena = Arena::new();
    let text = br#"{"plain":"a","escaped":"\u00e9\ud83d\ude00\n","either":"\t"}"#;
    let read: Borrowing<'_> = json::read(text, &arena).unwrap();
    assert_eq!((read.plain, read.escaped), ("a", "é😀\n"));
    assert!(matches!(read.either, Cow::Borrowed("\t")));
}

#[test]
fn nesting_ends_where_serde_json_ends_it() {
    for depth in [126, 127, 128, 129, 100_000] {
        let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let theirs: Option<Value> = serde_json::from_str(&text).ok();
        assert_eq!(read::<Value>(text.as_bytes()), theirs, "{depth} levels");
        assert_eq!(
            read::<serde::de::IgnoredAny>(text.as_bytes()).is_some(),
            theirs.is_some()
        );
    }
}

#[test]
fn a_map_with_other_keys_than_names_has_no_json() {
    let map = BTreeMap::from([(vec![1], 2)]);
    assert!(write(&map).is_none());
    assert!(serde_json::to_vec(&map).is_err());
}
