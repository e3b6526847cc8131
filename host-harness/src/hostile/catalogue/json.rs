//! Results that are no JSON, or JSON that is hard on a decoder.

use crate::hostile::case::{Case, Expected};
use crate::hostile::draft::*;
use crate::hostile::guest::Guest;
use crate::hostile::outcome::Outcome;

/// A command whose result is these bytes, decoded as JSON.
fn says(
    name: &'static str,
    about: &'static str,
    text: impl Into<Vec<u8>>,
    expected: Expected,
) -> Case {
    let text = text.into();
    case(name, about)
        .guest(move || Guest::saying(&text, false))
        .decode(expected)
}

fn bad_json() -> Expected {
    bad_result("bad_json")
}

/// Expects a refusal here, although a decoder that takes it harms only itself.
fn either() -> Expected {
    bad_json().or(&[Outcome::Answers])
}

pub(super) fn cases() -> Vec<Case> {
    const DEPTH: usize = 30_000;
    let nested = |open: &str, inner: &str, close: &str| {
        [
            &open.repeat(DEPTH / open.len()),
            inner,
            &close.repeat(DEPTH / open.len()),
        ]
        .concat()
    };
    vec![
        says(
            "json-missing",
            "A result of no bytes is to be JSON.",
            "",
            bad_json().naming(&["call_raw"]),
        ),
        says(
            "json-not-utf8",
            "A string in the result has a byte that is not UTF-8.",
            b"\"ab\xff\"",
            bad_result("not_utf8"),
        ),
        says(
            "json-overlong-utf8",
            "A string in the result has an overlong form of `/`.",
            b"\"\xc0\xaf\"",
            bad_result("not_utf8"),
        ),
        says(
            "json-surrogate-in-utf8",
            "A string in the result has half of a surrogate pair as bytes.",
            b"\"\xed\xa0\x80\"",
            bad_result("not_utf8"),
        ),
        says(
            "json-lone-surrogate",
            "A string in the result escapes half of a surrogate pair.",
            br#""\ud800""#,
            either(),
        ),
        says(
            "json-broken-off",
            "The result ends in the middle of a string.",
            "\"ab",
            bad_json(),
        ),
        says(
            "json-trailing",
            "A second value follows the result.",
            "1 2",
            bad_json(),
        ),
        says(
            "json-with-a-zero-byte",
            "A zero byte follows the result.",
            "1\0",
            bad_json(),
        ),
        says(
            "json-byte-order-mark",
            "The result begins with a byte order mark.",
            b"\xef\xbb\xbf1",
            either(),
        ),
        says(
            "json-nan",
            "The result is `NaN`, which is not JSON.",
            "NaN",
            either(),
        ),
        says(
            "json-infinity",
            "The result is `-Infinity`, which is not JSON.",
            "-Infinity",
            either(),
        ),
        says(
            "json-raw-control-character",
            "A string in the result has an unescaped line feed.",
            "\"a\nb\"",
            either(),
        ),
        says(
            "json-number-out-of-range",
            "The result is a number beyond every 64-bit float.",
            "1e999999999",
            answers().or(&[Outcome::BadResult]).or_kind("bad_json"),
        ),
        says(
            "json-number-of-many-digits",
            "The result is a number of 60,000 digits.",
            "9".repeat(60_000),
            answers().or(&[Outcome::BadResult]).or_kind("bad_json"),
        ),
        says(
            "json-duplicate-keys",
            "An object in the result has a key twice.",
            r#"{"a":1,"a":2}"#,
            answers().or(&[Outcome::BadResult]),
        ),
        says(
            "json-prototype",
            "An object in the result has the keys `__proto__` and `constructor`.",
            r#"{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}"#,
            answers(),
        ),
        says(
            "json-unclosed-arrays",
            "The result opens 900 arrays and closes none.",
            "[".repeat(900),
            bad_json(),
        ),
        says(
            "json-deep-arrays",
            "The result is 30,000 arrays, each in another.",
            nested("[", "", "]"),
            either(),
        ),
        says(
            "json-deep-objects",
            "The result is 6000 objects, each in another.",
            nested(r#"{"a":"#, "1", "}"),
            either(),
        ),
        says(
            "json-many-objects",
            "The result is 8000 objects with a member of no name.",
            format!("[{}0]", r#"{"":0},"#.repeat(8000)),
            answers(),
        ),
        says(
            "json-escapes",
            "A string in the result has terminal escapes and bidirectional controls.",
            "\"\\u001b[2J\u{9b}2J\u{202e}\u{2066}\"",
            answers(),
        ),
    ]
}
