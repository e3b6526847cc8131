//! JSON, compared with `serde_json`.
//!
//! The first byte of an input selects a type; the rest is text. Both readers must accept the same
//! texts and read the same value, and both writers must write it as the same text.

use std::collections::BTreeMap;
use std::fmt::Debug;

use plugin_sdk::json::{self, Arena};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Verdict;
use crate::verdict::ensure;

/// A struct with members that may be missing, renamed or unknown.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    id: u64,
    #[serde(default)]
    is_paid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    items: Vec<Item>,
}

/// One variant of each form.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Item {
    Nothing,
    Named(String),
    Pair(i8, char),
    Priced { price: f64, more: Option<Box<Item>> },
}

/// A variant that is known only after the value has been buffered.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    Text { text: String },
    Flags { on: bool, others: Vec<Option<bool>> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Flag(bool),
    Text(String),
    Texts(Vec<String>),
    Map(BTreeMap<String, bool>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flattened {
    name: String,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    let Some((&selector, text)) = input.split_first() else {
        return Ok(());
    };
    macro_rules! select {
        ($($number:literal => $type:ty),* $(,)?; $($other:literal => $function:expr),* $(,)?) => {
            match selector & 31 {
                $($number => agree(text, read::<$type>(text)),)*
                $($other => $function(text),)*
                _ => agree(text, read::<Value>(text)),
            }
        };
    }
    select! {
        0 => u8, 1 => i8, 2 => u16, 3 => i32, 4 => u64, 5 => i64, 6 => u128, 7 => i128,
        8 => f64, 9 => char, 10 => bool, 11 => String, 12 => (), 13 => Option<u32>,
        14 => Vec<u16>, 15 => (u8, String, bool), 16 => BTreeMap<String, Value>,
        17 => BTreeMap<i64, bool>, 18 => Order, 19 => Item, 20 => Tagged, 21 => Untagged,
        22 => Flattened, 23 => Box<RawValue>, 24 => Vec<Option<f64>>;
        25 => single, 26 => skipped, 27 => borrowed, 28 => members,
    }
}

fn read<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    json::read(text, &Arena::new()).ok()
}

/// Reads by `serde_json`, which must not be lenient in strings that it skips: there, it accepts
/// bytes that are not UTF-8, and halves of surrogate pairs.
fn theirs<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Option<T> {
    let text = std::str::from_utf8(text).ok()?;
    serde_json::from_str(text)
        .ok()
        .filter(|_| has_whole_pairs(text))
}

/// Returns whether each escaped surrogate is one of a pair.
fn has_whole_pairs(text: &str) -> bool {
    let unit = |text: &str| u32::from_str_radix(text.strip_prefix('u')?.get(..4)?, 16).ok();
    let mut rest = text;
    while let Some((_, escape)) = rest.split_once('\\') {
        rest = escape.get(1..).unwrap_or_default();
        match unit(escape) {
            Some(0xd800..0xdc00) => {
                let low = escape
                    .get(5..)
                    .and_then(|low| unit(low.strip_prefix('\\')?));
                if !low.is_some_and(|low| (0xdc00..0xe000).contains(&low)) {
                    return false;
                }
                rest = escape.get(11..).unwrap_or_default();
            }
            Some(0xdc00..0xe000) => return false,
            _ => {}
        }
    }
    true
}

/// Compares the value that our reader returned, and how it is written, with `serde_json`.
fn agree<T: DeserializeOwned + Serialize + Debug>(text: &[u8], ours: Option<T>) -> Verdict {
    let theirs: Option<T> = theirs(text);
    // `Debug` shows the sign of a zero, and a NaN is equal to itself.
    let (read, expected) = (format!("{ours:?}"), format!("{theirs:?}"));
    ensure!(
        read == expected,
        "`{}` was read as {read} and not as {expected}",
        std::any::type_name::<T>()
    );
    let Some(value) = ours else { return Ok(()) };
    let mut written = Vec::new();
    let ours = json::write(&value, &mut written).ok().map(|()| written);
    same_text(ours, serde_json::to_vec(&value).ok())
}

fn same_text(ours: Option<Vec<u8>>, theirs: Option<Vec<u8>>) -> Verdict {
    let shown = |text: &Option<Vec<u8>>| {
        text.as_deref()
            .map(String::from_utf8_lossy)
            .map(String::from)
    };
    ensure!(
        ours == theirs,
        "written as {:?} and not as {:?}",
        shown(&ours),
        shown(&theirs)
    );
    Ok(())
}

/// Compares with the standard library, because `serde_json` rounds an `f32` twice.
fn single(text: &[u8]) -> Verdict {
    same_single(text, read::<f32>(text))
}

fn same_single(text: &[u8], ours: Option<f32>) -> Verdict {
    let theirs = theirs::<&RawValue>(text);
    let theirs = theirs.and_then(|text| text.get().parse().ok());
    // The standard library also reads names of numbers that are not in JSON.
    let theirs: Option<f32> = theirs.filter(|number: &f32| number.is_finite());
    ensure!(
        ours.map(f32::to_bits) == theirs.map(f32::to_bits),
        "read as {ours:?} and not as {theirs:?}"
    );
    Ok(())
}

fn skipped(text: &[u8]) -> Verdict {
    let ours = read::<IgnoredAny>(text).is_some();
    let theirs = theirs::<IgnoredAny>(text).is_some();
    ensure!(ours == theirs, "skipped: {ours}, by `serde_json`: {theirs}");
    Ok(())
}

/// Text that is borrowed from the input, or from the arena if it has escapes.
fn borrowed(text: &[u8]) -> Verdict {
    let arena = Arena::new();
    let ours: Option<Vec<&str>> = json::read(text, &arena).ok();
    let theirs: Option<Vec<String>> = theirs(text);
    let ours: Option<Vec<String>> =
        ours.map(|texts| texts.into_iter().map(str::to_owned).collect());
    ensure!(ours == theirs, "read as {ours:?} and not as {theirs:?}");
    Ok(())
}

/// Members that are passed on as text.
fn members(text: &[u8]) -> Verdict {
    let (arena, mut ours) = (Arena::new(), Vec::new());
    let walk = json::members(text, &arena, |name, value| {
        ours.push((name.to_owned(), value.to_owned()));
        Ok(())
    });
    let theirs: Option<Members> = theirs(text);
    let theirs = theirs.map(|Members(members)| members);
    let ours = walk.ok().map(|()| ours);
    ensure!(ours == theirs, "members {ours:?} instead of {theirs:?}");
    Ok(())
}

/// The members of an object, in order, also those with the same name.
struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push((name, value.get().to_owned()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_accepts_too_much_is_noticed() {
        assert_eq!(agree::<u8>(b"255", Some(255)), Ok(()));
        assert!(agree::<u8>(b"256", Some(255)).is_err());
        assert!(agree::<String>(b"\"\\ud800\"", Some("?".into())).is_err());
    }

    #[test]
    fn a_reader_that_accepts_too_little_is_noticed() {
        assert!(agree::<f64>(b"1e3", None).is_err());
    }

    #[test]
    fn the_sign_of_a_zero_is_compared() {
        assert_eq!(agree(b"-0.0", Some(-0.0)), Ok(()));
        assert!(agree(b"-0.0", Some(0.0)).is_err());
        assert!(same_single(b"-0.0", Some(0.0)).is_err());
    }

    #[test]
    fn a_number_that_is_rounded_twice_is_noticed() {
        let text = b"1.00000017881393432617187499";
        assert_eq!(same_single(text, Some(1.000_000_1)), Ok(()));
        assert!(same_single(text, Some(1.000_000_2)).is_err());
    }

    #[test]
    fn halves_of_pairs_are_found() {
        for whole in [
            "",
            "\\n",
            "\\ud83d\\ude00!",
            "\\\\ud800",
            "\\u00e9\\ud7ff\\ue000",
        ] {
            assert!(has_whole_pairs(whole), "{whole}");
        }
        for half in [
            "\\ud800",
            "\\ude00",
            "\\ud83d\\n",
            "\\ud83d\\ud83d",
            "\\\\\\udfff",
        ] {
            assert!(!has_whole_pairs(half), "{half}");
        }
    }

    #[test]
    fn a_writer_that_differs_is_noticed() {
        assert!(same_text(Some(b"1.0".to_vec()), Some(b"1".to_vec())).is_err());
        assert!(same_text(None, Some(b"1".to_vec())).is_err());
    }
}
