//! False descriptions of a plugin, and descriptions that are hard to read. A host that reads no
//! descriptions skips that step.

use serde_json::{Value, json};

use crate::hostile::case::{Case, Expected};
use crate::hostile::draft::*;
use crate::hostile::guest::{ECHO, Guest};
use crate::hostile::outcome::Outcome;

/// The manifest's section, with this text.
fn section(text: &[u8]) -> String {
    let escaped: String = text.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(r#"(@custom "plugin-sdk" "{escaped}")"#)
}

/// A plugin that works, with this section.
fn describes(
    name: &'static str,
    about: &'static str,
    text: impl Fn() -> Vec<u8> + Send + Sync + 'static,
    expected: Expected,
) -> Case {
    case(name, about)
        .guest(move || Guest::running(ECHO).with(&section(&text())))
        .describe(expected)
        .call("run", b"{}", answers_with(b"{}"))
}

/// The line that describes the plugin itself, with further members.
fn line(members: &Value) -> Vec<u8> {
    let mut line = json!({"abi": 1, "id": "hostile", "name": "Hostile", "version": "1.0.0"});
    if let (Some(line), Some(members)) = (line.as_object_mut(), members.as_object()) {
        line.extend(members.clone());
    }
    line.to_string().into_bytes()
}

fn command(arguments: &Value) -> Value {
    json!({"commands": [{"name": "run", "arguments": arguments, "result": true}]})
}

/// A command whose arguments are the first of some definitions.
fn defining(definitions: Value) -> Value {
    let mut line = command(&json!({"$ref": "#/$defs/d0"}));
    if let Some(line) = line.as_object_mut() {
        line.insert("$defs".to_owned(), definitions);
    }
    line
}

pub(super) fn cases() -> Vec<Case> {
    let bad = refused_unread;
    // A host that does not validate has nothing to refuse.
    let hard = || answers().or(&[Outcome::Refused]);
    let plain = || line(&json!({}));
    vec![
        describes(
            "manifest-empty",
            "The manifest has no bytes.",
            Vec::new,
            bad(),
        ),
        describes(
            "manifest-not-utf8",
            "The manifest is not UTF-8.",
            || b"{\"abi\":1,\"id\":\"\xff\"}".to_vec(),
            bad(),
        ),
        describes(
            "manifest-not-json",
            "The manifest is not JSON.",
            || b"id = hostile".to_vec(),
            bad(),
        ),
        describes(
            "manifest-array",
            "The manifest is an array.",
            || b"[1, \"hostile\"]".to_vec(),
            bad(),
        ),
        describes(
            "manifest-without-identity",
            "No line of the manifest describes the plugin itself.",
            || b"{\"commands\":[]}\n".to_vec(),
            bad(),
        ),
        describes(
            "manifest-of-two-plugins",
            "Two lines of the manifest describe a plugin.",
            move || [plain(), plain()].join(&b'\n'),
            bad(),
        ),
        describes(
            "manifest-of-version-2",
            "The manifest is for a later version of the ABI.",
            || br#"{"abi":2,"id":"hostile","name":"h","version":"1.0.0"}"#.to_vec(),
            bad(),
        ),
        describes(
            "manifest-of-many-lines",
            "The manifest has 2000 lines.",
            move || [plain(), b"{}\n".repeat(2000)].join(&b'\n'),
            bad(),
        ),
        describes(
            "manifest-deep",
            "The manifest has 30,000 arrays, each in another.",
            || {
                [
                    &b"{\"abi\":1,\"id\":\"hostile\",\"name\":\"h\",\"version\":\"1\",\"x\":"[..],
                    &b"[".repeat(30_000),
                    &b"]".repeat(30_000),
                    b"}",
                ]
                .concat()
            },
            bad().or(&[Outcome::Answers]),
        ),
        describes(
            "manifest-with-a-path-as-id",
            "The plugin's id is a path.",
            || br#"{"abi":1,"id":"../../etc/passwd","name":"h","version":"1.0.0"}"#.to_vec(),
            bad(),
        ),
        describes(
            "manifest-with-escapes",
            "All texts of the manifest have terminal escapes and bidirectional controls.",
            || {
                line(&json!({
                    "name": "\u{1b}[2J\u{202e}",
                    "description": "\u{9b}2J",
                    "authors": ["\u{1b}]0;a\u{7}"],
                }))
            },
            answers(),
        ),
        describes(
            "manifest-of-limits-without-end",
            "The plugin asks for the greatest limits that there are.",
            || {
                line(&json!({"limits": {
                    "memory_pages": 65_536,
                    "timeout_ms": u64::MAX,
                    "max_fuel": u64::MAX,
                }}))
            },
            answers().or(&[Outcome::Refused]),
        ),
        describes(
            "manifest-of-commands-that-do-not-exist",
            "The manifest describes 3000 commands that are not exported.",
            || {
                let commands: Vec<Value> = (0..3000)
                    .map(|n| json!({"name": format!("c{n}"), "arguments": true, "result": true}))
                    .collect();
                line(&json!({"commands": commands}))
            },
            answers(),
        ),
        describes(
            "manifest-of-a-command-twice",
            "The manifest describes a command twice.",
            || {
                let command = json!({"name": "run", "arguments": true, "result": true});
                line(&json!({"commands": [command, command]}))
            },
            bad(),
        ),
        case("manifest-twice", "There are two sections with a manifest.")
            .guest(|| {
                Guest::running(ECHO)
                    .with(&section(&line(&json!({}))))
                    .with(&section(&line(&json!({}))))
            })
            .describe(bad())
            .call("run", b"{}", answers_with(b"{}")),
        describes(
            "schema-that-is-endless",
            "A schema refers to itself.",
            || line(&defining(json!({"d0": {"$ref": "#/$defs/d0"}}))),
            hard(),
        ),
        describes(
            "schema-of-a-file",
            "A schema refers to a file and to a server.",
            || {
                line(&command(&json!({"anyOf": [
                    {"$ref": "file:///etc/passwd"},
                    {"$ref": "http://169.254.169.254/"},
                ]})))
            },
            bad(),
        ),
        describes(
            "schema-that-doubles",
            "Each of 40 definitions allows two forms of the next one.",
            || {
                let double = |n| {
                    let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
                    (
                        format!("d{n}"),
                        json!({"properties": {"p": {"anyOf": [next, next]}}}),
                    )
                };
                let last = ("d40".to_owned(), json!({"type": "string"}));
                let definitions: serde_json::Map<_, _> =
                    (0..40).map(double).chain([last]).collect();
                line(&defining(definitions.into()))
            },
            hard(),
        ),
        describes(
            "schema-that-hides-a-path",
            "Definitions whose names are paths hide 2^40 forms.",
            || {
                let double = |n| {
                    let next = json!({"$ref": format!("#/$defs/d{}/properties/p", n + 1)});
                    let hidden = (format!("d{n}/properties/p"), json!(true));
                    [
                        (
                            format!("d{n}"),
                            json!({"properties": {"p": {"anyOf": [next, next]}}}),
                        ),
                        hidden,
                    ]
                };
                let last = [
                    (
                        "d40".to_owned(),
                        json!({"properties": {"p": {"type": "string"}}}),
                    ),
                    ("d40/properties/p".to_owned(), json!(true)),
                ];
                let definitions: serde_json::Map<_, _> =
                    (0..40).flat_map(double).chain(last).collect();
                line(&defining(definitions.into()))
            },
            bad(),
        ),
        describes(
            "schema-of-many-patterns",
            "A schema has 2000 patterns, each of which takes much memory.",
            || {
                let patterns: serde_json::Map<_, _> = (0..2000)
                    .map(|n| (format!(".{{80}}{n}"), json!(true)))
                    .collect();
                line(&command(
                    &json!({"type": "object", "patternProperties": patterns}),
                ))
            },
            hard(),
        ),
        describes(
            "schema-of-a-slow-pattern",
            "A pattern takes exponential time in an engine that backtracks.",
            || {
                line(&command(
                    &json!({"properties": {"p": {"type": "string", "pattern": "^(a+)+$"}}}),
                ))
            },
            hard(),
        ),
        describes(
            "schema-of-many-items",
            "A schema asks for 10,000 items of 10,000 items of 10,000 items.",
            || {
                let many = |items| json!({"type": "array", "minItems": 10_000, "items": items});
                line(&command(
                    &json!({"properties": {"p": many(many(many(json!(true))))}, "required": ["p"]}),
                ))
            },
            hard(),
        ),
    ]
}
