//! Tests of failure reports, with made-up kinds and contexts. Real ones are in
//! `tests/tests/failures.rs`.

use std::time::Duration;

use plugin_sdk::Error;

use super::*;
use crate::limits::Limits;

fn command(kind: FailureKind) -> Failure {
    Failure::new(kind, Stage::Command("sell".into()))
}

fn panic(message: &str) -> FailureKind {
    FailureKind::Panic(Panic {
        message: message.to_owned(),
        file: "shop/src/lib.rs".to_owned(),
        line: 12,
        column: 9,
    })
}

fn host_call(function: &str, outcome: Option<Result<String, String>>) -> HostCall {
    HostCall {
        function: function.to_owned(),
        arguments: vec!["key: \"stock\"".to_owned(), "limit: 3".to_owned()],
        outcome,
        duration: None,
    }
}

fn log_line(message: &str) -> LogLine {
    LogLine {
        level: log::Level::Warn,
        target: "shop::stock".to_owned(),
        message: message.to_owned(),
    }
}

/// Returns a panic with everything that a failure can have except a stack.
fn full() -> Failure {
    command(panic("sold out")).with_context(Context {
        host_calls: vec![
            host_call("kv.get", Some(Ok("\"none\"".to_owned()))),
            host_call("kv.set", Some(Ok(String::new()))),
            HostCall {
                duration: Some(Duration::from_millis(30)),
                ..host_call("http.send", Some(Err("permission_denied".to_owned())))
            },
            host_call("ai.chat", None),
        ],
        logs: vec![log_line("few left"), log_line("none left")],
        usage: Some(Usage {
            memory_bytes: Quota {
                used: 1_179_648,
                limit: 4 << 20,
            },
            fuel: Some(Quota {
                used: 1234,
                limit: 10_000,
            }),
            time: Some(Quota {
                used: Duration::from_millis(40),
                limit: Duration::from_secs(10),
            }),
        }),
        ..Context::default()
    })
}

#[test]
fn a_report_contains_the_whole_context_in_order() {
    insta::assert_snapshot!(full(), @r#"
    error[panic]: command `sell` panicked: sold out
    --> shop/src/lib.rs:12:9
     = note: the last calls to the host, latest last:
             kv.get(key: "stock", limit: 3) → "none"
             kv.set(key: "stock", limit: 3) → returned
             http.send(key: "stock", limit: 3) → error: permission_denied, after 30ms
             ai.chat(key: "stock", limit: 3) → did not return
     = note: the last lines of the log, latest last:
             WARN  shop::stock: few left
             WARN  shop::stock: none left
     = note: used 1.1 MiB of 4 MiB of memory, 1234 of 10000 fuel, 40ms of 10s
    "#);
}

#[test]
fn fuel_that_was_only_counted_has_no_limit_in_a_report() {
    let usage = Usage {
        memory_bytes: Quota {
            used: 1 << 20,
            limit: 4 << 20,
        },
        fuel: Some(Quota {
            used: 5930,
            limit: Limits::PLENTY_OF_FUEL,
        }),
        time: None,
    };
    let failure = command(panic("sold out")).with_context(Context {
        usage: Some(usage),
        ..Context::default()
    });
    let shown = failure.to_string();
    assert!(
        shown.contains("used 1 MiB of 4 MiB of memory, 5930 fuel"),
        "{shown}"
    );
}

#[test]
fn json_has_the_documented_members() {
    insta::assert_snapshot!(format!("{:#}", full().to_json()), @r#"
    {
      "kind": "panic",
      "code": "panic",
      "message": "command `sell` panicked: sold out",
      "command": "sell",
      "panic": {
        "message": "sold out",
        "file": "shop/src/lib.rs",
        "line": 12,
        "column": 9
      },
      "notes": [],
      "hint": null,
      "output": null,
      "backtrace": [],
      "host_calls": [
        {
          "function": "kv.get",
          "arguments": [
            "key: \"stock\"",
            "limit: 3"
          ],
          "outcome": {
            "returned": "\"none\""
          },
          "duration_ms": null
        },
        {
          "function": "kv.set",
          "arguments": [
            "key: \"stock\"",
            "limit: 3"
          ],
          "outcome": {
            "returned": ""
          },
          "duration_ms": null
        },
        {
          "function": "http.send",
          "arguments": [
            "key: \"stock\"",
            "limit: 3"
          ],
          "outcome": {
            "error": "permission_denied"
          },
          "duration_ms": 30
        },
        {
          "function": "ai.chat",
          "arguments": [
            "key: \"stock\"",
            "limit: 3"
          ],
          "outcome": null,
          "duration_ms": null
        }
      ],
      "logs": [
        {
          "level": "warn",
          "target": "shop::stock",
          "message": "few left"
        },
        {
          "level": "warn",
          "target": "shop::stock",
          "message": "none left"
        }
      ],
      "usage": {
        "memory_bytes": {
          "used": 1179648,
          "limit": 4194304
        },
        "fuel": {
          "used": 1234,
          "limit": 10000
        },
        "time_ms": {
          "used": 40,
          "limit": 10000
        }
      }
    }
    "#);
}

#[test]
fn plugin_errors_are_shown_alone_and_bounded_in_json() {
    let error = Error::new("sold_out", "there is none left")
        .with_details(&serde_json::json!({"item": "tea"}));
    let failure = command(FailureKind::Plugin(error)).with_context(Context {
        logs: vec![log_line("few left")],
        ..Context::default()
    });
    insta::assert_snapshot!(failure, @r#"
    error[sold_out]: command `sell` failed: there is none left
     |
     = note: details: {"item":"tea"}
    "#);
    let json = failure.to_json();
    assert_eq!(
        (&json["kind"], &json["code"]),
        (&"plugin".into(), &"sold_out".into())
    );
    assert_eq!(json["error"]["details"]["item"], "tea");
    assert_eq!(json["logs"][0]["message"], "few left");

    let long = "x".repeat(1 << 20);
    let error = Error::new(long.clone(), long.clone()).with_details(&long);
    assert!(
        command(FailureKind::Plugin(error))
            .to_json()
            .to_string()
            .len()
            < 20_000
    );
}

#[test]
fn failures_in_a_host_function_name_it() {
    let function = || "kv.get".to_owned();
    let kinds = [
        FailureKind::Timeout {
            limit: Duration::from_secs(10),
            during: Some(function()),
        },
        FailureKind::HostFunction {
            function: function(),
            error: Error::new("failed", "the disk is full"),
        },
        FailureKind::BadHostArgument {
            function: function(),
            reason: "`key` would be 100 bytes at address 0xfffa, but the memory has 65536 bytes"
                .to_owned(),
        },
    ];
    let reports = kinds.map(|kind| command(kind).to_string()).join("\n");
    insta::assert_snapshot!(reports, @r"
    error[timeout]: command `sell` took longer than 10s: it was in the host function `kv.get`
     |
     = help: `.timeout(duration)` allows more; a host function that waits should wait no longer than the call may take
    error[host_function]: command `sell` called the host function `kv.get`, which failed: the disk is full
     |
     = help: it has no result that could report the error to the plugin; return a `Result` from it
    error[bad_host_argument]: command `sell` called the host function `kv.get` with a bad argument: `key` would be 100 bytes at address 0xfffa, but the memory has 65536 bytes
     |
     = help: the functions that `#[host_functions]` makes for plugins cannot be called like this: is the import declared by hand, or for another version of the host?
    ");
}

#[test]
fn only_the_last_calls_and_lines_are_kept() {
    let failure = command(panic("p")).with_context(Context {
        host_calls: (0..100)
            .map(|nth| host_call(&format!("kv.{nth}"), None))
            .collect(),
        logs: (0..100).map(|nth| log_line(&nth.to_string())).collect(),
        ..Context::default()
    });
    assert_eq!(failure.host_calls().len(), 8);
    assert_eq!(failure.host_calls()[7].function, "kv.99");
    assert_eq!(failure.logs().len(), 16);
    assert_eq!(failure.logs()[15].message, "99");
}

#[test]
fn guest_text_is_filtered_and_bounded() {
    let nasty = format!("\x1b]0;title\x07\u{202e}{}", "y".repeat(100_000));
    let failure = command(FailureKind::HostFunction {
        function: nasty.clone(),
        error: Error::new(nasty.clone(), nasty.clone()).with_details(&nasty),
    })
    .with_context(Context {
        host_calls: vec![HostCall {
            function: nasty.clone(),
            arguments: vec![nasty.clone()],
            outcome: Some(Err(nasty.clone())),
            duration: None,
        }],
        logs: vec![LogLine {
            target: nasty.clone(),
            ..log_line(&nasty)
        }],
        ..Context::default()
    });
    let texts = |json: &serde_json::Value| {
        let mut texts = vec![failure.to_string(), failure.colored().to_string()];
        let mut rest = vec![json];
        while let Some(value) = rest.pop() {
            match value {
                serde_json::Value::String(text) => texts.push(text.clone()),
                serde_json::Value::Array(items) => rest.extend(items),
                serde_json::Value::Object(members) => rest.extend(members.values()),
                _ => {}
            }
        }
        texts
    };
    for text in texts(&failure.to_json()) {
        assert!(!text.contains(['\x07', '\u{202e}']), "{:.200}", text);
        assert!(!text.contains("\x1b]"), "{:.200}", text);
        assert!(text.len() < 20_000, "{}", text.len());
    }
}

#[test]
fn colours_on_request_leave_the_text_unchanged() {
    let colored = full().colored().to_string();
    assert!(colored.starts_with("\x1b["), "{colored:?}");
    let mut plain = String::new();
    let mut rest = colored.as_str();
    while let Some((before, escape)) = rest.split_once('\x1b') {
        plain.push_str(before);
        rest = escape.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    assert_eq!(plain, full().to_string());
}

#[test]
fn memory_hints_stay_within_the_addressable_maximum() {
    let failure = |requested| {
        command(FailureKind::OutOfMemory {
            requested,
            limit: 64 << 20,
        })
    };
    assert!(
        failure(4 << 30)
            .hint()
            .unwrap()
            .contains("`.memory_pages(65536)`")
    );
    assert!(
        failure((4 << 30) + 1)
            .hint()
            .unwrap()
            .contains("no plugin can have more")
    );
}
