//! The examples, with the same calls of the module and of the component.

use serde_json::json;

use super::{Call, built, call, check, check_native, component, err, error, ok, only, wide};

#[test]
fn every_example_is_a_component() {
    let block = json!({
        "sample_rate": 44100, "channels": 2, "frames": 1, "data": [[0.5], [-0.5]],
    });
    let typed_block = json!({
        "sample-rate": 44100, "channels": 2, "frames": 1,
        "data": [{"$f64": [0.5]}, {"$f64": [-0.5]}],
    });
    let stats = json!({
        "lines": 1, "words": 3, "characters": 7, "frequent": [{"word": "b", "count": 2}],
    });
    let typed_stats = json!({
        "lines": wide(1), "words": wide(3), "characters": wide(7),
        "frequent": [{"word": "b", "count": wide(2)}],
    });
    let examples: [(&str, Vec<Call>); 5] = [
        (
            "greeter",
            vec![
                call(
                    "greet",
                    (
                        json!({"name": "Ada"}),
                        json!({"message": "Hello, Ada!", "greeted": 1}),
                    ),
                    json!(["Ada", null]),
                    ok(json!({"message": "Hello, Ada!", "greeted": wide(1)})),
                ),
                call(
                    "greet",
                    (
                        json!({"name": ""}),
                        error("name_empty", "a name is needed to greet somebody"),
                    ),
                    json!(["", 2]),
                    err("name_empty", "a name is needed to greet somebody"),
                ),
                call("greeted", (json!({}), json!(1)), json!([]), ok(wide(1))),
                only(
                    "init",
                    json!([{"greeting": "Hi", "limit": wide(0)}]),
                    ok(json!(null)),
                ),
                only(
                    "greet",
                    json!(["Ada", 1]),
                    err(
                        "limit_reached",
                        "0 people have been greeted, which is enough",
                    ),
                ),
            ],
        ),
        (
            "guest-book",
            vec![
                call("last", (json!({}), json!(null)), json!([]), ok(json!(null))),
                call(
                    "greet",
                    (json!({"name": "Ada"}), json!("Hello, Ada!")),
                    json!(["Ada"]),
                    ok(json!("Hello, Ada!")),
                ),
                call(
                    "last",
                    (json!({}), json!("Ada")),
                    json!([]),
                    ok(json!("Ada")),
                ),
                only(
                    "$lines",
                    json!([]),
                    ok(json!(["info guest_book: greeting Ada"])),
                ),
            ],
        ),
        (
            "text-stats",
            vec![
                call(
                    "stats",
                    (json!({"text": "B, ä: b", "top": 1}), stats),
                    json!(["B, ä: b", 1, null]),
                    ok(typed_stats),
                ),
                only(
                    "count",
                    json!(["a b"]),
                    ok(json!({"$u64": ["1", "2", "3"]})),
                ),
            ],
        ),
        (
            "audio-filter",
            vec![
                only("start", json!([]), ok(json!(null))),
                only(
                    "process-audio",
                    json!([{"$f32": [0, 0]}]),
                    ok(json!({"$f32": [0, 0]})),
                ),
                Call {
                    command: "set_enabled",
                    native: Some((json!({"enabled": false}), json!(null))),
                    function: "set-enabled",
                    parameters: json!([false]),
                    outcome: ok(json!(null)),
                },
                only(
                    "process-audio",
                    json!([{"$f32": [0.5, -0.5]}]),
                    ok(json!({"$f32": [0.5, -0.5]})),
                ),
                Call {
                    command: "process_audio_json",
                    native: Some((block.clone(), block)),
                    function: "process-audio-json",
                    parameters: json!([[{"$f64": [0.5]}, {"$f64": [-0.5]}], 44100, 2, 1]),
                    outcome: ok(typed_block),
                },
                only("stop", json!([]), ok(json!(null))),
            ],
        ),
        (
            "rag",
            vec![
                only("list-dir", json!(["data"]), ok(json!(["a", "b"]))),
                only(
                    "read-file",
                    json!(["data/a", 3, null]),
                    ok(json!("tents of data/a")),
                ),
                only(
                    "index",
                    json!(["data"]),
                    ok(json!({
                        "files": 1, "passages": 1,
                        "skipped": [{"path": "data/b", "reason": "too_large"}],
                    })),
                ),
            ],
        ),
    ];
    for (example, calls) in examples {
        check_native(example, &calls);
        let folder = built("component", example, &[]);
        check(&component(&folder, "component", example), &calls);
    }
}
