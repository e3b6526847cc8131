//! ToolFS, emulated after the types of its library (`docs/hosts/toolfs.md`): a guest written by
//! hand, mistakes of such guests, and real plugins.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use plugin_sdk_harness::hosts;
use plugin_sdk_harness::{Engine, Failure, Plugin, PluginBuilder, Source};
use serde_json::{Value, json};

/// A plugin by hand. It remembers its last request, and returns a fixed response.
struct ByHand {
    instance: u32,
    name: &'static str,
    version: &'static str,
    /// The result of `init`.
    init: &'static str,
    response: &'static str,
    /// The result of `execute`; the response is at 1024.
    execute: Option<&'static str>,
    alloc: &'static str,
    /// Imports, which come first.
    imports: &'static str,
    fields: &'static str,
}

const ALLOC: &str = r#"(func (export "alloc") (param $size i32) (result i32) (local $at i32)
    (local.set $at (global.get $top))
    (global.set $top (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 31)) (i32.const -16)))
    (local.get $at))"#;

impl ByHand {
    const NEW: ByHand = ByHand {
        instance: 1,
        name: "by-hand",
        version: "1.2.0",
        init: "(i64.const 0)",
        response: r#"{"success":true,"result":{"answer":42}}"#,
        execute: None,
        alloc: ALLOC,
        imports: "",
        fields: "",
    };

    fn builder(&self) -> PluginBuilder {
        let ByHand {
            instance,
            name,
            version,
            init,
            response,
            execute,
            alloc,
            imports,
            fields,
        } = self;
        let packed = |address: u64, len: usize| (address << 32 | len as u64).to_string();
        let execute = match execute {
            Some(execute) => (*execute).to_owned(),
            None => format!("(i64.const {})", packed(1024, response.len())),
        };
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let wat = format!(
            r#"(module {imports} (memory (export "memory") 1) (global $top (mut i32) (i32.const 8192))
            (data (i32.const 64) "{name}") (data (i32.const 128) "{version}") (data (i32.const 1024) "{response}")
            (func (export "PluginInstance") (result i32) (i32.const {instance}))
            (func (export "name") (result i64) (i64.const {name_at}))
            (func (export "version") (result i64) (i64.const {version_at}))
            (func (export "init") (param i32 i32) (result i64) {init})
            (func (export "execute") (param i32 i32) (result i64) {execute})
            {alloc} (func (export "free") (param i32 i32)) {fields})"#,
            response = quoted(response),
            name_at = packed(64, name.len()),
            version_at = packed(128, version.len()),
        );
        Plugin::builder(Source::wat(&wat))
    }

    fn load(&self) -> Result<Plugin, Failure> {
        self.builder().build_for(hosts::toolfs())
    }

    fn run(&self) -> Result<Value, Failure> {
        let mut plugin = self.load()?;
        let result = plugin.call("ask", json!({"query": "what?"}))?;
        plugin.finish()?;
        Ok(result)
    }
}

/// Returns a failure's code and message.
#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Failure>, code: &str, words: &str) {
    let failure = outcome.unwrap_err();
    assert_eq!(failure.code(), code, "{failure}");
    assert!(failure.to_string().contains(words), "{failure}");
}

#[test]
fn a_handwritten_plugin_runs() {
    assert_eq!(ByHand::NEW.run().unwrap(), json!({"answer": 42}));
    let nothing = ByHand {
        response: r#" {"metadata": {"took": 5}, "success": true} "#,
        ..ByHand::NEW
    };
    assert_eq!(nothing.run().unwrap(), Value::Null);
}

#[test]
fn calls_become_requests_of_toolfs() {
    // The result is the request itself, inside the text of a response.
    let echo = ByHand {
        response: r#"{"success":true,"result":"#,
        execute: Some(
            r#"(memory.copy (i32.const 1049) (local.get 0) (local.get 1))
            (i32.store8 (i32.add (i32.const 1049) (local.get 1)) (i32.const 125))
            (i64.add (i64.const 4398046511104) (i64.extend_i32_u (i32.add (i32.const 26) (local.get 1))))"#,
        ),
        ..ByHand::NEW
    };
    let mut plugin = echo.load().unwrap();
    let mut request =
        |operation: &str, arguments: Value| plugin.call::<Value>(operation, arguments).unwrap();
    assert_eq!(request("list", json!({})), json!({"operation": "list"}));
    assert_eq!(
        request("search", json!({"query": "é\"\n", "limit": 3, "path": 5})),
        json!({"operation": "search", "data": {"query": "é\"\n", "limit": 3, "path": 5}})
    );
    assert_eq!(
        request("read_file", json!({"path": "docs/a.md", "offset": 7})),
        json!({"operation": "read_file", "path": "/toolfs/docs/a.md", "data": {"offset": 7}})
    );
    assert_eq!(
        request("list_dir", json!({"path": ""})),
        json!({"operation": "list_dir", "path": "/toolfs"})
    );
    for outside in ["/etc/passwd", "docs/../secret", "/toolfs/.."] {
        let blocked = plugin.call::<Value>("read_file", json!({ "path": outside }));
        refused(blocked, "permission_denied", "ToolFS blocks the path");
    }
}

#[test]
fn errors_are_reported_with_and_without_a_code() {
    let failing = |response| ByHand {
        response,
        ..ByHand::NEW
    };
    refused(
        failing(r#"{"success":false,"error":"unsupported operation: ask"}"#).run(),
        "failed",
        "unsupported operation: ask",
    );
    let coded = failing(
        r#"{"success":false,"error":"no","metadata":{"code":"not_found","details":[1],"source":["disk"],"plugin_name":"x"}}"#,
    );
    let failure = coded.run().unwrap_err();
    let error = failure.plugin_error().unwrap();
    assert_eq!((error.code(), error.message()), ("not_found", "no"));
    assert_eq!(error.details().unwrap(), json!([1]));
    assert_eq!(error.causes(), ["disk"]);
}

#[test]
fn an_invalid_response_is_refused_although_toolfs_continues() {
    let rule = "`success`, `result`, `error` and `metadata`";
    for (response, found) in [
        ("[]", "it is []"),
        (r#"{"result":5}"#, "it has no `success`"),
        (r#"{"success":"yes"}"#, "`success` is"),
        (r#"{"success":true,"Result":5}"#, "`Result` is 5"),
        (
            r#"{"success":true,"error":"x"}"#,
            "it succeeded, and has an `error`",
        ),
        (r#"{"success":true,"success":true}"#, "given twice"),
        (r#"{"success":false}"#, "it failed, and has no `error`"),
        (
            r#"{"success":false,"error":"x","result":1}"#,
            "it failed, and has a `result`",
        ),
        (r#"{"success":false,"error":{"code":"x"}}"#, "`error` is"),
        (
            r#"{"success":false,"error":"x","metadata":[]}"#,
            "`metadata` is []",
        ),
    ] {
        let wrong = ByHand {
            response,
            ..ByHand::NEW
        };
        refused(wrong.run(), "contract_violation", rule);
        refused(wrong.run(), "contract_violation", found);
    }
    let no_json = ByHand {
        response: "success",
        ..ByHand::NEW
    };
    refused(no_json.run(), "bad_json", "result");
    for (execute, code, words) in [
        (
            "(i64.const 0)",
            "contract_violation",
            "`execute` always has a response",
        ),
        ("(i64.const 0x7fffffff_00000010)", "out_of_bounds", "memory"),
        ("(i64.const -1)", "out_of_bounds", "memory"),
        ("unreachable", "trap", "unreachable"),
    ] {
        let wrong = ByHand {
            execute: Some(execute),
            ..ByHand::NEW
        };
        refused(wrong.run(), code, words);
    }
    let overlapping = ByHand {
        alloc: r#"(func (export "alloc") (param i32) (result i32) i32.const 8)"#,
        ..ByHand::NEW
    };
    refused(overlapping.run(), "contract_violation", "aligned");
}

#[test]
fn a_plugins_own_description_is_checked_before_use() {
    let load = |by_hand: ByHand| by_hand.load();
    refused(
        load(ByHand {
            instance: 0,
            ..ByHand::NEW
        }),
        "init_failed",
        "there is no instance",
    );
    refused(
        load(ByHand {
            instance: 7,
            ..ByHand::NEW
        }),
        "contract_violation",
        "it returned 7",
    );
    refused(
        load(ByHand {
            name: "",
            ..ByHand::NEW
        }),
        "contract_violation",
        "`name` returned no bytes",
    );
    refused(
        load(ByHand {
            name: "toolfs-rag",
            ..ByHand::NEW
        }),
        "contract_violation",
        "has registered a plugin as `toolfs-rag`",
    );
    refused(
        load(ByHand {
            init: "(i64.const 4398046511143)",
            ..ByHand::NEW
        }),
        "contract_violation",
        "its response is a success",
    );
    refused(
        load(ByHand {
            response: r#"{"success":false,"error":"no documents"}"#,
            init: "(i64.const 4398046511144)",
            ..ByHand::NEW
        }),
        "failed",
        "no documents",
    );
    refused(
        load(ByHand {
            imports: r#"(import "toolfs" "read_fiel" (func (param i32 i32) (result i64)))"#,
            ..ByHand::NEW
        }),
        "missing_imports",
        "did you mean `read_file`?",
    );
    refused(
        load(ByHand {
            imports: r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#,
            ..ByHand::NEW
        }),
        "missing_imports",
        "fd_write",
    );
    refused(
        load(ByHand {
            alloc: "",
            ..ByHand::NEW
        }),
        "missing_export",
        "`alloc`",
    );
}

#[test]
fn plugins_that_exceed_time_or_memory_are_stopped() {
    let endless = ByHand {
        execute: Some("(loop $again (br $again)) (i64.const 0)"),
        ..ByHand::NEW
    };
    let mut plugin = endless
        .builder()
        .timeout(std::time::Duration::from_millis(50))
        .build_for(hosts::toolfs())
        .unwrap();
    refused(plugin.call::<Value>("ask", ()), "timeout", "");
    // 64 MiB are 1024 pages, of which it already has one.
    let greedy = |execute| {
        let by_hand = ByHand {
            execute: Some(execute),
            ..ByHand::NEW
        };
        by_hand.run()
    };
    let grown = "(drop (memory.grow (i32.const 1023))) (i64.const 4398046511143)";
    assert_eq!(greedy(grown).unwrap(), json!({"answer": 42}));
    let refused_to_grow = "(if (i32.eq (memory.grow (i32.const 1024)) (i32.const -1)) (then unreachable)) (i64.const 0)";
    refused(greedy(refused_to_grow), "out_of_memory", "64 MiB");
}

/// Returns a plugin of the workspace, built for ToolFS.
fn plugin(folder: &str) -> PluginBuilder {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    Plugin::builder(Source::crate_dir(dir).profile("dev").target_dir(target))
}

#[test]
fn a_plugin_of_this_sdk_runs_with_its_source_unchanged() {
    let greeter = plugin("examples/greeter").config(json!({"greeting": "Hi", "limit": 2}));
    let mut greeter = greeter.build_for(hosts::toolfs()).unwrap();
    let greeting: Value = greeter.call("greet", json!({"name": "Ödön"})).unwrap();
    assert_eq!(greeting, json!({"message": "Hi, Ödön!", "greeted": 1}));
    assert_eq!(greeter.call::<u64>("greeted", ()).unwrap(), 1);
    for (arguments, code) in [
        (json!({"name": ""}), "name_empty"),
        (json!({"nam": "Ada"}), "unknown_argument"),
        (json!({"name": 5}), "invalid_argument"),
        (json!({}), "missing_argument"),
    ] {
        refused(greeter.call::<Value>("greet", arguments), code, "");
    }
    refused(greeter.call::<Value>("fly", ()), "unknown_command", "fly");
    refused(greeter.start(), "unsupported", "start");
    refused(greeter.event("x", ()), "unsupported", "events");
    // A configuration with a mismatch leaves the plugin unchanged.
    refused(
        greeter.init(json!({"greting": "Hey"})),
        "invalid_argument",
        "greting",
    );
    assert_eq!(greeter.call::<u64>("greeted", ()).unwrap(), 1);
    greeter.init(json!({})).unwrap();
    assert_eq!(greeter.call::<u64>("greeted", ()).unwrap(), 0);
    greeter.finish().unwrap();
}

#[test]
fn bytes_survive_the_base64_encoding() {
    let mut plugin = plugin("examples/text-stats")
        .build_for(hosts::toolfs())
        .unwrap();
    for text in ["one two\nthree\n", "", "ä"] {
        let bytes = plugin.call_raw("count", text.as_bytes()).unwrap();
        let (numbers, rest) = bytes.as_chunks();
        let numbers: Vec<u64> = numbers.iter().copied().map(u64::from_le_bytes).collect();
        let counted = [
            text.lines().count() as u64,
            text.split_whitespace().count() as u64,
            text.chars().count() as u64,
        ];
        assert_eq!(numbers, counted);
        assert!(rest.is_empty());
    }
    refused(
        plugin.call_raw("count", b"caf\xe9"),
        "invalid_argument",
        "UTF-8",
    );
    let stats: Value = plugin.call("stats", json!({"text": "a a b"})).unwrap();
    assert_eq!(stats["frequent"][0], json!({"word": "a", "count": 2}));
}

#[test]
fn a_plugin_refuses_invalid_json_and_accepts_large_arguments() {
    // A megabyte takes an interpreter long.
    let mut plugin = plugin("examples/text-stats")
        .engine(Engine::Wasmtime)
        .build_for(hosts::toolfs())
        .unwrap();
    refused(plugin.call_raw("stats", b"{\"text\":"), "invalid_json", "");
    refused(
        plugin.call_raw("stats", b"[1]"),
        "invalid_argument",
        "`data`",
    );
    let text = "word ".repeat(1 << 18);
    let stats: Value = plugin.call("stats", json!({"text": text})).unwrap();
    assert_eq!(stats["words"], 1 << 18);
    plugin.finish().unwrap();
}

#[test]
fn services_that_toolfs_lacks_are_errors_for_the_plugin() {
    let mut plugin = plugin("examples/guest-book")
        .build_for(hosts::toolfs())
        .unwrap();
    let greeted = plugin.call::<String>("greet", json!({"name": "Ada"}));
    refused(greeted, "unsupported", "ToolFS keeps no values for plugins");
    assert!(plugin.host_calls().is_empty());
    assert!(!plugin.is_poisoned());
}
