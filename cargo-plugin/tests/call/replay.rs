//! `cargo plugin call --record` and `cargo plugin replay`.

use serde_json::{Value, json};

use crate::support::modules::running;
use crate::support::{Folder, parsed};

/// A plugin with a command that fails unless the random number is even, and one that draws one.
fn module(condition: &str) -> Vec<u8> {
    running(
        &format!(
            r#"(func (export "command_draw") (param i32 i32) (result i64)
                (drop (call $random (i32.const 64) (i32.const 8)))
                (if ({condition} (i32.load8_u (i32.const 64)) (i32.const 256)) (then unreachable))
                i64.const 0)"#
        ),
        None,
    )
}

fn recorded(condition: &str) -> (Folder, i32) {
    let place = Folder::new().with("dice.wasm", module(condition));
    let call = place.run(&["call", "--record", "kept/dice.json", "dice.wasm", "draw"]);
    (place, call.code)
}

#[test]
fn recorded_failure_replays_without_random_numbers_of_this_computer() {
    let (place, code) = recorded("i32.lt_u");
    assert_eq!(code, 1);
    let replay = place.run(&["replay", "kept/dice.json"]);
    let shown = replay.good();
    assert!(
        shown.contains("error[trap]: command `draw` trapped"),
        "{shown}"
    );
    assert!(
        shown.contains("the replay is the same, in all 5 steps"),
        "{shown}"
    );
    let json = parsed(&place.run(&["replay", "--json", "kept/dice.json"]).good());
    assert_eq!(
        (&json["same"], &json["replayed"]["code"]),
        (&json!(true), &json!("trap"))
    );
}

#[test]
fn successful_call_is_recorded_and_departs_with_another_module() {
    let (place, code) = recorded("i32.gt_u");
    assert_eq!(code, 0);
    place.run(&["replay", "kept/dice.json"]).good();
    let place = place.with("other.wasm", module("i32.lt_u"));
    let replay = place.run(&["replay", "--module", "other.wasm", "kept/dice.json"]);
    assert_eq!(replay.code, 1, "{}", replay.err);
    assert!(replay.out.contains("step 5 differs"), "{}", replay.out);
    assert!(
        replay.out.contains("replayed:\n  <- failure trap"),
        "{}",
        replay.out
    );
}

#[test]
fn another_plugin_and_a_file_that_is_none_are_named() {
    let greeter = |id: &str, rest: &str| {
        running(
            rest,
            Some(&json!({"abi": 1, "id": id, "name": "A", "version": "1.0.0"})),
        )
    };
    let draw = r#"(func (export "command_draw") (param i32 i32) (result i64) i64.const 0)"#;
    let place = Folder::new()
        .with("one.wasm", greeter("one", draw))
        .with("two.wasm", greeter("two", ""))
        .with("text.wasm", "(module)");
    place
        .run(&["call", "--record", "kept.json", "one.wasm", "draw"])
        .good();
    let other = place.run(&["replay", "--module", "two.wasm", "kept.json"]);
    assert_eq!(other.code, 1, "{}", other.err);
    assert!(
        other
            .out
            .contains("the record is of the plugin `one`, and this module is `two`"),
        "{}",
        other.out
    );
    let none = place
        .run(&["replay", "--module", "text.wasm", "kept.json"])
        .bad(3);
    assert!(none.contains("`text.wasm` is not a plugin"), "{none}");
}

#[test]
fn a_replay_ends_where_the_record_is_cut() {
    let many = r#"(func (export "command_many") (param i32 i32) (result i64) (local i32)
        (loop
            (drop (call $random (i32.const 64) (i32.const 8)))
            (local.set 2 (i32.add (local.get 2) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get 2) (i32.const 20000))))
        i64.const 0)"#;
    let place = Folder::new().with("many.wasm", running(many, None));
    let line = ["call", "--record", "kept.json", "many.wasm", "many"];
    place.run(&line).good();
    let shown = place.run(&["replay", "kept.json"]).good();
    assert!(shown.contains("the replay is the same"), "{shown}");
    let note = "the replay ends at the first of them that it needs";
    assert!(shown.contains(note), "{shown}");
    assert!(!shown.contains("error["), "{shown}");
}

#[test]
fn a_record_does_not_replace_the_plugin() {
    let (place, _) = recorded("i32.gt_u");
    let before = place.read("dice.wasm");
    let refused = place
        .run(&["call", "--record", "./dice.wasm", "dice.wasm", "draw"])
        .bad(3);
    assert!(refused.contains("names the plugin's own file"), "{refused}");
    assert_eq!(place.read("dice.wasm"), before);
}

#[cfg(unix)]
#[test]
fn a_capsule_replaces_files_only() {
    let (place, _) = recorded("i32.gt_u");
    let _socket = std::os::unix::net::UnixListener::bind(place.path().join("socket")).unwrap();
    let ran = place.run(&["call", "--record", "socket", "dice.wasm", "draw"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("it is not a file"), "{}", ran.err);
    assert!(!place.path().join("socket").is_file());
}

#[test]
fn a_crate_that_only_the_capsule_names_is_not_built() {
    let (place, _) = recorded("i32.lt_u");
    let mut capsule: Value = parsed(&String::from_utf8(place.read("kept/dice.json")).unwrap());
    let native = |capsule: &Value| {
        place.write("kept/dice.json", capsule.to_string());
        let ran = place.run(&["replay", "--native", "kept/dice.json"]);
        assert_eq!(ran.code, 3, "{}", ran.err);
        ran.err
    };
    let said = native(&capsule);
    assert!(said.contains("does not name the plugin's crate"), "{said}");
    capsule["module"]["crate_dir"] = "/somewhere/else".into();
    let said = native(&capsule);
    assert!(said.contains("names the crate /somewhere/else"), "{said}");
    assert!(said.contains("`--module /somewhere/else`"), "{said}");
}

#[test]
fn changed_or_missing_files_are_errors_with_a_hint() {
    let (place, _) = recorded("i32.lt_u");
    let place = place
        .with("dice.wasm", module("i32.gt_u"))
        .with("not.json", "{}")
        .with("more.json", "{\"format\": 1} x");
    let changed = place.run(&["replay", "kept/dice.json"]);
    assert_eq!(changed.code, 3);
    assert!(changed.err.contains("has changed since"), "{}", changed.err);
    assert!(
        changed.err.contains("`--module FILE` runs another build"),
        "{}",
        changed.err
    );
    for (file, reason) in [
        ("none.json", "cannot be used"),
        ("not.json", "this is not a capsule: missing field `format`"),
        ("dice.wasm", "this is not a capsule"),
        ("more.json", "trailing characters"),
    ] {
        let ran = place.run(&["replay", file]);
        assert_eq!(ran.code, 3, "{file}");
        assert!(ran.err.contains(reason), "{file}: {}", ran.err);
    }
    let failed: Value = parsed(&place.run(&["replay", "--json", "none.json"]).out);
    assert!(
        failed["error"]["message"]
            .as_str()
            .unwrap()
            .contains("none.json")
    );
}

#[test]
fn result_is_shown_even_if_the_call_cannot_be_recorded() {
    let place = Folder::new().with("dice.wasm", module("i32.gt_u"));
    let call = |file: &str| place.run(&["call", "--record", file, "dice.wasm", "draw"]);
    let shown = call("kept.json").good();
    place.write("file", "");
    let ran = call("file/within.json");
    assert_eq!((ran.code, ran.out), (3, shown));
    assert!(
        ran.err.contains("cannot write `file/within.json`"),
        "{}",
        ran.err
    );
}

#[test]
fn failure_that_cannot_be_recorded_says_so() {
    let place = Folder::new().with("dice.wasm", module("i32.lt_u"));
    place.write("file", "");
    let file = "file/within.json";
    let failed = place
        .run(&["call", "--record", file, "dice.wasm", "draw"])
        .bad(1);
    assert!(
        failed.contains("no capsule of it could be written: `file"),
        "{failed}"
    );
}

#[test]
fn replay_of_a_timeout_says_what_it_counts() {
    let functions = r#"(func (export "command_spin") (param i32 i32) (result i64)
        (loop (br 0)) unreachable)"#;
    let place = Folder::new().with("spins.wasm", running(functions, None));
    let line = "call --timeout 50ms --record kept.json spins.wasm spin";
    let line: Vec<_> = line.split(' ').collect();
    place.run(&line).bad(1);
    let shown = place.run(&["replay", "kept.json"]).good();
    for words in [
        "error[out_of_fuel]",
        "a replay counts instructions in place of the recorded time limit",
        "the replay is the same",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn replay_of_a_capsule_without_calls_is_refused() {
    let (place, _) = recorded("i32.gt_u");
    let mut capsule: Value = parsed(&String::from_utf8(place.read("kept/dice.json")).unwrap());
    capsule["transcript"]["steps"] = json!([]);
    place.write("kept/dice.json", capsule.to_string());
    let refused = place.run(&["replay", "kept/dice.json"]).bad(3);
    assert!(
        refused.contains("no call that a replay could compare"),
        "{refused}"
    );
}
