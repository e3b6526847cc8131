//! CIS, emulated after its README (`docs/hosts/cis.md`): a guest written by hand after the README's
//! C example, mistakes of such guests, and real plugins.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use plugin_sdk_harness::hosts;
use plugin_sdk_harness::{Failure, Plugin, PluginBuilder, Source};
use serde_json::{Value, json};

/// The README's example in the text format: every command remembers a value, reads it, forgets it
/// and logs a line. Its result is the value that it read.
struct Skill {
    imports: &'static str,
    malloc: &'static str,
    log: &'static str,
    /// The result of `skill_execute`; `$found` is the result of `host_memory_get`.
    answer: &'static str,
    fields: &'static str,
}

const IMPORTS: &str = r#"
    (import "env" "host_memory_get" (func $get (param i32 i32) (result i64)))
    (import "env" "host_memory_set" (func $set (param i32 i32 i32 i32) (result i32)))
    (import "env" "host_memory_delete" (func $delete (param i32 i32) (result i32)))
    (import "env" "host_ai_chat" (func $chat (param i32 i32) (result i64)))
    (import "env" "host_log" (func $log (param i32 i32 i32)))
    (import "env" "host_http_post" (func $post (param i32 i32 i32 i32) (result i64)))"#;

impl Skill {
    fn new() -> Self {
        Skill {
            imports: IMPORTS,
            malloc: r#"(func (export "malloc") (param $size i32) (result i32) (local $at i32)
                (local.set $at (global.get $top))
                (global.set $top (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -8)))
                (local.get $at))"#,
            log: "(call $log (i32.const 1) (i32.const 96) (i32.const 16))",
            answer: "(local.get $found)",
            fields: "",
        }
    }

    fn builder(&self) -> PluginBuilder {
        let Skill {
            imports,
            malloc,
            log,
            answer,
            fields,
        } = self;
        let wat = format!(
            r#"(module {imports} (memory (export "memory") 1) (global $top (mut i32) (i32.const 4096))
            (data (i32.const 64) "my_key") (data (i32.const 80) "my_value") (data (i32.const 96) "Hello from WASM!")
            (func (export "skill_init"))
            (func (export "skill_execute") (param i32 i32 i32 i32) (result i64) (local $found i64)
                (if (call $set (i32.const 64) (i32.const 6) (i32.const 80) (i32.const 8)) (then (return (i64.const 0))))
                (local.set $found (call $get (i32.const 64) (i32.const 6)))
                (drop (call $delete (i32.const 64) (i32.const 6)))
                {log} {answer})
            (func (export "skill_shutdown")) {fields}
            {malloc} (func (export "free") (param i32)))"#
        );
        Plugin::builder(Source::wat(wat))
    }

    /// Returns the outcome of a command and the skill's cleanup after it.
    fn run(&self) -> Result<Vec<u8>, Failure> {
        let mut plugin = self.builder().grant("kv").build_for(hosts::cis())?;
        let answer = plugin.call_raw("example", b"{}")?.to_vec();
        plugin.finish()?;
        Ok(answer)
    }
}

#[test]
fn the_readmes_example_stores_reads_and_logs() {
    let mut plugin = Skill::new()
        .builder()
        .grant("kv")
        .build_for(hosts::cis())
        .unwrap();
    assert_eq!(plugin.call_raw("example", b"{}").unwrap(), b"my_value");
    assert!(plugin.services().logs().contains("Hello from WASM!"));
    assert_eq!(plugin.services().kv().get::<String>("my_key"), None);
    plugin.finish().unwrap();
}

#[test]
fn a_denied_call_fails_like_any_other() {
    let mut plugin = Skill::new().builder().build_for(hosts::cis()).unwrap();
    let failure = plugin.call::<Value>("example", ()).unwrap_err();
    assert_eq!(failure.code(), "failed", "{failure}");
}

#[track_caller]
fn refused(skill: &Skill, code: &str, words: &str) {
    let failure = skill.run().unwrap_err();
    assert_eq!(failure.code(), code, "{failure}");
    assert!(failure.to_string().contains(words), "{failure}");
}

#[test]
fn skill_mistakes_that_cis_would_ignore_are_reported() {
    refused(
        &Skill {
            log: "(call $log (i32.const 4) (i32.const 96) (i32.const 16))",
            ..Skill::new()
        },
        "contract_violation",
        "it was called with the level 4",
    );
    refused(
        &Skill {
            log: "(call $log (i32.const 1) (i32.const 65530) (i32.const 16))",
            ..Skill::new()
        },
        "bad_host_argument",
        "host_log",
    );
    refused(
        &Skill {
            answer: "(i64.or (i64.const 0x7fffffff_00000000) (i64.const 10))",
            ..Skill::new()
        },
        "out_of_bounds",
        "memory",
    );
    refused(
        &Skill {
            answer: "(i64.const 12)",
            ..Skill::new()
        },
        "contract_violation",
        "12 bytes at address 0",
    );
    refused(
        &Skill {
            malloc: r#"(func (export "malloc") (param i32) (result i32) i32.const 1024)"#,
            ..Skill::new()
        },
        "contract_violation",
        "overlap",
    );
}

#[test]
fn a_skill_that_violates_the_contract_is_not_loaded() {
    let load = |skill: Skill| skill.builder().build_for(hosts::cis()).unwrap_err();
    // The SDK of CIS itself imports this, but CIS does not provide it.
    let failure = load(Skill {
        imports: r#"(import "env" "host_now" (func (result i64))) (func $get (param i32 i32) (result i64) i64.const 0)
            (func $set (param i32 i32 i32 i32) (result i32) i32.const 0) (func $delete (param i32 i32) (result i32) i32.const 0)
            (func $log (param i32 i32 i32))"#,
        ..Skill::new()
    });
    assert_eq!(failure.code(), "missing_imports", "{failure}");
    assert!(failure.to_string().contains("host_now"), "{failure}");
    let failure = load(Skill {
        malloc: "",
        ..Skill::new()
    });
    assert_eq!(failure.code(), "missing_export", "{failure}");
    assert!(failure.to_string().contains("`malloc`"), "{failure}");
}

/// Returns a plugin of the workspace, built for CIS.
fn plugin(folder: &str) -> PluginBuilder {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    Plugin::builder(Source::crate_dir(dir).profile("dev").target_dir(target))
}

fn on_cis(builder: PluginBuilder) -> Plugin {
    builder.build_for(hosts::cis()).unwrap()
}

#[test]
fn a_plugin_of_this_sdk_is_a_skill_with_its_source_unchanged() {
    let mut plugin = on_cis(plugin("examples/guest-book").grant("kv"));
    let greeting: String = plugin.call("greet", json!({"name": "Ada"})).unwrap();
    assert_eq!(greeting, "Hello, Ada!");
    assert_eq!(
        plugin
            .call::<Option<String>>("last", ())
            .unwrap()
            .as_deref(),
        Some("Ada")
    );
    assert_eq!(
        plugin.services().kv().get::<String>("last").as_deref(),
        Some("Ada")
    );
    assert!(plugin.services().logs().contains("greeting Ada"));
    let failure = plugin
        .call::<Value>("greet", json!({"nam": "Ada"}))
        .unwrap_err();
    assert_eq!(failure.code(), "unknown_argument");
    plugin.finish().unwrap();
}

#[test]
fn text_is_stored_as_is_and_other_values_as_json() {
    let mut plugin = on_cis(plugin("examples/guest-book").grant("kv"));
    plugin
        .call::<String>("greet", json!({"name": "Ada"}))
        .unwrap();
    let memory = plugin.services().kv().clone();
    assert_eq!(memory.bytes("last").unwrap(), b"Ada");
    // As a skill in C would store it.
    for text in ["my_value", "12", "null", "true", "\"quoted\"", "{}", ""] {
        memory.set_bytes("last", text.as_bytes()).unwrap();
        let last: Option<String> = plugin.call("last", ()).unwrap();
        assert_eq!(last.as_deref(), Some(text));
    }
    plugin.finish().unwrap();

    let mut plugin = on_cis(self::plugin("tests/guests/services").grant("kv"));
    for (value, bytes) in [
        (json!("my_value"), "my_value"),
        (json!({"a": [1, "b"]}), r#"{"a":[1,"b"]}"#),
        (json!(12), "12"),
        (json!(null), "null"),
    ] {
        let set = json!({"call": {"kv_set": ["key", value]}});
        plugin.call::<Value>("one", set).unwrap();
        assert_eq!(
            plugin.services().kv().bytes("key").unwrap(),
            bytes.as_bytes()
        );
        let get = json!({"call": {"kv_get": "key"}});
        assert_eq!(plugin.call::<Value>("one", get).unwrap(), value);
    }
    plugin.finish().unwrap();
}

#[test]
fn a_denied_permission_is_an_error_for_the_plugin() {
    let mut plugin = on_cis(plugin("examples/guest-book"));
    let failure = plugin
        .call::<String>("greet", json!({"name": "Ada"}))
        .unwrap_err();
    assert_eq!(failure.code(), "unavailable", "{failure}");
    assert!(!plugin.is_poisoned());
}
