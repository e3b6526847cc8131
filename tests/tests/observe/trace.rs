//! Trace events, as they happen.

use std::sync::mpsc::{self, Receiver};

use plugin_sdk_harness::{Outcome, Plugin, PluginBuilder, TraceKind};
use serde_json::{Value, json};

use super::{counting, observed};

/// A trace event, reduced to what is the same each time.
#[derive(Debug, PartialEq)]
struct Seen {
    direction: TraceKind,
    depth: u32,
    function: String,
    content: String,
    outcome: Option<Outcome>,
    timed: bool,
    line: String,
}

fn traced(builder: PluginBuilder) -> (Plugin, Receiver<Seen>) {
    let (send, seen) = mpsc::channel();
    let plugin = builder.trace(move |crossing| {
        let seen = Seen {
            direction: crossing.direction,
            depth: crossing.depth,
            function: crossing.function.to_owned(),
            content: crossing.content(),
            outcome: crossing.outcome,
            timed: crossing.duration.is_some(),
            line: crossing.to_string(),
        };
        send.send(seen).unwrap();
    });
    (plugin.build().unwrap(), seen)
}

#[test]
fn a_call_and_its_answer_are_shown_as_they_cross() {
    let (mut plugin, seen) = traced(observed());
    let init: Vec<Seen> = seen.try_iter().collect();
    assert_eq!(init.len(), 2);
    assert_eq!(init[0].line, "-> plugin_init");
    assert!(init[1].line.starts_with("<- plugin_init ok null ("));

    plugin
        .call::<Value>("greet", json!({"name": "Ada"}))
        .unwrap();
    let seen: Vec<Seen> = seen.try_iter().collect();
    let [call, answer] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!(call.direction, TraceKind::Call);
    assert_eq!((call.depth, call.outcome, call.timed), (0, None, false));
    assert_eq!(call.line, r#"-> greet {"name":"Ada"}"#);
    assert_eq!(answer.direction, TraceKind::Answer);
    assert_eq!(answer.function, "greet");
    assert_eq!(answer.content, r#"{"message":"Hello, Ada!","greeted":1}"#);
    assert_eq!((answer.outcome, answer.timed), (Some(Outcome::Ok), true));
}

#[test]
fn errors_traps_and_hooks_are_distinguished() {
    let (mut plugin, seen) = traced(observed());
    plugin
        .call::<Value>("greet", json!({"name": ""}))
        .unwrap_err();
    plugin.stop().unwrap_err();
    plugin.call::<Value>("panic", json!({})).unwrap_err();
    // A dead instance reports no events.
    plugin.call::<Value>("panic", json!({})).unwrap_err();
    let answers: Vec<Seen> = seen
        .try_iter()
        .filter(|seen| seen.direction == TraceKind::Answer)
        .skip(1)
        .collect();
    let shown: Vec<_> = answers
        .iter()
        .map(|seen| (&*seen.function, seen.outcome.unwrap()))
        .collect();
    assert_eq!(
        shown,
        [
            ("greet", Outcome::Error),
            ("plugin_stop", Outcome::Error),
            ("panic", Outcome::Trap)
        ]
    );
    assert!(answers[0].content.starts_with(r#"{"code":"nobody""#));
    assert!(
        answers[2].content.contains("as asked"),
        "{}",
        answers[2].line
    );
    assert!(!answers[2].line.contains('\n'));
}

#[test]
fn long_and_binary_values_are_truncated() {
    let (mut plugin, seen) = traced(observed());
    plugin.call_raw("echo", &[0xff; 100_000]).unwrap();
    plugin
        .call_raw("echo", "\x1b[2J".repeat(100).as_bytes())
        .unwrap();
    let seen: Vec<Seen> = seen.try_iter().skip(2).collect();
    for binary in &seen[..2] {
        assert!(binary.content.starts_with("0xffff"), "{binary:?}");
        assert!(binary.content.ends_with("… (100000 bytes)"), "{binary:?}");
    }
    assert!(seen.iter().all(|seen| seen.line.len() < 4000));
    assert!(seen.iter().all(|seen| !seen.line.contains('\x1b')));
}

#[test]
fn a_trace_shows_input_written_in_place_and_kept_from_before() {
    let (mut plugin, seen) = traced(observed());
    plugin
        .call_with("echo", 4, |buffer| buffer.copy_from_slice(b"abcd"))
        .unwrap();
    let echoed = plugin
        .call_with("echo", 4, |buffer| buffer[0] = b'A')
        .unwrap();
    assert_eq!(echoed, b"Abcd");
    let contents: Vec<String> = seen.try_iter().skip(2).map(|seen| seen.content).collect();
    assert_eq!(contents, ["abcd", "abcd", "Abcd", "Abcd"]);
}

#[test]
fn a_counting_plugin_shows_the_memory_left_by_each_call() {
    let (mut plugin, seen) = traced(counting());
    for _ in 0..3 {
        plugin.call::<Value>("lose", json!({})).unwrap();
    }
    let last = seen.try_iter().last().unwrap();
    assert!(
        last.line.ends_with(", heap +1 blocks +24 bytes)"),
        "{}",
        last.line
    );
}

#[test]
fn a_batch_is_shown_by_the_name_of_its_export() {
    let (mut plugin, seen) = traced(observed());
    plugin.call_many_raw("echo", ["a", "b"]).unwrap();
    let names: Vec<String> = seen.try_iter().skip(2).map(|seen| seen.function).collect();
    assert_eq!(names, ["batch_echo", "batch_echo"]);
}
