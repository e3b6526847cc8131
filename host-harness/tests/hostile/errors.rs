//! Errors with a false address, length or form.

use super::*;

#[test]
fn an_error_out_of_bounds_is_distinguished_from_a_result() {
    assert_kind!(
        running(&Guest::answering(70_000, 10, true)),
        FailureKind::OutOfBounds {
            region: Region::Error,
            ..
        }
    );
}

#[test]
fn an_error_that_is_not_utf8_has_its_own_failure() {
    assert_kind!(
        running(&Guest::saying(b"\xf0\x28\x8c\x28", true)),
        FailureKind::NotUtf8 {
            region: Region::Error,
            valid_up_to: 0
        }
    );
}

#[test]
fn an_error_that_is_not_json_is_quoted() {
    let failure = assert_kind!(
        running(&Guest::saying(b"oops", true)),
        FailureKind::BadJson {
            region: Region::Error,
            ..
        }
    );
    assert!(failure.to_string().contains("oops"), "{failure}");
}

#[test]
fn an_error_without_a_code_is_bad_json() {
    assert_kind!(
        running(&Guest::saying(br#"{"message":"m"}"#, true)),
        FailureKind::BadJson {
            region: Region::Error,
            ..
        }
    );
}

#[test]
fn an_error_of_no_bytes_is_bad_json() {
    assert_kind!(
        running(&Guest::answering(0, 0, true)),
        FailureKind::BadJson {
            region: Region::Error,
            ..
        }
    );
}

#[test]
fn an_error_above_the_limit_is_not_decoded() {
    let mut plugin = Guest::answering(0, 1000, true)
        .builder()
        .max_result_bytes(999)
        .build()
        .unwrap();
    assert_kind!(
        plugin.call_raw("run", b"").unwrap_err(),
        FailureKind::ResultTooLarge {
            region: Region::Error,
            ..
        }
    );
}

#[test]
fn an_error_is_shown_without_terminal_escapes() {
    let json =
        br#"{"code":"a\u001b[31m","message":"\u001b]0;title\u0007\r\nline","source":["\u009b2J"]}"#;
    let failure = assert_kind!(running(&Guest::saying(json, true)), FailureKind::Plugin(_));
    assert_eq!(failure.code(), "a\x1b[31m", "programs get it as it is");
    for text in [
        failure.to_string(),
        format!("{failure:?}"),
        format!("{:?}", failure.kind()),
    ] {
        assert!(!text.contains(['\x1b', '\x07', '\r', '\u{9b}']), "{text:?}");
        assert!(text.contains("\\u{1b}]0;title"), "{text:?}");
    }
}

#[test]
fn a_long_error_is_shown_in_part() {
    let long = "x".repeat(40_000);
    let json = format!(r#"{{"code":"{long}","message":"{long}","details":"{long}"}}"#);
    let guest = Guest::answering(64, json.len() as u32, true);
    let guest = Guest {
        memory: r#"(memory (export "memory") 3)"#.to_owned(),
        ..guest
    }
    .with(&data(64, json.as_bytes()));
    assert!(running(&guest).to_string().len() < 10_000);
}
