//! The host's JSON codec.

use std::fmt;

use plugin_sdk::json::Arena;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::failure::{FailureKind, Region};
use crate::text;

/// The largest excerpt of a text in a failure, in bytes.
const EXCERPT: usize = 160;

/// Appends a value as JSON. `()` and `None` become no bytes, which means no arguments.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T, text: &mut Vec<u8>) -> Result<(), String> {
    let before = text.len();
    plugin_sdk::json::write(value, text).map_err(|error| error.to_string())?;
    if text.get(before..) == Some(b"null") {
        text.truncate(before);
    }
    Ok(())
}

/// Decodes JSON that a guest wrote.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8], region: Region) -> Result<T, FailureKind> {
    let text = std::str::from_utf8(bytes).map_err(|error| FailureKind::NotUtf8 {
        region,
        valid_up_to: error.valid_up_to(),
    })?;
    serde_json::from_str(text).or_else(|error| {
        // If a crate of the host enables serde_json's `arbitrary_precision`, serde_json cannot read
        // a number in an enum with a tag. The SDK's reader can.
        plugin_sdk::json::read(bytes, &Arena::new())
            .map_err(|_| unexpected::<T>(text, region, &error))
    })
}

/// Any JSON, which is [decoded](decode) as strictly as a [`serde_json::Value`], and not kept.
pub(crate) struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Checked)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(Checked)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(Checked)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(Checked)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(Checked)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(Checked)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(Checked)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Checked>()?.is_some() {}
        Ok(Checked)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<Checked, Checked>()?.is_some() {}
        Ok(Checked)
    }
}

/// Decodes again, to find the path of the error.
#[cold]
fn unexpected<T: DeserializeOwned>(
    text: &str,
    region: Region,
    error: &serde_json::Error,
) -> FailureKind {
    let path =
        serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_str(text))
            .err()
            .map(|error| error.path().to_string())
            .filter(|path| path != ".");
    let reason = match path {
        Some(path) => format!("{path}: {error}"),
        None => error.to_string(),
    };
    FailureKind::BadJson {
        region,
        reason: text::from_str(&reason),
        excerpt: excerpt(text, error),
    }
}

/// Returns the text around the position of an error.
fn excerpt(text: &str, error: &serde_json::Error) -> String {
    let line_begins = match error.line() {
        0 | 1 => 0,
        line => text
            .match_indices('\n')
            .nth(line - 2)
            .map_or(0, |(at, _)| at + 1),
    };
    let place = (line_begins + error.column()).min(text.len());
    let from = match text.len() {
        0..=EXCERPT => 0,
        _ => text.floor_char_boundary(place.saturating_sub(EXCERPT / 2)),
    };
    let quoted = text::one_line(text.split_at(from).1, EXCERPT);
    if from > 0 {
        format!("…{quoted}")
    } else {
        quoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a build of this workspace, a crate enables `arbitrary_precision`.
    #[test]
    fn numbers_in_enums_with_a_tag_are_read_in_any_build() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        #[serde(tag = "kind")]
        enum Tagged {
            Length { metres: f64, count: u64 },
        }
        let text = br#"{"kind":"Length","metres":1.5,"count":18446744073709551615}"#;
        let expected = Tagged::Length {
            metres: 1.5,
            count: u64::MAX,
        };
        assert_eq!(decode::<Tagged>(text, Region::Result).unwrap(), expected);
    }

    fn reason<T: DeserializeOwned>(text: &[u8]) -> (String, String) {
        match decode::<T>(text, Region::Result) {
            Err(FailureKind::BadJson {
                reason, excerpt, ..
            }) => (reason, excerpt),
            Err(other) => (other_code(&other), String::new()),
            Ok(_) => ("decoded".to_owned(), String::new()),
        }
    }

    fn other_code(kind: &FailureKind) -> String {
        crate::Failure::load(kind.clone()).code().to_owned()
    }

    #[test]
    fn no_arguments_are_no_bytes() {
        fn encoded(value: &impl Serialize) -> String {
            let mut text = Vec::new();
            encode(value, &mut text).unwrap();
            String::from_utf8(text).unwrap()
        }
        assert_eq!(encoded(&()), "");
        assert_eq!(encoded(&None::<u8>), "");
        assert_eq!(encoded(&serde_json::json!({"a": null})), r#"{"a":null}"#);
    }

    #[test]
    fn wrong_types_are_reported_with_path_and_excerpt() {
        #[derive(serde::Deserialize)]
        struct Order {
            #[expect(dead_code, reason = "only decoded")]
            items: Vec<Item>,
        }
        #[derive(serde::Deserialize)]
        struct Item {
            #[expect(dead_code, reason = "only decoded")]
            price: u32,
        }
        let (reason, excerpt) = reason::<Order>(br#"{"items":[{"price":1},{"price":"x"}]}"#);
        assert!(
            reason.starts_with("items[1].price: invalid type: string \"x\", expected u32"),
            "{reason}"
        );
        assert!(excerpt.contains(r#"{"price":"x"}"#), "{excerpt}");
    }

    #[test]
    fn long_text_is_quoted_around_the_error_without_escapes() {
        let long = format!("[{}\x1b]", "1,".repeat(10_000));
        let (_, excerpt) = reason::<Vec<u8>>(long.as_bytes());
        assert!(excerpt.len() < 400 && excerpt.starts_with('…'), "{excerpt}");
        assert!(!excerpt.contains('\x1b'));
        let lines = "[\n".repeat(200);
        assert!(
            reason::<serde_json::Value>(lines.as_bytes())
                .0
                .contains("recursion limit")
        );
    }

    #[test]
    fn checked_json_is_refused_for_the_same_reasons_as_a_value() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        for text in [
            r#" {"a": [1, -2, 0.5, true, null, "\u00e9\n"], "a": {}} "#,
            r#"{"a": 1e400}"#,
            r#""\ud800""#,
            r#"{"a": 1"#,
            r#"{"a": 01}"#,
            "[1, 2] 3",
            "",
            &nested(127),
            &nested(128),
        ] {
            let text = text.as_bytes();
            assert_eq!(reason::<Checked>(text), reason::<serde_json::Value>(text));
        }
    }

    #[test]
    fn invalid_utf8_and_invalid_json_are_distinct_failures() {
        assert_eq!(reason::<String>(b"\"a\xff\"").0, "not_utf8");
        assert!(reason::<String>(b"").0.contains("EOF"));
    }
}
