//! Compares the SDK's JSON reader and writer with `serde_json`, on random values and on odd text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use plugin_sdk::json::{self, Arena};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

fn read<T: serde::de::DeserializeOwned>(text: &[u8]) -> Option<T> {
    json::read(text, &Arena::new()).ok()
}

fn write<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    json::write(value, &mut out).ok().map(|()| out)
}

/// One field for each kind of serde.
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

#[derive(Debug, Deserialize)]
#[serde(tag = "kind")]
enum LookedAt {
    A {
        float: f64,
        integer: i64,
        untagged: Untagged,
        #[serde(flatten)]
        rest: BTreeMap<String, f64>,
    },
}

/// `RawValue` in every possible place.
#[derive(Debug, Serialize, Deserialize)]
struct Raws<'a> {
    boxed: Box<RawValue>,
    #[serde(borrow)]
    borrowed: &'a RawValue,
    list: Vec<Box<RawValue>>,
    map: BTreeMap<String, Box<RawValue>>,
    maybe: Option<Box<RawValue>>,
    #[serde(borrow)]
    tuple: (&'a RawValue,),
    newtype: RawNewtype,
    variant: RawVariant,
}

#[derive(Debug, Serialize, Deserialize)]
struct RawNewtype(Box<RawValue>);

#[derive(Debug, Serialize, Deserialize)]
enum RawVariant {
    Raw(Box<RawValue>),
}

/// A key without an order.
#[derive(Debug, Deserialize)]
struct Float(f64);

/// The members of an object, one by one.
#[derive(Debug)]
struct Pairs<K>(Vec<(K, u8)>);

impl<'de, K: Deserialize<'de>> Deserialize<'de> for Pairs<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<K>(std::marker::PhantomData<K>);

        impl<'de, K: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<K> {
            type Value = Pairs<K>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Pairs<K>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Visitor(std::marker::PhantomData))
    }
}

fn nearest_single(text: &str) -> Option<f32> {
    text.parse().ok().filter(|number: &f32| number.is_finite())
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
    fn values_of_serde_json_are_read_back(value in value()) {
        let text = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(read::<Value>(&text), Some(value));
    }

    #[test]
    fn typed_values_of_serde_json_are_read_back(value in everything()) {
        // Not written like theirs: if numbers are text, `serde_json` reads no float in an untagged
        // enum.
        let text = serde_json::to_vec(&value).unwrap();
        prop_assert_eq!(read::<Everything>(&text), Some(value));
    }

    /// Cut, doubled and overwritten text: both readers accept the same, and read the same from it.
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

    /// Rounded once, like the standard library; `serde_json` reads an `f64` and rounds that.
    #[test]
    fn numbers_are_read_to_the_nearest_single(text in "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,19})?([eE][-+]?[0-9]{1,2})?") {
        prop_assert_eq!(read::<f32>(text.as_bytes()), nearest_single(&text));
    }

    /// Exactly between two of them, and one digit more or less.
    #[test]
    fn singles_are_rounded_once(bits in any::<u32>(), nudge in prop_oneof![Just(""), Just("1"), Just("0000000000000000000001")], below in any::<bool>()) {
        let single = f32::from_bits(bits);
        let next = f32::from_bits(bits.wrapping_add(1));
        prop_assume!(single.is_finite() && next.is_finite() && single.to_bits() != 0x8000_0000);
        let between = (f64::from(single) + f64::from(next)) / 2.0;
        let mut text = format!("{between:.200}");
        if below {
            text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
            text = format!("{text}{}", if text.contains('.') { nudge } else { "" });
        }
        prop_assert_eq!(read::<f32>(text.as_bytes()), nearest_single(&text));
    }

    #[test]
    fn numbers_of_any_length_are_kept_as_serde_json_keeps_them(text in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][-+]?[0-9]{1,3})?") {
        let theirs: Option<Number> = serde_json::from_str(&text).ok();
        let ours: Option<Number> = read(text.as_bytes());
        prop_assert_eq!(&ours, &theirs);
        prop_assert_eq!(read::<Value>(text.as_bytes()), serde_json::from_str(&text).ok());
        if let Some(ours) = &ours {
            prop_assert_eq!(write(ours), serde_json::to_vec(ours).ok());
        }
        let (nested, list): (_, Option<Vec<Option<Number>>>) = (format!("[{text},null]"), theirs.map(|theirs| vec![Some(theirs), None]));
        prop_assert_eq!(read::<Vec<Option<Number>>>(nested.as_bytes()), list);
    }

    /// With numbers as text or not, which another crate decides: serde buffers the value in a form
    /// of its own.
    #[test]
    fn numbers_are_read_where_serde_looks_first(float in finite(), integer in any::<i64>(), zeros in 0usize..4) {
        let mut digits = serde_json::to_string(&float).unwrap();
        if !digits.contains('e') {
            digits.push_str(&"0".repeat(zeros));
        }
        let text = format!(r#"{{"kind":"A","float":{digits},"integer":{integer},"untagged":{digits},"more":{digits}}}"#);
        let looked: Option<LookedAt> = read(text.as_bytes());
        let LookedAt::A { float: a, integer: b, untagged, rest } = looked.ok_or_else(|| TestCaseError::fail(text))?;
        prop_assert_eq!((a, b), (float, integer));
        prop_assert_eq!(untagged, Untagged::Number(float));
        prop_assert_eq!(rest.get("more"), Some(&float));
    }

    #[test]
    fn keys_are_read_as_serde_json_reads_them(key in "[-+ ]?[0-9]{0,6}(\\.[0-9])?(e[0-9]{1,2})?|[a-z]{0,4}|true|false|inf|NaN|-?[0-9]{17,22}|-?[0-9]{37,41}") {
        let text = format!("{{{}:1}}", serde_json::to_string(&key).unwrap());
        let text = text.as_bytes();
        macro_rules! agree {
            ($($key:ty)*) => {$(
                let theirs: Option<BTreeMap<$key, u8>> = serde_json::from_slice(text).ok();
                prop_assert_eq!(read(text), theirs, "{}", stringify!($key));
            )*};
        }
        agree!(u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 bool char String Colour Option<u8> Option<String> std::num::NonZeroU8);
        let floats = |map: Option<Vec<(Float, u8)>>| map.map(|map| map.into_iter().map(|(Float(key), _)| key).collect::<Vec<_>>());
        let theirs: Option<Pairs<Float>> = serde_json::from_slice(text).ok();
        let ours: Option<Pairs<Float>> = read(text);
        prop_assert_eq!(floats(ours.map(|pairs| pairs.0)), floats(theirs.map(|pairs| pairs.0)));
    }

    #[test]
    fn raw_values_go_through_as_they_are(value in value(), pretty in any::<bool>()) {
        let raw = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let text = format!(r#"{{"boxed": {raw}, "borrowed":{raw} ,"list":[{raw}, 1.50],"map":{{"a":{raw}}},"maybe":{raw},"tuple":[{raw}],"newtype":{raw},"variant":{{"Raw":{raw}}}}}"#);
        let arena = Arena::new();
        let ours: Raws<'_> = json::read(text.as_bytes(), &arena).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
        let theirs: Raws<'_> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        prop_assert_eq!(ours.boxed.get(), &raw);
        prop_assert_eq!(ours.borrowed.get(), &raw);
        let written = String::from_utf8(write(&ours).unwrap()).unwrap();
        prop_assert_eq!(&written, &serde_json::to_string(&theirs).unwrap());
        let boxed = format!(r#""boxed":{raw}"#);
        prop_assert!(written.contains(&boxed));
    }

    #[cfg(feature = "binary")]
    #[test]
    fn the_binary_codec_takes_raw_values_that_are_json(value in value(), other in any::<String>()) {
        let raw = serde_json::value::to_raw_value(&value).unwrap();
        let mut bytes = Vec::new();
        plugin_sdk::binary::write(&vec![&raw], &mut bytes).unwrap();
        let read: Vec<Box<RawValue>> = plugin_sdk::binary::read(&bytes).unwrap();
        prop_assert_eq!(read[0].get(), raw.get());
        let mut bytes = Vec::new();
        plugin_sdk::binary::write(&other, &mut bytes).unwrap();
        let sound = serde_json::from_str::<&RawValue>(&other).is_ok_and(|raw| raw.get() == other);
        prop_assert_eq!(plugin_sdk::binary::read::<Box<RawValue>>(&bytes).is_ok(), sound);
    }

    #[test]
    fn random_bytes_never_panic(text in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(read::<Value>(&text), serde_json::from_slice(&text).ok());
    }

    #[cfg(feature = "binary")]
    #[test]
    fn the_binary_codec_survives_a_round_trip(
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

#[test]
fn numbers_at_the_edges_are_read_digit_by_digit_or_refused() {
    macro_rules! edges {
        ($($type:ty: $($text:literal => $number:expr),+;)*) => {$($(
            assert_eq!(read::<$type>($text.as_bytes()), $number, "{} as {}", $text, stringify!($type));
        )+)*};
    }
    edges! {
        u64: "18446744073709551615" => Some(u64::MAX), "18446744073709551616" => None, "1e3" => None, "1.0" => None, "-0" => None;
        i64: "-9223372036854775808" => Some(i64::MIN), "-9223372036854775809" => None;
        u128: "340282366920938463463374607431768211455" => Some(u128::MAX), "340282366920938463463374607431768211456" => None, "-1" => None;
        i128: "-170141183460469231731687303715884105728" => Some(i128::MIN), "-170141183460469231731687303715884105729" => None;
        f64: "1e308" => Some(1e308), "1e309" => None, "9007199254740993" => Some(9007199254740992.0),
            "0.30000000000000004" => Some(0.1 + 0.2), "5e-324" => Some(5e-324), "1e-400" => Some(0.0);
        f32: "3.4028235e38" => Some(f32::MAX), "340282346638528859811704183484516925440" => Some(f32::MAX),
            "3.4028235677973367e38" => None, "1e39" => None, "1e-45" => Some(1e-45), "1e-46" => Some(0.0),
            "16777217" => Some(16777216.0), "0.1" => Some(0.1),
            // Rounded to the nearest `f64` first, it would be exactly between two and end at the
            // even one.
            "1.00000017881393432617187499" => Some(1.0000001), "1.00000017881393432617187501" => Some(1.0000002);
    }
    let negative_zero = read::<f64>(b"-0.0").map(f64::to_bits);
    assert_eq!(negative_zero, Some((-0.0f64).to_bits()));
    assert_eq!(
        read::<f32>(b"-0").map(f32::to_bits),
        Some((-0.0f32).to_bits())
    );
    assert_eq!(write(&-0.0f64).as_deref(), Some(&b"-0.0"[..]));
    assert_eq!(write(&u128::MAX), Some(u128::MAX.to_string().into_bytes()));
    assert_eq!(
        write(&(0.1 + 0.2)).as_deref(),
        Some(&b"0.30000000000000004"[..])
    );
    let exact = Value::from((1u64 << 53) + 1);
    assert_eq!(read::<Value>(b"9007199254740993"), Some(exact));
}

#[test]
fn a_number_that_is_not_finite_is_named_with_its_place() {
    #[derive(Serialize)]
    struct Sample {
        gain: f32,
        levels: Vec<f64>,
    }
    let words = |gain, level| {
        let sample = Sample {
            gain,
            levels: vec![0.5, level],
        };
        let mut out = Vec::new();
        let result = json::write(&sample, &mut out).map_err(|error| error.to_string());
        result.err().unwrap_or_default()
    };
    assert_eq!(words(1.0, 2.0), "");
    assert_eq!(
        words(f32::NAN, 2.0),
        "JSON has no number for NaN, found after `{\"gain\":`: make sure that the number is finite, or write an `Option` that is `None`"
    );
    assert!(
        words(1.0, f64::NEG_INFINITY)
            .contains(r#"-infinity, found after `{"gain":1.0,"levels":[0.5,`:"#)
    );
    assert!(json::write(&f64::INFINITY, &mut Vec::new()).is_err());
    let long = ("ü".repeat(40), f32::NAN);
    let error = json::write(&long, &mut Vec::new()).unwrap_err().to_string();
    assert!(
        error.contains("found after `…ü") && error.contains("ü\",`:"),
        "{error}"
    );
}
