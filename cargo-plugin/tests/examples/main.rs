//! Tests of the tool on plugins that are built as their authors build them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod fuzz;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use plugin_sdk_harness::Source;
use support::{Folder, parsed};

/// Returns the folder of an example.
fn example(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("examples").join(name)
}

/// Returns a folder with the release build of an example.
fn built(name: &str) -> Folder {
    let built = Source::crate_dir(example(name))
        .profile("guest")
        .compile()
        .unwrap();
    Folder::new().with(&format!("{name}.wasm"), &built.wasm)
}

#[test]
fn the_greeter_is_called_by_flags_made_from_its_source() {
    let place = built("greeter");
    let run = |words: &[&str]| {
        let mut all = vec!["call", "greeter.wasm"];
        all.extend(words);
        place.run(&all)
    };
    assert_eq!(
        run(&["greet", "--name", "Ada", "--times", "2"]).good(),
        "{\"message\":\"Hello, Ada!\\nHello, Ada!\",\"greeted\":1}\n"
    );
    assert_eq!(
        run(&["--config", r#"{"greeting":"Hi"}"#, "greet", "--name", "Ada"]).good(),
        "{\"message\":\"Hi, Ada!\",\"greeted\":1}\n"
    );
    assert_eq!(run(&["greeted"]).good(), "0\n");
    assert_snapshot!("greeter", run(&["--help"]).good());
    assert_snapshot!("greeter-greet", run(&["greet", "--help"]).good());
    assert_snapshot!(
        "greeter-times",
        run(&["greet", "--name", "Ada", "--times", "300"]).bad(2)
    );
    assert_snapshot!("greeter-nobody", run(&["greet", "--name", ""]).bad(1));
    assert_snapshot!(
        "greeter-config",
        run(&["--config", r#"{"greting":"Hi"}"#, "greeted"]).bad(2)
    );
}

#[test]
fn a_denied_guest_book_names_the_grant_and_then_uses_a_file() {
    let place = built("guest-book");
    let call = |words: &[&str]| {
        let mut all = vec!["call", "guest-book.wasm"];
        all.extend(words);
        place.run(&all)
    };
    let denied = call(&["greet", "--name", "Ada"]);
    assert_snapshot!("guest-book-denied", denied.bad(1));
    let greeted = call(&[
        "--grant",
        "kv",
        "--kv",
        "book.redb",
        "greet",
        "--name",
        "Ada",
    ]);
    assert!(
        greeted.err.ends_with("INFO guest_book: greeting Ada\n"),
        "{}",
        greeted.err
    );
    assert_eq!(greeted.good(), "\"Hello, Ada!\"\n");
    assert_eq!(
        call(&["--grant", "kv", "--kv", "book.redb", "-r", "last"]).good(),
        "Ada\n"
    );
    let quiet = call(&[
        "--grant",
        "kv",
        "--log-level",
        "warn",
        "greet",
        "--name",
        "Ada",
    ]);
    assert_eq!(quiet.err, "");
}

#[test]
fn raw_commands_of_real_plugins_take_text_and_numbers() {
    let place = built("text-stats");
    let json = place.run(&[
        "--json",
        "call",
        "text-stats.wasm",
        "count",
        "--text",
        "one two\nthree\n",
    ]);
    assert_eq!(
        parsed(&json.good())["result"],
        serde_json::json!([2, 3, 14])
    );
    let stats = place.run(&[
        "call",
        "text-stats.wasm",
        "stats",
        "--text",
        "a b a",
        "--top",
        "1",
        "--min-length",
        "1",
    ]);
    assert_eq!(parsed(&stats.good())["frequent"][0]["word"], "a");

    // It filters only after it was started, as every host starts it.
    let place = built("audio-filter");
    let words = [
        "--json",
        "call",
        "--config",
        r#"{"filter_params":{"cutoff":20000}}"#,
        "audio-filter.wasm",
        "process_audio",
        "--numbers",
        "1,0",
    ];
    let filtered = parsed(&place.run(&words).good());
    assert_eq!(filtered["result"].as_array().unwrap().len(), 2);
    let uneven = place.run(&[
        "call",
        "audio-filter.wasm",
        "process_audio",
        "--numbers",
        "1",
    ]);
    assert!(uneven.bad(1).starts_with("error[uneven_block]"));
}

#[test]
fn a_project_is_built_and_compared_with_its_lock() {
    let place = Folder::new();
    let manifest = example("greeter").join("Cargo.toml");
    let manifest = manifest.to_str().unwrap();
    let lock = place.path().join("greeter.lock");
    let lock = lock.to_str().unwrap();
    let bench = |words: &[&str]| {
        let project = ["--manifest-path", manifest, "--profile", "guest"];
        let mut all = vec!["bench", "--lock-file", lock];
        all.extend(project.iter().chain(words));
        place.run(&all)
    };
    let locked = bench(&["--lock"]).good();
    assert!(locked.contains("| greet "), "{locked}");
    // Another process gives the same numbers.
    assert!(bench(&["--check"]).good().starts_with("✓ "));

    let changed = std::fs::read_to_string(lock)
        .unwrap()
        .replace("[case.greet]\nfuel = ", "[case.greet]\nfuel = 1");
    std::fs::write(lock, changed).unwrap();
    let check = bench(&["--check"]);
    assert_eq!(check.code, 1);
    assert!(check.out.starts_with("✗ greet: fuel 1"), "{}", check.out);
}

#[test]
fn fuel_with_random_numbers_and_hash_maps_repeats() {
    for guest in ["drawing", "services"] {
        let guests = example("..").join("tests/guests").join(guest);
        let built = Source::crate_dir(guests)
            .profile("guest")
            .compile()
            .unwrap();
        let place = Folder::new().with("guest.wasm", &built.wasm);
        let words = ["--json", "bench", "guest.wasm", "--time", "0"];
        let first = parsed(&place.run(&words).good());
        assert!(
            first["cases"]
                .as_array()
                .unwrap()
                .iter()
                .any(|case| case["host_calls"] != 0),
            "{first}"
        );
        for _ in 0..3 {
            assert_eq!(parsed(&place.run(&words).good()), first);
        }
    }
}
