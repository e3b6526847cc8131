#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use clap::ValueEnum;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::Manifest;
use serde_json::json;

use super::{Lang, write};

/// Text that ends comments and literals of every language, and turns text around. Everything after
/// an end is not ASCII, unlike identifiers and literals.
const HOSTILE: &str = "*/ é \"\"\" é ''' é \" é ' é ` é \\ é \\u002a/ é ${é} {{ é }} {% é %} # é // é\n é \r é \u{2028} é \u{202e} é --> é";

/// Returns the source without comments and documentation.
fn code(source: &str, lang: Lang) -> String {
    let (comments, documentation) = match lang {
        Lang::Python => (vec![("#", "\n")], "\"\"\""),
        _ => (vec![("//", "\n"), ("/*", "*/")], "\0"),
    };
    let mut code = String::new();
    let mut rest = source;
    while let Some(character) = rest.chars().next() {
        let begun = comments.iter().find(|(begin, _)| rest.starts_with(begin));
        if let Some(inside) = rest.strip_prefix(documentation) {
            // Quotes within it are escaped.
            let (_, after) = inside.split_once(documentation).unwrap_or_default();
            rest = after;
        } else if let Some((begin, end)) = begun {
            let inside = rest.strip_prefix(begin).unwrap();
            rest = inside.split_once(end).map_or("", |(_, after)| after);
        } else if character == '"' {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, character)| {
                let is_end = *character == '"' && !escaped;
                escaped = *character == '\\' && !escaped;
                is_end
            });
            let (at, _) = end.unwrap();
            let (literal, after) = rest.split_at(at + 1);
            code.push_str(literal);
            rest = after;
        } else {
            code.push(character);
            rest = rest.split_at(character.len_utf8()).1;
        }
    }
    code
}

#[test]
fn a_plugin_without_an_id_has_a_client() {
    let manifest: Manifest = serde_json::from_value(json!({"abi": 1})).unwrap();
    let inspection = Inspection::of(b"\0asm\x01\0\0\0").unwrap();
    let paths = Lang::value_variants().iter().map(|lang| {
        let client = write(&manifest, &inspection, *lang).unwrap();
        client.files.into_iter().next().unwrap().path
    });
    let paths: Vec<String> = paths.collect();
    let expected = [
        "plugin.rs",
        "plugin.ts",
        "plugin.py",
        "plugin/plugin.go",
        "plugin/Plugin.java",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn text_of_a_plugin_stays_in_comments_and_literals() {
    let object = json!({"type": "object", "description": HOSTILE, "properties": {HOSTILE: {"description": HOSTILE, "type": "string"}}});
    let variants = json!({"description": HOSTILE, "oneOf": [
        {"type": "string", "enum": [HOSTILE]},
        {"description": HOSTILE, "type": "object", "properties": {"*/": object}, "required": ["*/"], "additionalProperties": false},
    ]});
    let tagged = json!({"oneOf": [{"type": "object", "properties": {HOSTILE: {"const": HOSTILE}}, "required": [HOSTILE]}, {"type": "object", "properties": {HOSTILE: {"const": "b"}}, "required": [HOSTILE]}]});
    let manifest: Manifest = serde_json::from_value(json!({
        "abi": 1, "id": "hostile", "name": HOSTILE, "version": HOSTILE, "description": HOSTILE,
        "permissions": [{"name": HOSTILE, "reason": HOSTILE}],
        "config": {"$ref": "#/$defs/hostile"},
        "commands": [
            {"name": "greet", "description": HOSTILE, "arguments": object, "result": variants, "errors": [{"code": HOSTILE, "description": HOSTILE}]},
            {"name": "tagged", "arguments": {"type": "object", "properties": {"a": tagged}}, "result": {"enum": [HOSTILE, "b"]}},
            {"name": "raw", "codec": "raw", "description": HOSTILE, "input": "f32"},
        ],
        "handles": [{"topic": HOSTILE, "description": HOSTILE}],
        "emits": [{"topic": HOSTILE, "description": HOSTILE}],
        "$defs": {"hostile": object},
    }))
    .unwrap();
    let wasm = wat::parse_str(
        "(module (import \"plugin_host\" \"kv_get\" (func)) (func (export \"plugin_event\")))",
    );
    let wasm = wasm.unwrap();
    let inspection = Inspection::of(&wasm).unwrap();
    for lang in Lang::value_variants() {
        let client = write(&manifest, &inspection, *lang).unwrap();
        for file in client.files {
            let turned = file
                .text
                .chars()
                .any(|c| matches!(c, '\u{2028}' | '\u{202e}' | '\r'));
            assert!(!turned, "{}", file.path);
            let code = code(&file.text, *lang);
            let line = code.lines().find(|line| !line.is_ascii());
            assert_eq!(line, None, "{}", file.path);
        }
    }
}
