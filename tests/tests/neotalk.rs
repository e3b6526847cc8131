//! NeoTalk's host is played by its guide (`docs/hosts/neotalk.md`): guests that were written by hand from the guide's own samples, and what such guests do wrong.

use plugin_sdk_harness::hosts::{self, Emulated};
use plugin_sdk_harness::{Failure, Plugin, PluginBuilder, Source};
use serde_json::{Value, json};

/// The guide's basic sample, with its memory management, in the text format. `$parts` replaces parts of it.
struct Sample {
    /// Beside the memory.
    fields: String,
    alloc: String,
    free: &'static str,
    init: String,
    command: String,
    get_result: String,
    cleanup: &'static str,
}

impl Sample {
    fn new() -> Self {
        Sample {
            fields: String::new(),
            // Each block 8 bytes apart from the one before.
            alloc: r#"(func (export "neotalk_alloc") (param $size i32) (result i32) (local $at i32)
                (local.set $at (global.get $top))
                (global.set $top (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -8)))
                (local.get $at))"#
                .to_owned(),
            free: r#"(func (export "neotalk_free") (param i32 i32))"#,
            init: "i32.const 1".to_owned(),
            command: r#"
                (if (i32.eq (i32.load8_u (local.get 0)) (i32.const 112)) ;; ping
                    (then (call $keep (i32.const 64) (i32.const 17)))
                (else (if (i32.eq (i32.load8_u (local.get 0)) (i32.const 101)) ;; echo
                    (then (call $keep (local.get 2) (local.get 3)))
                (else (if (i32.eq (i32.load8_u (local.get 0)) (i32.const 102)) ;; fail
                    (then (call $keep (i32.const 128) (i32.const 51)) (return (i32.const 1)))
                (else (call $keep (i32.const 96) (i32.const 27))))))))
                i32.const 0"#
                .to_owned(),
            get_result: r#"
                (if (i32.eqz (global.get $result)) (then (return (i32.const 1))))
                (i32.store (local.get 0) (global.get $result))
                (i32.store (local.get 1) (global.get $len))
                i32.const 0"#
                .to_owned(),
            cleanup: "(global.set $result (i32.const 0))",
        }
    }

    fn wat(&self) -> String {
        let Sample {
            fields,
            alloc,
            free,
            init,
            command,
            get_result,
            cleanup,
        } = self;
        format!(
            r#"(module {fields} (memory (export "memory") 1)
            (global $top (mut i32) (i32.const 4096))
            (global $result (mut i32) (i32.const 0)) (global $len (mut i32) (i32.const 0))
            (data (i32.const 64) "{{\"status\":\"pong\"}}")
            (data (i32.const 96) "{{\"error\":\"unknown command\"}}")
            (data (i32.const 128) "{{\"error\":\"sold out\",\"code\":\"sold_out\",\"details\":{{}}}}")
            (func $keep (param i32 i32) (global.set $result (local.get 0)) (global.set $len (local.get 1)))
            {alloc} {free}
            (func (export "neotalk_init") (param i32 i32) (result i32) {init})
            (func (export "neotalk_command") (param i32 i32 i32 i32) (result i32) {command})
            (func (export "neotalk_get_result") (param i32 i32) (result i32) {get_result})
            (func (export "neotalk_cleanup") {cleanup}))"#
        )
    }

    fn builder(&self) -> PluginBuilder {
        Plugin::builder(Source::wat(self.wat()))
    }

    fn plugin(&self) -> Result<Emulated, Failure> {
        self.builder().build_on(hosts::neotalk())
    }
}

/// What calling `ping` comes to, and the plugin's cleanup after that.
fn ping(sample: &Sample) -> Result<Value, Failure> {
    let mut plugin = sample.plugin()?;
    let answer = plugin.call("ping", ())?;
    plugin.finish()?;
    Ok(answer)
}

#[track_caller]
fn rule_broken(sample: &Sample) -> String {
    let failure = ping(sample).unwrap_err();
    assert_eq!(failure.code(), "host_contract", "{failure}");
    assert!(
        failure.to_string().contains("docs/hosts/neotalk.md"),
        "{failure}"
    );
    failure.message()
}

#[test]
fn the_guides_own_sample_runs_from_init_to_cleanup() {
    let mut plugin = Sample::new().plugin().unwrap();
    assert_eq!(
        plugin.call::<Value>("ping", ()).unwrap(),
        json!({"status": "pong"})
    );
    let arguments = json!({"text": "grüße"});
    assert_eq!(plugin.call::<Value>("echo", &arguments).unwrap(), arguments);
    // The sample answers a command that it does not know with the number for success.
    assert_eq!(
        plugin.call::<Value>("what", ()).unwrap(),
        json!({"error": "unknown command"})
    );
    let failure = plugin.call::<Value>("fail", ()).unwrap_err();
    assert_eq!(failure.code(), "sold_out");
    assert_eq!(failure.message(), "command `fail` failed: sold out");
    plugin.init(json!({"again": true})).unwrap();
    plugin.cleanup().unwrap();
    assert_eq!(
        plugin.call::<Value>("ping", ()).unwrap_err().code(),
        "unsupported"
    );
}

#[test]
fn arguments_that_are_none_are_an_empty_object_as_in_the_guide() {
    let mut plugin = Sample::new().plugin().unwrap();
    assert_eq!(plugin.call_raw("echo", b"").unwrap(), b"{}");
}

#[test]
fn what_neotalk_never_does_is_said_and_not_done() {
    let mut plugin = Sample::new().plugin().unwrap();
    for failure in [
        plugin.start(),
        plugin.stop(),
        plugin.event("user.created", ()),
    ] {
        assert_eq!(failure.unwrap_err().code(), "unsupported");
    }
    let mut unborn = Sample::new()
        .builder()
        .without_init()
        .build_on(hosts::neotalk())
        .unwrap();
    let failure = unborn.call::<Value>("ping", ()).unwrap_err();
    assert_eq!(
        failure.message(),
        "command `ping` was not called: the host `neotalk` has no calls before it has initialised a plugin, or after its cleanup"
    );
}
