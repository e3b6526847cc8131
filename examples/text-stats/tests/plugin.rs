//! Runs the plugin natively and in WebAssembly, on a real file.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plugin_sdk_harness::{Failure, Plugin};
use serde_json::{Value, json};
use text_stats::{Stats, TextStats};

/// Reads a real file for the plugin, which has no files.
fn readme() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    std::fs::read_to_string(path).unwrap()
}

#[plugin_sdk_harness::test(TextStats)]
fn a_real_file_has_as_many_lines_as_it_has(plugin: &mut Plugin) {
    let text = readme();
    let arguments = json!({"text": text, "top": 20, "min_length": 3});
    let found: Stats = plugin.call("stats", arguments).unwrap();
    assert_eq!(found.lines, text.lines().count() as u64);
    assert_eq!(found.frequent.len(), 20);
}

#[plugin_sdk_harness::test(TextStats)]
fn a_real_file_as_plain_bytes_gives_three_numbers(plugin: &mut Plugin) {
    let text = readme();
    let bytes = plugin.call_raw("count", text.as_bytes()).unwrap();
    let (numbers, rest) = bytes.as_chunks();
    let numbers: Vec<u64> = numbers.iter().copied().map(u64::from_le_bytes).collect();
    assert_eq!(numbers, text_stats::count(&text));
    assert!(rest.is_empty());
}

#[plugin_sdk_harness::test(TextStats)]
fn the_number_of_frequent_words_and_their_length_have_defaults(plugin: &mut Plugin) {
    let stats: Stats = plugin
        .call("stats", json!({"text": "f e d c b a"}))
        .unwrap();
    let words: Vec<&str> = stats.frequent.iter().map(|word| &*word.word).collect();
    assert_eq!(words, ["a", "b", "c", "d", "e"]);
}

#[plugin_sdk_harness::test(TextStats)]
fn invalid_text_is_refused_and_the_plugin_continues(plugin: &mut Plugin) {
    let failure = plugin.call_raw("count", b"caf\xe9").unwrap_err();
    assert_eq!(failure.code(), "invalid_argument");
    assert_eq!(plugin.call_raw("count", b"").unwrap(), [0; 24]);
}

#[plugin_sdk_harness::test(TextStats)]
fn an_invalid_argument_is_named(plugin: &mut Plugin) {
    let mut wrong = |arguments: Value| -> Failure {
        let stats = plugin.call::<Stats>("stats", arguments);
        stats.unwrap_err()
    };
    let details = |failure: &Failure| failure.plugin_error().unwrap().details().unwrap();

    let failure = wrong(json!({"text": 5}));
    assert_eq!(failure.code(), "invalid_argument");
    assert_eq!(details(&failure)["path"], "text");

    let failure = wrong(json!({"text": "a", "top": -1}));
    assert_eq!(failure.code(), "invalid_argument");
    assert_eq!(details(&failure)["path"], "top");
}
