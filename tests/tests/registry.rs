//! A registry of running plugins: loading, swapping, failing, and carrying events.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plugin_sdk_harness::registry::{Notice, PluginOptions, PluginState, Registry, RegistryError};
use plugin_sdk_harness::{Plugin, Source};
use plugin_sdk_tests::Build;
use serde_json::{Value, json};

fn wasm_of(guest: &'static str) -> Vec<u8> {
    Build::of(guest).wasm().unwrap().to_vec()
}

/// A plugin that counts its calls, carries the count over, and traps in calls before its start.
/// `next` returns the count and `version` as eight bytes each.
fn counter(version: u64) -> Vec<u8> {
    let text = format!(
        r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
        (func (export "alloc") (param i32) (result i32) i32.const 1024)
        (func (export "free") (param i32 i32))
        (func (export "plugin_init") (param i32 i32) (result i64)
            (i64.store (i32.const 72) (i64.const {version})) i64.const 0)
        (func (export "plugin_start") (result i64) (i32.store (i32.const 128) (i32.const 1)) i64.const 0)
        (func (export "plugin_cleanup") (i32.store (i32.const 128) (i32.const 0)))
        (func (export "plugin_state_save") (result i64) i64.const 0x40_0000_0008)
        (func (export "plugin_state_load") (param i32 i32) (result i64)
            (if (i32.ne (local.get 1) (i32.const 8)) (then unreachable))
            (i64.store (i32.const 64) (i64.load (local.get 0))) i64.const 0)
        (func (export "command_next") (param i32 i32) (result i64)
            (if (i32.eqz (i32.load (i32.const 128))) (then unreachable))
            (i64.store (i32.const 64) (i64.add (i64.load (i32.const 64)) (i64.const 1)))
            i64.const 0x40_0000_0010)
        (func (export "command_trap") (param i32 i32) (result i64) unreachable))"#
    );
    wat::parse_str(text).unwrap()
}

/// Returns the count and the version in an answer of `next`.
fn next(registry: &Registry) -> (u64, u64) {
    let bytes = registry.call_raw("counter", "next", b"").unwrap();
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    (number(0), number(8))
}

/// Writes a file under its final name at once, as a compiler does.
fn put(dir: &Path, name: &str, contents: &[u8]) -> PathBuf {
    let path = dir.join(name);
    fs::write(dir.join("new"), contents).unwrap();
    fs::rename(dir.join("new"), &path).unwrap();
    path
}

fn greet(registry: &Registry, name: &str) -> Value {
    registry
        .call("greeter", "greet", json!({"name": name}))
        .unwrap()
}

#[test]
fn a_folder_is_loaded_and_a_broken_file_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "greeter.wasm", &wasm_of("greeter"));
    fs::create_dir(dir.path().join("counters")).unwrap();
    put(&dir.path().join("counters"), "counter.wasm", &counter(1));
    let broken = put(dir.path(), "broken.wasm", b"garbage");
    put(dir.path(), "notes.txt", b"no module");

    let registry = Registry::new();
    let loaded = registry.add_folder(dir.path(), PluginOptions::new());
    assert_eq!(loaded.unwrap(), ["counter", "greeter"]);
    assert_eq!(greet(&registry, "Ada")["message"], "Hello, Ada!");

    let listed = registry.list();
    let states: Vec<_> = listed.iter().map(|one| (&*one.id, one.state)).collect();
    let running = PluginState::Running;
    let expected = [
        ("counter", running),
        ("greeter", running),
        ("broken", PluginState::Failed),
    ];
    assert_eq!(states, expected);
    assert_eq!(listed[1].name, "Greeter");
    assert_eq!(listed[2].file, Some(broken));
    assert_eq!(listed[2].error.as_ref().unwrap().code(), "not_wasm");

    // Once it is mended, it runs.
    put(dir.path(), "broken.wasm", &wasm_of("listener"));
    let changes = registry.refresh();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].0, "listener");
    assert_eq!(registry.list().len(), 3);

    // A broken file that is gone is forgotten, and one that is loaded by itself is broken no more.
    let gone = put(dir.path(), "gone.wasm", b"garbage");
    let mended = put(dir.path(), "mended.wasm", b"garbage");
    registry.refresh();
    assert_eq!(registry.list().len(), 5);
    fs::remove_file(gone).unwrap();
    fs::write(&mended, counter(1)).unwrap();
    registry.load(&*mended, PluginOptions::new()).unwrap();
    assert!(registry.refresh().is_empty());
    let mut states = registry.list().into_iter().map(|one| one.state);
    assert!(states.all(|state| state == running));
}

#[test]
fn two_plugins_of_one_id_are_refused_and_both_files_named() {
    let dir = tempfile::tempdir().unwrap();
    let first = put(dir.path(), "a.wasm", &wasm_of("greeter"));
    let second = put(dir.path(), "b.wasm", &wasm_of("greeter"));
    let registry = Registry::new();
    registry.load(&*first, PluginOptions::new()).unwrap();
    let error = registry.load(&*second, PluginOptions::new()).unwrap_err();
    assert_eq!(error.code(), "duplicate_id");
    let message = error.to_string();
    for file in [&first, &second] {
        assert!(message.contains(&file.display().to_string()), "{message}");
    }

    // In a folder, the other one is loaded once the id is free.
    let registry = Registry::new();
    let loaded = registry.add_folder(dir.path(), PluginOptions::new());
    assert_eq!(loaded.unwrap(), ["greeter"]);
    fs::remove_file(first).unwrap();
    assert!(registry.refresh().is_empty());
    registry.unload("greeter").unwrap();
    assert_eq!(registry.refresh().len(), 1);
    assert_eq!(registry.status("greeter").unwrap().file, Some(second));
    assert_eq!(registry.list().len(), 1);
}

#[test]
fn a_sidecar_describes_a_module_that_does_not_describe_itself() {
    let document =
        r#"{"id": "adder", "name": "The adder", "version": "2.1.0", "plugin_type": "tool"}"#;
    let skill = "[skill]\nname = \"adder\"\nversion = \"2.1.0\"\ntype = \"tool\"\n";
    let files = [
        ("counter.json", document),
        ("plugin.json", document),
        ("skill.toml", skill),
    ];
    for (name, contents) in files {
        let dir = tempfile::tempdir().unwrap();
        let module = put(dir.path(), "counter.wasm", &counter(1));
        put(dir.path(), name, contents.as_bytes());
        let registry = Registry::new();
        let id = registry.load(&*module, PluginOptions::new()).unwrap();
        assert_eq!(id, "adder", "{name}");
        let status = registry.status("adder").unwrap();
        assert_eq!(status.version, "2.1.0");
        assert_eq!(status.plugin_type.as_deref(), Some("tool"));

        put(dir.path(), name, b"{");
        let other = Registry::new();
        let error = other.load(&*module, PluginOptions::new()).unwrap_err();
        assert!(matches!(error, RegistryError::Sidecar { .. }), "{error}");
    }
}

/// A skill of CIS that answers every command.
fn skill() -> Vec<u8> {
    let text = r#"(module (memory (export "memory") 1) (global $top (mut i32) (i32.const 8192))
        (data (i32.const 64) "\"done\"")
        (func (export "skill_init")) (func (export "skill_shutdown"))
        (func (export "skill_execute") (param i32 i32 i32 i32) (result i64) i64.const 0x40_0000_0006)
        (func (export "malloc") (param $size i32) (result i32) (local $at i32)
            (local.set $at (global.get $top))
            (global.set $top (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 15)) (i32.const -8)))
            (local.get $at))
        (func (export "free") (param i32)))"#;
    wat::parse_str(text).unwrap()
}

/// As CIS's manager does: `load_wasm("my-wasm-skill", &wasm_bytes, LoadOptions::default())`.
#[test]
fn a_skill_is_loaded_from_bytes_under_the_hosts_name() {
    let registry = Registry::new();
    let load = |id: &str| registry.load(Source::bytes(skill()), PluginOptions::new().id(id));
    assert_eq!(load("my-wasm-skill").unwrap(), "my-wasm-skill");
    assert_eq!(load("another").unwrap(), "another");
    let status = registry.status("my-wasm-skill").unwrap();
    assert_eq!((status.id.as_str(), status.host), ("my-wasm-skill", "cis"));
    for id in ["my-wasm-skill", "another"] {
        let answer: String = registry.call(id, "anything", json!({})).unwrap();
        assert_eq!(answer, "done");
    }
    assert_eq!(load("another").unwrap_err().code(), "duplicate_id");
    assert_eq!(load("../evil").unwrap_err().code(), "invalid_id");
    registry.reload("another").unwrap();
    registry.unload("another").unwrap();
    assert_eq!(load("another").unwrap(), "another");

    // Its own name is that of its file, or of `skill.toml` next to it.
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "skill.wasm", &skill());
    let described = "[skill]\nname = \"weather\"\nversion = \"2.1.0\"\ndescription = \"Tells the weather.\"\n\
        author = \"Ada\"\ntype = \"wasm\"\nentry = \"skill.wasm\"\n\n[permissions]\nnetwork = true\n\n\
        [exports]\nfunctions = [\"skill_init\"]\n";
    put(dir.path(), "skill.toml", described.as_bytes());
    let options = PluginOptions::new().id("not-for-folders");
    assert_eq!(
        registry.add_folder(dir.path(), options).unwrap(),
        ["weather"]
    );
    let status = registry.status("weather").unwrap();
    assert_eq!(
        (&*status.version, &*status.description),
        ("2.1.0", "Tells the weather.")
    );
}

#[test]
fn an_id_that_is_not_a_file_name_is_refused() {
    for id in ["../evil", "", ".hidden", "a b", &"a".repeat(200)] {
        let dir = tempfile::tempdir().unwrap();
        let module = put(dir.path(), "counter.wasm", &counter(1));
        let sidecar = json!({"id": id, "name": "x"}).to_string();
        put(dir.path(), "counter.json", sidecar.as_bytes());
        let loaded = Registry::new().load(&*module, PluginOptions::new());
        match id {
            // Without an id, the file's name counts.
            "" => assert_eq!(loaded.unwrap(), "counter"),
            _ => assert_eq!(loaded.unwrap_err().code(), "invalid_id", "{id}"),
        }
    }
}

#[test]
fn an_unknown_plugin_is_an_error_that_names_the_nearest() {
    let registry = Registry::new();
    let source = Source::bytes(wasm_of("greeter"));
    registry.load(source, PluginOptions::new()).unwrap();
    let error = registry.call::<Value>("greter", "greet", ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no plugin `greter`; did you mean `greeter`?"
    );
    let error = registry.status("something-else").unwrap_err();
    assert_eq!(error.to_string(), "there is no plugin `something-else`");
    // A client may ask for an id of any length, which is compared with none.
    let error = registry.status(&"g".repeat(10_000_000)).unwrap_err();
    assert!(matches!(
        error,
        RegistryError::UnknownPlugin { similar: None, .. }
    ));
}

#[test]
fn swaps_lose_no_call_and_carry_the_state() {
    const CALLS: u64 = 10_000;
    const SWAPS: u64 = 50;
    let dir = tempfile::tempdir().unwrap();
    let module = put(dir.path(), "counter.wasm", &counter(0));
    let registry = Registry::new();
    registry.load(&*module, PluginOptions::new()).unwrap();

    let swapped = AtomicBool::new(false);
    let answers: Vec<(u64, u64)> = std::thread::scope(|threads| {
        let callers: Vec<_> = (0..2)
            .map(|_| {
                threads.spawn(|| {
                    let mut answers = Vec::new();
                    while answers.len() < CALLS as usize / 2 || !swapped.load(Ordering::Relaxed) {
                        answers.push(next(&registry));
                    }
                    answers
                })
            })
            .collect();
        for version in 1..=SWAPS {
            put(dir.path(), "counter.wasm", &counter(version));
            registry.reload("counter").unwrap();
        }
        swapped.store(true, Ordering::Relaxed);
        let answers = callers.into_iter().map(|caller| caller.join().unwrap());
        answers.flatten().collect()
    });

    assert!(answers.len() as u64 >= CALLS);
    // Each call has counted once, on one line of instances.
    let mut counts: Vec<u64> = answers.iter().map(|(count, _)| *count).collect();
    counts.sort_unstable();
    assert_eq!(counts, Vec::from_iter(1..=answers.len() as u64));
    // Later counts are never answered by an older module.
    let mut by_count = answers;
    by_count.sort_unstable();
    assert!(by_count.is_sorted_by_key(|(_, version)| *version));
    let calls = by_count.len() as u64 + 1;
    assert_eq!(next(&registry), (calls, SWAPS));
    let figures = registry.status("counter").unwrap().figures;
    assert_eq!((figures.swaps, figures.errors), (SWAPS, 0));
    assert_eq!(figures.calls, calls);
}

#[test]
fn a_failed_swap_keeps_the_old_instance_and_has_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let module = put(dir.path(), "counter.wasm", &counter(1));
    let registry = Registry::new();
    registry.load(&*module, PluginOptions::new()).unwrap();
    assert_eq!(next(&registry), (1, 1));

    let bad: [(&[u8], &str); 4] = [
        (b"garbage", "not_wasm"),
        (b"", "not_wasm"),
        (&wat::parse_str(START_TRAPS).unwrap(), "trap"),
        (&wasm_of("greeter"), "id_changed"),
    ];
    for (contents, code) in bad {
        put(dir.path(), "counter.wasm", contents);
        let changes = registry.refresh();
        let error = changes[0].1.as_ref().unwrap_err();
        assert_eq!(error.code(), code);
        let status = registry.status("counter").unwrap();
        assert_eq!(status.state, PluginState::Running);
        assert_eq!(status.reload_error.unwrap().code(), code);
        // The same broken file is not tried again.
        assert_eq!(registry.refresh().len(), 0);
    }
    assert_eq!(next(&registry), (2, 1));
    put(dir.path(), "counter.wasm", &counter(2));
    assert!(registry.refresh()[0].1.is_ok());
    assert_eq!(next(&registry), (3, 2));
    assert!(registry.status("counter").unwrap().reload_error.is_none());
}

/// A plugin whose start hook traps.
const START_TRAPS: &str = r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
        (func (export "alloc") (param i32) (result i32) i32.const 1024)
        (func (export "free") (param i32 i32))
        (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0)
        (func (export "plugin_start") (result i64) unreachable)
        (func (export "plugin_cleanup")))"#;

#[test]
fn a_trap_replaces_the_instance_until_it_happens_too_often() {
    let registry = Registry::new();
    let options = PluginOptions::new().max_restarts(2, Duration::from_secs(3600));
    let dir = tempfile::tempdir().unwrap();
    let module = put(dir.path(), "counter.wasm", &counter(1));
    registry.load(&*module, options).unwrap();
    for _ in 0..2 {
        assert_eq!(next(&registry), (1, 1));
        assert_eq!(next(&registry), (2, 1));
        let trap = registry.call_raw("counter", "trap", b"").unwrap_err();
        assert_eq!(trap.code(), "trap");
        let health = registry.health("counter").unwrap();
        assert!(health.is_healthy());
        assert_eq!(health.failure.unwrap().code(), "trap");
    }
    assert_eq!(registry.status("counter").unwrap().figures.restarts, 2);
    registry.call_raw("counter", "trap", b"").unwrap_err();
    assert!(!registry.health("counter").unwrap().is_healthy());
    let refused = registry.call_raw("counter", "next", b"").unwrap_err();
    assert_eq!(refused.code(), "not_running");
    assert_eq!(refused.failure().unwrap().code(), "trap");

    registry.start("counter").unwrap();
    assert_eq!(next(&registry), (1, 1));
}

#[test]
fn a_stopped_plugin_refuses_calls_and_keeps_its_state() {
    let registry = Registry::new();
    let dir = tempfile::tempdir().unwrap();
    let module = put(dir.path(), "counter.wasm", &counter(1));
    let options = PluginOptions::new().without_start();
    registry.load(&*module, options).unwrap();
    let refused = registry.call_raw("counter", "next", b"").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the plugin `counter` is loaded; start it first"
    );
    registry.start("counter").unwrap();
    assert_eq!(next(&registry), (1, 1));
    registry.stop("counter").unwrap();
    registry.stop("counter").unwrap();
    let refused = registry.call_raw("counter", "next", b"").unwrap_err();
    assert_eq!(refused.code(), "not_running");
    // A stopped plugin can be replaced too.
    registry.reload("counter").unwrap();
    assert_eq!(
        registry.status("counter").unwrap().state,
        PluginState::Stopped
    );
    registry.start("counter").unwrap();
    assert_eq!(next(&registry), (2, 1));
    let figures = registry.status("counter").unwrap().figures;
    assert_eq!((figures.starts, figures.stops), (2, 1));
    assert!(figures.last_start.is_some() && figures.last_stop.is_some());
    registry.unload("counter").unwrap();
    assert_eq!(registry.list().len(), 0);
}

/// Returns a plugin whose hooks of these names trap, so that each of their calls is reported.
fn trapping(hooks: &[&str]) -> Source {
    let traps = hooks.iter().map(|hook| match *hook {
        "plugin_cleanup" => r#"(func (export "plugin_cleanup") unreachable)"#.to_owned(),
        hook => format!(r#"(func (export "{hook}") (result i64) unreachable)"#),
    });
    let rest = match hooks.contains(&"plugin_cleanup") {
        true => "",
        false => r#"(func (export "plugin_cleanup"))"#,
    };
    Source::wat(format!(
        r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
        (func (export "alloc") (param i32) (result i32) i32.const 1024)
        (func (export "free") (param i32 i32))
        (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0)
        (func (export "command_trap") (param i32 i32) (result i64) unreachable)
        {rest} {})"#,
        traps.collect::<String>()
    ))
}

/// Loads a plugin without starting it, changes it, and returns the number of hooks that trapped.
fn trapped(
    hooks: &[&str],
    options: PluginOptions,
    change: impl FnOnce(&Registry) -> Result<(), RegistryError>,
) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::with_config_dir(dir.path().join("configs"));
    let options = options.id("hooked").without_start();
    registry.load(trapping(hooks), options).unwrap();
    // A configuration cannot be saved, because there is a file in place of the folder.
    put(dir.path(), "configs", b"");
    let notices = registry.watch();
    let changed = change(&registry);
    let reported = notices.try_iter().filter(|notice| {
        matches!(notice, Notice::Failed { message, .. } if message.contains("unreachable"))
    });
    let failed = matches!(&changed, Err(RegistryError::Plugin(_)));
    reported.count() + usize::from(failed)
}

#[test]
fn every_instance_is_cleaned_up_and_only_started_ones_stop() {
    let one = PluginOptions::new;
    let several = || PluginOptions::new().instances(2);
    for options in [one, several as fn() -> _] {
        let unload = |registry: &Registry| registry.unload("hooked");
        assert_eq!(trapped(&["plugin_cleanup"], options(), unload), 1);
        assert_eq!(trapped(&["plugin_stop"], options(), unload), 0);
        let reload = |registry: &Registry| registry.reload("hooked");
        assert_eq!(trapped(&["plugin_cleanup"], options(), reload), 1);
        assert_eq!(trapped(&["plugin_stop"], options(), reload), 0);
        // The new instance cannot take over.
        let set_config = |registry: &Registry| registry.set_config("hooked", &json!({}));
        assert_eq!(trapped(&["plugin_cleanup"], options(), set_config), 1);
        assert_eq!(trapped(&["plugin_stop"], options(), set_config), 0);
    }
    // A pool is replaced when it starts for the first time, and when it has failed.
    let start = |registry: &Registry| registry.start("hooked");
    assert_eq!(trapped(&["plugin_cleanup"], several(), start), 1);
    assert_eq!(trapped(&["plugin_stop"], several(), start), 0);
}

#[test]
fn a_configuration_is_validated_saved_and_outlives_the_registry() {
    let dir = tempfile::tempdir().unwrap();
    let wasm = wasm_of("greeter");
    let load = |registry: &Registry| {
        let options = PluginOptions::new().config(json!({"greeting": "Hi"}));
        registry.load(Source::bytes(wasm.clone()), options)
    };
    let registry = Registry::with_config_dir(dir.path());
    load(&registry).unwrap();
    assert_eq!(greet(&registry, "Ada")["message"], "Hi, Ada!");

    let wrong = [
        (json!({"greeting": 7}), "invalid_argument"),
        (json!({"gretting": "Hey"}), "invalid_argument"),
        // The schema allows it, and the init hook does not.
        (json!({"greeting": " "}), "init_failed"),
    ];
    for (config, code) in wrong {
        let error = registry.set_config("greeter", &config).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(
            registry.config("greeter").unwrap(),
            json!({"greeting": "Hi"})
        );
    }
    assert_eq!(greet(&registry, "Ada")["message"], "Hi, Ada!");

    let hey = json!({"greeting": "Hey"});
    registry.set_config("greeter", &hey).unwrap();
    assert_eq!(greet(&registry, "Ada")["message"], "Hey, Ada!");

    let restarted = Registry::with_config_dir(dir.path());
    load(&restarted).unwrap();
    assert_eq!(restarted.config("greeter").unwrap(), hey);
    assert_eq!(greet(&restarted, "Ada")["message"], "Hey, Ada!");

    // A file that cannot be written keeps the old configuration everywhere.
    fs::remove_dir_all(dir.path()).unwrap();
    fs::write(dir.path(), "in the way").unwrap();
    let hello = json!({"greeting": "Hello"});
    let error = restarted.set_config("greeter", &hello).unwrap_err();
    assert_eq!(error.code(), "io");
    assert_eq!(restarted.config("greeter").unwrap(), hey);
    assert_eq!(greet(&restarted, "Ada")["message"], "Hey, Ada!");
}

#[test]
fn events_reach_the_plugins_that_handle_them() {
    let registry = Registry::new();
    for guest in ["listener", "served"] {
        let options = PluginOptions::new().setup(|_, plugin| plugin.grant_all());
        registry
            .load(Source::bytes(wasm_of(guest)), options)
            .unwrap();
    }
    let notices = registry.watch();
    registry
        .emit("user.created", json!({"name": "Ada"}))
        .unwrap();
    let heard: Vec<String> = registry.call("listener", "heard", ()).unwrap();
    assert_eq!(
        heard,
        ["created Ada", "user: user.created", "users: user.created"]
    );
    // A plugin's own event has reached the others once its call returns. The listener refuses its
    // data, which its emitter does not notice.
    let ada = json!({"name": "Ada"});
    registry.call::<()>("served", "announce", ada).unwrap();
    let notices: Vec<Notice> = notices.try_iter().collect();
    assert!(
        notices.iter().any(|notice| matches!(
            notice,
            Notice::Failed { id, message } if id == "listener" && message.contains("user.greeted")
        )),
        "{notices:?}"
    );
    let emitted = |wanted: &str| {
        let mut all = notices.iter();
        all.any(|notice| matches!(notice, Notice::Emitted { topic, .. } if topic == wanted))
    };
    assert!(
        emitted("user.created") && emitted("user.greeted"),
        "{notices:?}"
    );

    let error = registry.emit("user.*", ()).unwrap_err();
    assert_eq!(error.code(), "invalid_argument");
}

#[test]
fn instances_without_state_answer_side_by_side() {
    let registry = Registry::new();
    let source = Source::bytes(wasm_of("greeter"));
    let options = PluginOptions::new().instances(2);
    registry.load(source, options).unwrap();
    let both = std::sync::Barrier::new(2);
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                let greeting = registry.with_instance("greeter", |plugin| {
                    // Both calls are in progress at once, or this waits for ever.
                    both.wait();
                    plugin.call::<Value>("greet", json!({"name": "Ada"}))
                });
                assert_eq!(greeting.unwrap()["message"], "Hello, Ada!");
            });
        }
    });
    registry.reload("greeter").unwrap();
    assert_eq!(greet(&registry, "Ada")["message"], "Hello, Ada!");
    registry.stop("greeter").unwrap();
    registry.start("greeter").unwrap();
    assert_eq!(greet(&registry, "Ada")["message"], "Hello, Ada!");
    assert_eq!(registry.shut_down().len(), 0);
}

#[test]
fn log_lines_are_kept_and_reach_watchers() {
    let registry = Registry::new();
    let source = Source::bytes(wasm_of("guest-book"));
    let options = PluginOptions::new().setup(|_, plugin| plugin.grant_all());
    let notices = registry.watch();
    registry.load(source, options).unwrap();
    let ada = json!({"name": "Ada"});
    registry.call::<Value>("guest-book", "greet", ada).unwrap();
    let logged: Vec<_> = notices
        .try_iter()
        .filter_map(|notice| match notice {
            Notice::Logged { line, .. } => Some(line),
            _ => None,
        })
        .collect();
    assert_eq!(logged[0].message, "greeting Ada");
    assert_eq!(registry.logs("guest-book").unwrap(), logged);
}

/// The time limit of a call of `counter`.
const LIMIT: Duration = Duration::from_secs(10);

/// Returns whether a call was made at once, as one that is likely to be quick.
fn quick(registry: &Registry, limit: Duration) -> bool {
    let call = |plugin: &mut Plugin| plugin.call_raw("next", b"").map(<[u8]>::to_vec);
    match registry.with_instance_if_quick("counter", limit, call) {
        Ok(answer) => !answer.unwrap().is_empty(),
        Err(_) => false,
    }
}

/// Makes calls until one is made at once. On a busy machine, some are slow.
fn become_quick(registry: &Registry) {
    let tried = (0..10_000).any(|_| {
        next(registry);
        quick(registry, LIMIT)
    });
    assert!(tried, "no call was made at once");
}

#[test]
fn calls_after_many_quick_ones_are_made_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let module = put(dir.path(), "counter.wasm", &counter(1));
    for options in [PluginOptions::new(), PluginOptions::new().instances(2)] {
        let options = options.setup(|_, plugin| plugin.timeout(LIMIT));
        let registry = Registry::new();
        registry.load(module.as_path(), options).unwrap();
        assert!(!quick(&registry, LIMIT), "no call has been made yet");
        become_quick(&registry);
        assert!(!quick(&registry, LIMIT / 2), "the call may take longer");

        let slow = registry.with_instance("counter", |_| {
            std::thread::sleep(Duration::from_millis(2));
            Ok(())
        });
        slow.unwrap();
        assert!(!quick(&registry, LIMIT), "the last call was slow");
        become_quick(&registry);
        registry.stop("counter").unwrap();
        assert!(!quick(&registry, LIMIT), "the plugin does not run");
    }
}

#[test]
fn a_quick_call_does_not_wait_for_a_busy_plugin() {
    let dir = tempfile::tempdir().unwrap();
    let module = put(dir.path(), "counter.wasm", &counter(1));
    let registry = Registry::new();
    registry
        .load(module.as_path(), PluginOptions::new())
        .unwrap();
    become_quick(&registry);
    let made_meanwhile = registry.with_instance("counter", |_| {
        let elsewhere =
            std::thread::scope(|threads| threads.spawn(|| quick(&registry, LIMIT)).join());
        Ok(elsewhere.unwrap())
    });
    assert!(!made_meanwhile.unwrap());
}

#[test]
fn a_thousand_plugins_run_side_by_side() {
    const COUNT: usize = 1000;
    let dir = tempfile::tempdir().unwrap();
    let module = counter(1);
    for number in 0..COUNT {
        fs::write(dir.path().join(format!("p{number:03}.wasm")), &module).unwrap();
    }
    let registry = Registry::new();
    let loaded = registry
        .add_folder(dir.path(), PluginOptions::new())
        .unwrap();
    assert_eq!(loaded.len(), COUNT);
    for (number, id) in loaded.iter().enumerate() {
        assert_eq!(*id, format!("p{number:03}"));
        for count in 1..=2_u64 {
            let answer = registry.call_raw(id, "next", b"").unwrap();
            assert_eq!(answer[..8], count.to_le_bytes(), "{id} counts for itself");
        }
    }
    assert!(
        registry
            .list()
            .iter()
            .all(|plugin| plugin.state == PluginState::Running)
    );
    assert!(registry.refresh().is_empty());
    assert!(registry.shut_down().is_empty());
}
