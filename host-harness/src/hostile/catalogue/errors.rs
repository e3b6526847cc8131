//! Errors with a false address, length or form.

use crate::hostile::case::{Case, Expected};
use crate::hostile::draft::*;
use crate::hostile::guest::{Guest, data};
use crate::hostile::outcome::Outcome;

/// A command that fails with these bytes.
fn fails(
    name: &'static str,
    about: &'static str,
    text: impl Into<Vec<u8>>,
    expected: Expected,
) -> Case {
    let text = text.into();
    let guest = move || {
        let memory = r#"(memory (export "memory") 3)"#.to_owned();
        Guest {
            memory,
            ..Guest::answering(64, text.len() as u32, true)
        }
        .with(&data(64, &text))
    };
    case(name, about).guest(guest).runs(expected)
}

fn at(name: &'static str, about: &'static str, address: u32, len: u32) -> Case {
    case(name, about).guest(move || Guest::answering(address, len, true))
}

pub(super) fn cases() -> Vec<Case> {
    let bad_json = || bad_result("bad_json");
    let long = "x".repeat(40_000);
    vec![
        at(
            "error-outside-memory",
            "An error is outside memory.",
            70_000,
            10,
        )
        .runs(out_of_bounds().naming(&["error"])),
        at(
            "error-of-two-gibibytes",
            "An error has the greatest length that there is.",
            0,
            0x7fff_ffff,
        )
        .runs(out_of_bounds()),
        at("error-empty", "An error has no bytes.", 0, 0).runs(bad_json()),
        at(
            "error-above-the-limit",
            "An error has more bytes than the host decodes.",
            0,
            1000,
        )
        .limit(|limits| limits.result_bytes = 999)
        .runs(bad_result("result_too_large").naming(&["999"])),
        fails(
            "error-not-utf8",
            "An error is not UTF-8.",
            b"\xf0\x28\x8c\x28",
            bad_result("not_utf8"),
        ),
        fails(
            "error-not-json",
            "An error is not JSON.",
            "oops",
            bad_json().naming(&["oops"]),
        ),
        fails("error-null", "An error is `null`.", "null", bad_json()),
        fails(
            "error-without-a-code",
            "An error has no code.",
            r#"{"message":"m"}"#,
            bad_json(),
        ),
        fails(
            "error-with-a-number-as-code",
            "An error has a number as its code.",
            r#"{"code":1,"message":"m"}"#,
            bad_json(),
        ),
        fails(
            "error-with-two-codes",
            "An error has two codes.",
            r#"{"code":"a","code":"b","message":"m"}"#,
            bad_json().or(&[Outcome::ErrorValue]),
        ),
        fails(
            "error-with-deep-details",
            "An error's details are 20,000 arrays, each in another.",
            format!(
                r#"{{"code":"a","message":"m","details":{}{}}}"#,
                "[".repeat(20_000),
                "]".repeat(20_000)
            ),
            bad_json().or(&[Outcome::ErrorValue]),
        ),
        fails(
            "error-with-many-causes",
            "An error has 10,000 causes.",
            format!(
                r#"{{"code":"a","message":"m","source":[{}"z"]}}"#,
                r#""a","#.repeat(9999)
            ),
            error_value("a"),
        ),
        fails(
            "error-with-escapes",
            "An error has terminal escapes and bidirectional controls in all its texts.",
            "{\"code\":\"a\\u001b[31m\",\"message\":\"\\u001b]0;title\\u0007\\r\\nline\u{9b}2J\u{202e}\",\
             \"source\":[\"\\u009b2J\"]}",
            error_value("a\x1b[31m").naming(&["\\u{1b}]0;title"]),
        ),
        fails(
            "error-that-is-long",
            "An error's code, message and details have 40,000 bytes each.",
            format!(r#"{{"code":"{long}","message":"{long}","details":"{long}"}}"#),
            error_value("").naming(&["xxx"]),
        ),
        fails(
            "error-that-looks-like-the-hosts",
            "An error has a code of the host's own.",
            r#"{"code":"timeout","message":"m"}"#,
            error_value("timeout"),
        ),
    ]
}
