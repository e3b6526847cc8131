//! Plugins in languages other than Rust (`tests/languages/`): compiled by their own compilers, run
//! by this harness and by Node, and validated by the tool.
//!
//! All of them are the same greeter, and must behave alike.
//!
//! `clients` tests the other side: hosts in other languages, as the tool writes them. `hostile` has
//! the kit that such hosts are tried on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "clients/mod.rs"]
mod clients;
#[path = "languages/hostile.rs"]
mod hostile;
#[path = "languages/hosts.rs"]
mod hosts_in_c;
mod support;
#[path = "languages/wasmedge.rs"]
mod wasmedge;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use plugin_sdk_harness::services::InjectedFault;
use plugin_sdk_harness::{Failure, Module, Plugin, PluginBuilder, hosts};
use serde_json::{Value, json};
use support::Folder;
use tempfile::TempDir;

/// A compiled plugin.
struct Guest {
    language: &'static str,
    file: PathBuf,
    module: Module,
    /// The file that its panics name, if they name one.
    source: Option<&'static str>,
}

/// The guests, compiled once per process.
struct Guests {
    all: Vec<Guest>,
    _folder: TempDir,
}

fn guests() -> &'static [Guest] {
    static GUESTS: OnceLock<Guests> = OnceLock::new();
    let guests = GUESTS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let out = |name: &str| folder.path().join(name);
        let guest = |language, file: PathBuf, source| Guest {
            language,
            module: Module::load(file.as_path())
                .unwrap_or_else(|failure| panic!("{language}: {failure}")),
            file,
            source,
        };
        let all = vec![
            guest("C", c(&out("c.wasm")), Some("c/greeter.c")),
            guest(
                "AssemblyScript",
                assemblyscript(&out("assemblyscript.wasm")),
                Some("greeter.ts"),
            ),
            guest("Go", go(&out("go.wasm"), folder.path()), None),
        ];
        Guests {
            all,
            _folder: folder,
        }
    });
    &guests.all
}

fn sources() -> PathBuf {
    Path::new(support::WORKSPACE).join("tests/languages")
}

/// The folder in which compilers keep their output.
fn cache(name: &str) -> PathBuf {
    support::target_dir().join("languages").join(name)
}

/// Returns the path of a program that set-up installs: from its variable, or the default path.
fn installed(variable: &str, place: &str) -> PathBuf {
    let named = std::env::var_os(variable).map(PathBuf::from);
    named.unwrap_or_else(|| support::target_dir().join(place))
}

fn python() -> Command {
    let place = if cfg!(windows) {
        "python/Scripts/python.exe"
    } else {
        "python/bin/python3"
    };
    Command::new(installed("PLUGIN_SDK_PYTHON", place))
}

/// Returns a command for a compiler in WebAssembly.
fn node(program: &Path) -> Command {
    let mut node = support::node_for_wasm();
    node.arg(program);
    node
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}\ntype `cargo xtask setup`"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}\n`cargo xtask setup` installs what it needs, and prints how to set where it is",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Writes a host's header, as the tool generates it, into a folder.
fn header(host: &str) -> Folder {
    let folder = Folder::new();
    let said = folder
        .run(&["header", "--host", host, "-o", "plugin_sdk.h"])
        .good();
    assert!(said.contains("plugin_sdk.h"), "{said}");
    folder
}

/// Returns a command for Zig's C or C++ compiler, with warnings as errors.
fn zig(compiler: &str) -> Command {
    let mut zig = lenient_zig(compiler);
    zig.args(["-Wall", "-Wextra", "-Werror"]);
    zig
}

fn lenient_zig(compiler: &str) -> Command {
    let mut zig = python();
    zig.args(["-m", "ziglang", compiler])
        .env("ZIG_GLOBAL_CACHE_DIR", cache("zig"))
        .env("ZIG_LOCAL_CACHE_DIR", cache("zig"));
    zig
}

fn c(out: &Path) -> PathBuf {
    let header = header("native");
    run(zig("cc")
        .current_dir(sources())
        .args([
            "-target",
            "wasm32-wasi",
            "-mexec-model=reactor",
            "-std=c11",
            "-Oz",
            "-s",
        ])
        .args([
            "-Wl,--no-entry",
            "-Wl,--export=plugin_abi_1",
            "-Wl,-z,stack-size=65536",
        ])
        .args(["-I.", "-I"])
        .arg(header.path())
        .args(["c/greeter.c", "c/json.c", "-o"])
        .arg(out));
    out.to_owned()
}

/// Returns a command for AssemblyScript's compiler.
fn asc() -> Command {
    node(&installed(
        "PLUGIN_SDK_ASC",
        "node/node_modules/assemblyscript/bin/asc.js",
    ))
}

fn assemblyscript(out: &Path) -> PathBuf {
    run(asc()
        .current_dir(sources().join("assemblyscript"))
        .args(["greeter.ts", "--runtime", "incremental", "-Oz"])
        .args([
            "--use",
            "abort=panic/note",
            "--transform",
            "./manifest.mjs",
            "--outFile",
        ])
        .arg(out));
    out.to_owned()
}

fn go(out: &Path, folder: &Path) -> PathBuf {
    let sources = sources().join("go");
    let [compiled, glue, merged] =
        ["compiled.wasm", "wasi.wasm", "merged.wasm"].map(|name| folder.join(name));
    run(python()
        .current_dir(&sources)
        .args([
            "-c",
            "from go import main; main()",
            "build",
            "-buildmode=c-shared",
            "-trimpath",
            "-ldflags=-s -w",
            "-o",
        ])
        .arg(&compiled)
        // It downloads nothing, and writes only into the target folder.
        .envs([
            ("GOOS", "wasip1"),
            ("GOARCH", "wasm"),
            ("GOPROXY", "off"),
            ("GOTOOLCHAIN", "local"),
            ("GOENV", "off"),
            ("GOFLAGS", ""),
        ])
        .env("GOCACHE", cache("go"))
        .env("GOPATH", cache("go-path"))
        .env("XDG_CONFIG_HOME", cache("go-settings")));
    let optimiser = installed(
        "PLUGIN_SDK_WASM_OPT",
        "node/node_modules/binaryen/bin/wasm-opt",
    );
    let binaryen = |program: &str| node(&optimiser.with_file_name(program));
    run(binaryen("wasm-as")
        .arg(sources.join("wasi.wat"))
        .args(["--enable-bulk-memory", "-o"])
        .arg(&glue));
    run(binaryen("wasm-merge")
        .arg(&compiled)
        .arg("go")
        .arg(&glue)
        .args([
            "wasi_snapshot_preview1",
            "--enable-bulk-memory",
            "--enable-sign-ext",
            "--enable-nontrapping-float-to-int",
            "-o",
        ])
        .arg(&merged));
    run(node(&sources.join("finish.mjs")).args([
        &merged,
        out,
        &sources.join("identity.jsonl"),
        &sources.join("../commands.jsonl"),
    ]));
    out.to_owned()
}

impl Guest {
    fn builder(&self) -> PluginBuilder {
        self.module.plugin()
    }

    fn plugin(&self) -> Plugin {
        self.builder()
            .grant("kv")
            .build()
            .unwrap_or_else(|failure| panic!("{}: {failure}", self.language))
    }
}

/// Runs a test's body on every guest.
fn each(test: impl Fn(&Guest)) {
    for guest in guests() {
        eprintln!("in {}", guest.language);
        test(guest);
    }
}

#[track_caller]
fn refused(plugin: &mut Plugin, command: &str, arguments: &[u8]) -> (String, Value) {
    let failure = plugin.call_raw(command, arguments).unwrap_err();
    code_and_details(&failure)
}

#[track_caller]
fn code_and_details(failure: &Failure) -> (String, Value) {
    let error = failure
        .plugin_error()
        .unwrap_or_else(|| panic!("{failure}"));
    assert!(!error.message().is_empty());
    (error.code().to_owned(), error.details().unwrap_or_default())
}

#[test]
fn greets_counts_and_takes_a_configuration() {
    each(|guest| {
        let mut plugin = Plugin::from_file(&guest.file).unwrap();
        let greeting: Value = plugin.call("greet", json!({"name": "Ada"})).unwrap();
        assert_eq!(greeting, json!({"message": "Hello, Ada!", "greeted": 1}));

        plugin.init(json!({"greeting": "Grüß Gott"})).unwrap();
        let greeting: Value = plugin
            .call("greet", json!({"times": 2, "name": "Ödön 東京 🎉"}))
            .unwrap();
        let message = "Grüß Gott, Ödön 東京 🎉!\nGrüß Gott, Ödön 東京 🎉!";
        assert_eq!(greeting, json!({"message": message, "greeted": 1}));
        let greeting: Value = plugin
            .call("greet", json!({"name": "Ada", "times": 0}))
            .unwrap();
        assert_eq!(greeting, json!({"message": "", "greeted": 2}));
        assert_eq!(plugin.call::<u64>("greeted", ()).unwrap(), 2);

        plugin.cleanup().unwrap();
        assert_eq!(plugin.call::<u64>("greeted", ()).unwrap(), 0);
        let greeting: Value = plugin.call("greet", json!({"name": "Ada"})).unwrap();
        assert_eq!(greeting["message"], "Hello, Ada!");
    });
}

#[test]
fn a_plugin_greets_before_it_is_initialised() {
    each(|guest| {
        let mut plugin = guest.builder().without_init().build().unwrap();
        let greeting: Value = plugin.call("greet", json!({"name": "Ada"})).unwrap();
        assert_eq!(greeting["message"], "Hello, Ada!");
    });
}

#[test]
fn every_text_that_json_can_hold_crosses_both_ways() {
    each(|guest| {
        let mut plugin = guest.plugin();
        let every: String = (0..0x300)
            .chain(0xffe0..0x10010)
            .filter_map(char::from_u32)
            .collect();
        for name in ["\0\"\\\n/\u{7f}", &every, &"é".repeat(1 << 19)] {
            let greeting: Value = plugin.call("greet", json!({"name": name})).unwrap();
            assert_eq!(
                greeting["message"].as_str(),
                Some(&*format!("Hello, {name}!"))
            );
        }
        let escaped = br#" { "name" : "\u0041\u00e9\ud83c\udf89\b\f\n\r\t\"\\\/" } "#;
        let greeting: Value =
            serde_json::from_slice(plugin.call_raw("greet", escaped).unwrap()).unwrap();
        assert_eq!(greeting["message"], "Hello, Aé🎉\u{8}\u{c}\n\r\t\"\\/!");
    });
}

#[test]
fn bad_json_is_an_error_with_its_code_and_the_plugin_lives_on() {
    let bad: [&[u8]; 16] = [
        b"{",
        b"[]",
        b"7",
        b"\"name\"",
        b"{\"name\"",
        b"{\"name\":",
        b"{\"name\":\"Ada\"",
        b"{\"name\":\"Ada\",}",
        b"{\"name\":\"Ada\"} x",
        b"{\"name\":\"\\x\"}",
        b"{\"name\":\"\n\"}",
        b"{\"name\":\"\xff\"}",
        b"{\"name\":\"\xed\xa0\x80\"}",
        b"{\"name\":\"\xc3",
        b"{\"times\":01,\"name\":\"Ada\"}",
        b"{name:\"Ada\"}",
    ];
    each(|guest| {
        let mut plugin = guest.plugin();
        for arguments in bad {
            let (code, details) = refused(&mut plugin, "greet", arguments);
            let arguments = String::from_utf8_lossy(arguments);
            assert_eq!(code, "invalid_json", "{}: {arguments}", guest.language);
            assert!(
                details["offset"].as_u64() <= Some(arguments.len() as u64),
                "{}: {details}",
                guest.language
            );
        }
        assert_eq!(plugin.call::<u64>("greeted", ()).unwrap(), 0);
    });
}

#[test]
fn arguments_that_are_missing_unknown_or_wrong_are_named() {
    each(|guest| {
        let mut plugin = guest.plugin();
        let mut refused =
            |arguments: Value| refused(&mut plugin, "greet", arguments.to_string().as_bytes());
        let (code, details) = refused(json!({"times": 2}));
        assert_eq!(
            (&*code, &details["argument"]),
            ("missing_argument", &json!("name"))
        );
        let (code, details) = refused(json!({"name": "Ada", "tmies": 2}));
        assert_eq!(
            (&*code, &details["argument"]),
            ("unknown_argument", &json!("tmies"))
        );
        assert_eq!(details["expected"], json!(["name", "times"]));
        for (path, arguments) in [
            ("name", json!({"name": 5})),
            ("name", json!({"name": ["Ada", {"or": "Grace"}]})),
            ("times", json!({"name": "Ada", "times": "twice"})),
            ("times", json!({"name": "Ada", "times": true})),
            ("times", json!({"name": "Ada", "times": 256})),
            ("times", json!({"name": "Ada", "times": -1})),
            ("times", json!({"name": "Ada", "times": 1.5})),
        ] {
            let (code, details) = refused(arguments);
            assert_eq!(
                (&*code, &details["path"]),
                ("invalid_argument", &json!(path)),
                "{}",
                guest.language
            );
        }
        let (code, _) = refused(json!({"name": ""}));
        assert_eq!(code, "name_empty");
        assert_eq!(plugin.call::<u64>("greeted", ()).unwrap(), 0);
    });
}

#[test]
fn a_configuration_that_fails_leaves_the_old_one_in_force() {
    each(|guest| {
        let mut plugin = guest
            .builder()
            .config(json!({"greeting": "Hi"}))
            .build()
            .unwrap();
        for (config, expected) in [
            (json!({"greeting": ""}), "init_failed"),
            (json!({"greting": "Hey"}), "invalid_argument"),
            (json!({"greeting": 1}), "invalid_argument"),
        ] {
            let (code, _) = code_and_details(&plugin.init(config).unwrap_err());
            assert_eq!(code, expected);
        }
        let greeting: Value = plugin.call("greet", json!({"name": "Ada"})).unwrap();
        assert_eq!(greeting["message"], "Hi, Ada!");
    });
}

#[test]
fn numbers_change_in_place_and_are_the_result() {
    each(|guest| {
        let mut plugin = guest.plugin();
        let mut numbers = [1.0f32, -3.0, 0.5].map(f32::to_le_bytes).concat();
        let expected = [0.5f32, -1.5, 0.25].map(f32::to_le_bytes).concat();
        assert_eq!(
            plugin.call_in_place("halve", &mut numbers).unwrap(),
            expected
        );
        assert_eq!(numbers, expected);
        assert_eq!(plugin.call_raw("halve", b"").unwrap(), b"");
        let (code, _) = refused(&mut plugin, "halve", b"not twelve");
        assert_eq!(code, "invalid_argument");
    });
}

#[test]
fn the_hosts_store_is_used_and_its_errors_are_passed_on() {
    each(|guest| {
        let mut plugin = guest.plugin();
        assert_eq!(plugin.call::<Option<String>>("last", ()).unwrap(), None);
        plugin
            .call::<()>("remember", json!({"name": "Ödön \"the\" König"}))
            .unwrap();
        assert_eq!(
            plugin.services().kv().bytes("last").unwrap(),
            "Ödön \"the\" König".as_bytes()
        );
        assert_eq!(
            plugin.call::<Option<String>>("last", ()).unwrap().unwrap(),
            "Ödön \"the\" König"
        );

        let mut plugin = guest.builder().build().unwrap();
        for (command, arguments) in [("remember", json!({"name": "Ada"})), ("last", json!({}))] {
            let failure = plugin.call::<Value>(command, arguments).unwrap_err();
            let (code, details) = code_and_details(&failure);
            assert_eq!(
                (&*code, &details["permission"]),
                ("permission_denied", &json!("kv")),
                "{}",
                guest.language
            );
        }
    });
}

#[test]
fn lines_go_to_the_hosts_log_as_detailed_as_it_wants_them() {
    each(|guest| {
        let mut plugin = guest.plugin();
        plugin
            .call::<Value>("greet", json!({"name": "Ada"}))
            .unwrap();
        let lines = plugin.services().logs().lines();
        let said: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["INFO greeter: greeting Ada"], "{}", guest.language);

        let quiet = plugin_sdk_harness::services::RecordedLog::new().level(log::LevelFilter::Warn);
        let mut plugin = guest.builder().logs(quiet).build().unwrap();
        plugin
            .call::<Value>("greet", json!({"name": "Ada"}))
            .unwrap();
        assert_eq!(
            plugin
                .host_calls()
                .iter()
                .filter(|call| call.function.ends_with("log_write"))
                .count(),
            0
        );
    });
}

/// Its runtime may ask for the time when no code of the guest can run, not even `alloc` for the
/// host's text.
#[test]
fn a_clock_that_fails_ends_gos_instance_in_order() {
    let go = guests()
        .iter()
        .find(|guest| guest.language == "Go")
        .unwrap();
    let mut plugin = go.plugin();
    let fault = InjectedFault::error("unavailable", "the clock has stopped");
    plugin.fault("time_monotonic", fault);
    let name = "x".repeat(50_000);
    let failure = (0..1000)
        .find_map(|_| plugin.call::<Value>("greet", json!({"name": name})).err())
        .expect("a garbage collector asks for the time");
    assert_eq!(failure.code(), "host_function", "{failure}");
    assert!(plugin.is_poisoned());
}

/// The line of a source file that panics.
fn line_of_the_panic(file: &Path) -> u32 {
    let text = std::fs::read_to_string(file).unwrap();
    let at = text
        .lines()
        .position(|line| line.contains("the line of the panic"));
    u32::try_from(at.unwrap()).unwrap() + 1
}

#[test]
fn a_panic_has_message_and_place_and_ends_the_instance() {
    each(|guest| {
        let mut plugin = guest.plugin();
        let failure = plugin
            .call::<()>("panic", json!({"message": "no, wé cannot"}))
            .unwrap_err();
        let panic = failure
            .panic()
            .unwrap_or_else(|| panic!("{}: {failure}", guest.language));
        match guest.source {
            Some(source) => {
                assert_eq!((&*panic.message, &*panic.file), ("no, wé cannot", source));
                let folder = sources().join(if source.contains('/') {
                    ""
                } else {
                    "assemblyscript"
                });
                assert_eq!(
                    panic.line,
                    line_of_the_panic(&folder.join(source)),
                    "{}",
                    guest.language
                );
            }
            // The only text of Go's runtime when it exits.
            None => {
                let line = line_of_the_panic(&sources().join("go/greeter.go"));
                assert!(
                    panic.message.starts_with("panic: no, wé cannot\n"),
                    "{}",
                    panic.message
                );
                assert!(
                    panic.message.contains(&format!("greeter.go:{line} ")),
                    "{}",
                    panic.message
                );
            }
        }
        assert!(plugin.is_poisoned());
        let failure = guest
            .plugin()
            .call::<()>("panic", json!({"message": "é".repeat(4000)}))
            .unwrap_err();
        let message = &failure.panic().unwrap().message;
        assert!(
            (900..=1024).contains(&message.len()),
            "{}: {} bytes",
            guest.language,
            message.len()
        );
        assert!(
            !message.contains('\u{fffd}'),
            "{}: cut within a character",
            guest.language
        );
    });
}

#[test]
fn thousands_of_calls_need_no_more_memory_than_a_few_hundred() {
    each(|guest| {
        let mut plugin = guest.plugin();
        let large = "x".repeat(50_000);
        let mut rounds = |rounds: u32| {
            for _ in 0..rounds {
                plugin
                    .call::<Value>("greet", json!({"name": "Ada"}))
                    .unwrap();
                plugin
                    .call::<Value>("greet", json!({"name": large}))
                    .unwrap();
                refused(&mut plugin, "greet", b"{");
                plugin
                    .call::<()>("remember", json!({"name": large}))
                    .unwrap();
                plugin.call::<String>("last", ()).unwrap();
                plugin.call_raw("halve", &[0; 4000]).unwrap();
            }
            plugin.memory_bytes()
        };
        let before = rounds(40);
        // A garbage collector may use a page more; text that leaked in each round would be 15 MB.
        let collected = if guest.language == "Go" { 1 << 20 } else { 0 };
        assert!(rounds(300) <= before + collected, "{}", guest.language);
    });
}

#[test]
fn each_guest_matches_its_manifest() {
    each(|guest| {
        assert_eq!(guest.module.warnings(), [], "{}", guest.language);
        let manifest = guest.module.manifest().unwrap();
        assert_eq!(
            manifest.id,
            format!("greeter-{}", guest.language.to_lowercase())
        );
        let described: Vec<&str> = manifest
            .commands
            .iter()
            .map(|command| &*command.name)
            .collect();
        assert_eq!(described.len(), guest.module.commands().len());

        let folder = Folder::new().with("greeter.wasm", std::fs::read(&guest.file).unwrap());
        let validation =
            support::parsed(&folder.run(&["--json", "validate", "greeter.wasm"]).good());
        assert_eq!(validation["passed"], true, "{validation}");
        let called = folder
            .run(&[
                "call",
                "greeter.wasm",
                "greet",
                "--name",
                "Ada",
                "--times",
                "2",
            ])
            .good();
        assert_eq!(
            support::parsed(&called)["message"],
            "Hello, Ada!\nHello, Ada!"
        );
    });
}

/// Runs calls in Node's engine, in both styles of ownership.
fn in_node(guest: &Guest, calls: &[Value]) -> Vec<Value> {
    let lines: String = calls.iter().map(|call| format!("{call}\n")).collect();
    let [keeping, freeing] = ["keep", "free"].map(|style| {
        let mut host = node(&Path::new(support::WORKSPACE).join("tests/hosts/host.mjs"))
            .args([guest.file.as_os_str(), &OsString::from(style)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        host.stdin
            .take()
            .unwrap()
            .write_all(lines.as_bytes())
            .unwrap();
        let output = host.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", guest.language);
        let mut answers: Vec<Value> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(support::parsed)
            .collect();
        assert!(answers.pop().unwrap()["memory"].is_u64());
        answers
    });
    assert_eq!(keeping, freeing, "{}", guest.language);
    keeping
}

#[test]
fn node_gets_the_same_answers_whether_it_frees_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let numbers = [1.0f32, -3.0].map(f32::to_le_bytes).concat();
    std::fs::write(folder.path().join("in"), numbers).unwrap();
    let call = |export: &str, arguments: Value| json!({"export": export, "json": arguments});
    let halve = json!({"export": "command_halve", "in": folder.path().join("in"), "out": folder.path().join("out")});
    let calls = [
        call("plugin_init", json!({"greeting": "Hi"})),
        call("command_greet", json!({"name": "Ödön", "times": 2})),
        call("command_greet", json!({"name": ""})),
        halve.clone(),
        call("command_remember", json!({"name": "Ödön"})),
        json!({"export": "command_last"}),
        halve,
        json!({"export": "command_greeted"}),
        call("command_nobody", json!({})),
    ];
    each(|guest| {
        let mut answers = in_node(guest, &calls);
        assert_eq!(answers.remove(2)["error"]["code"], "name_empty");
        assert_eq!(answers.pop().unwrap()["error"]["code"], "unknown_command");
        let greeting = json!({"message": "Hi, Ödön!\nHi, Ödön!", "greeted": 1});
        let expected = [
            json!({"json": null}),
            json!({"json": greeting, "log": ["3 greeter: greeting Ödön"]}),
            json!({"bytes": 8}),
            json!({"json": null}),
            json!({"json": "Ödön"}),
            json!({"bytes": 8}),
            json!({"json": 1}),
        ];
        assert_eq!(answers, expected, "{}", guest.language);
        let halved = [0.5f32, -1.5].map(f32::to_le_bytes).concat();
        assert_eq!(std::fs::read(folder.path().join("out")).unwrap(), halved);
    });
}

#[test]
fn a_call_within_a_call_is_refused_and_changes_nothing() {
    let within = |export: &str| json!({"export": "command_greet", "json": {"name": "Ada"}, "within": export});
    let exports = [
        "command_greeted",
        "command_greet",
        "command_halve",
        "plugin_init",
    ];
    let calls: Vec<Value> = exports.map(within).into();
    each(|guest| {
        for (nth, answer) in in_node(guest, &calls).iter().enumerate() {
            assert_eq!(answer["json"]["greeted"], nth + 1, "{}", guest.language);
            assert_eq!(answer["log"][0], "3 greeter: greeting Ada");
            assert_eq!(
                answer["log"][1]["error"]["code"], "busy",
                "{}, {}: {answer}",
                guest.language, exports[nth]
            );
        }
    });
}

/// Compiles for WebAssembly without a C library, and for this machine, where unit tests run.
#[test]
fn each_header_compiles_alone_in_c_and_cpp_without_warnings() {
    for host in hosts::all() {
        let header = header(host.name);
        header.write("header.c", "#include \"plugin_sdk.h\"\n");
        header.write("header.cpp", "#include \"plugin_sdk.h\"\n");
        for target in [&["-target", "wasm32-freestanding"][..], &[]] {
            for (compiler, standard, source) in [
                ("cc", "-std=c11", "header.c"),
                ("c++", "-std=c++17", "header.cpp"),
            ] {
                run(zig(compiler)
                    .current_dir(header.path())
                    .args(target)
                    .args([standard, "-Wpedantic", "-ffreestanding", "-c"])
                    .args([source, "-o", "header.o"]));
            }
        }
    }
}

#[test]
fn header_has_json_output_and_refuses_unknown_hosts() {
    let folder = Folder::new();
    let printed = folder.run(&["header"]).good();
    let output = support::parsed(&folder.run(&["--json", "header", "--host", "native"]).good());
    assert_eq!(output["header"], printed);
    assert_eq!(output["host"], "native");
    let complaint = folder.run(&["header", "--host", "nothing"]).bad(2);
    assert!(complaint.contains("native"), "{complaint}");
    let complaint = folder.run(&["header", "-o", "no/such/folder.h"]).bad(3);
    assert!(
        complaint.contains("cannot write `no/such/folder.h`"),
        "{complaint}"
    );
}

/// Returns the table in `docs/languages.md`.
#[test]
fn the_documented_sizes_are_those_of_the_modules() {
    let page =
        std::fs::read_to_string(Path::new(support::WORKSPACE).join("docs/languages.md")).unwrap();
    for guest in guests() {
        let kibibytes = guest.module.size() as f64 / 1024.0;
        let row = format!("| {} | {kibibytes:.0} KiB |", guest.language);
        assert!(
            page.contains(&row),
            "docs/languages.md has no row that begins: {row}"
        );
    }
}

/// A sample from a host's guide, in `tests/languages/guides`.
struct Sample {
    wasm: Vec<u8>,
}

impl Sample {
    fn of(compiler: &mut Command, host: &str, sources: &[&str], to: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sample.wasm");
        let place = self::sources().join("guides").join(host);
        run(compiler.current_dir(place).args(sources).arg(to).arg(&file));
        Sample {
            wasm: std::fs::read(file).unwrap(),
        }
    }

    fn c(host: &str, sources: &[&str]) -> Self {
        let mut zig = lenient_zig("cc");
        zig.args(["-target", "wasm32-wasi", "-mexec-model=reactor", "-std=c11"])
            // Functions without a module in the guide's C become imports.
            .args(["-Oz", "-Wl,--no-entry", "-Wl,--import-symbols"]);
        Self::of(&mut zig, host, sources, "-o")
    }

    fn assemblyscript(host: &str, source: &str) -> Self {
        let mut asc = asc();
        // Like the guide's command line, without the import that reports a trap: the guide's hosts
        // do not have it.
        asc.args(["-O3z", "--runtime", "incremental", "--use", "abort="]);
        Self::of(&mut asc, host, &[source], "--outFile")
    }

    fn builder(&self) -> PluginBuilder {
        Plugin::builder(&self.wasm[..])
    }

    /// Returns the output of `cargo plugin validate`.
    fn validated(&self, host: &str) -> (i32, String) {
        let folder = Folder::new().with("sample.wasm", &self.wasm);
        folder
            .run(&["validate", "sample.wasm", "--host", host])
            .said()
    }
}

#[test]
fn the_sample_in_c_of_ciss_readme_remembers_plain_text() {
    let sample = Sample::c("cis", &["example.c", "skill.c"]);
    assert_eq!(sample.validated("cis").0, 0);
    let plugin = sample
        .builder()
        .grant("kv")
        .build_for(hosts::cis())
        .unwrap();
    assert_eq!(plugin.services().kv().bytes("my_key").unwrap(), b"my_value");
    let asked = plugin.host_calls();
    let answer = asked
        .iter()
        .find(|call| call.function == "env.host_memory_get");
    let value = answer.unwrap().outcome.clone().unwrap().unwrap();
    assert!(value.contains("my_value"), "{value}");
    let lines = plugin.services().logs().lines();
    assert_eq!(lines[0].to_string(), "INFO cis: Hello from WASM!");
    plugin.finish().unwrap();
}

#[test]
fn neotalks_assemblyscript_sample_runs_with_an_allocator() {
    let sample = Sample::assemblyscript("neotalk", "index.ts");
    let (code, said) = sample.validated("neotalk");
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("! the module exports no `neotalk_alloc`"),
        "{said}"
    );
    let stopped = sample.builder().build_for(hosts::neotalk()).unwrap_err();
    assert!(stopped.message().contains("`neotalk_alloc`"), "{stopped}");

    let sample = Sample::assemblyscript("neotalk", "with-memory.ts");
    assert!(!sample.validated("neotalk").1.contains("neotalk_alloc"));
    let mut plugin = sample.builder().build_for(hosts::neotalk()).unwrap();
    for (command, answer) in [
        ("ping", json!({"status": "pong"})),
        ("add", json!({"result": 42})),
        ("subtract", json!({"error": "unknown command"})),
    ] {
        assert_eq!(plugin.call::<Value>(command, json!({})).unwrap(), answer);
    }
    plugin.finish().unwrap();
}

/// The size of `AudioBuffer` in the guide's `host.h`: 8 channels of 4096 samples, then 3 numbers.
fn audio_buffer(samples: &[f32], [sample_rate, channels, frames]: [i32; 3]) -> Vec<u8> {
    let mut data = vec![0.0_f32; 8 * 4096];
    data[..samples.len()].copy_from_slice(samples);
    let numbers = [sample_rate, channels, frames];
    let data = data.into_iter().flat_map(f32::to_le_bytes);
    data.chain(numbers.into_iter().flat_map(i32::to_le_bytes))
        .collect()
}

#[test]
fn musicfoxs_c_sample_filters_with_all_imports() {
    // The guide's host resolves imports by position, and cannot load the guide's sample.
    let alone = Sample::c("musicfox", &["main.c", "host.c"]);
    let failure = alone.builder().build_for(hosts::musicfox()).unwrap_err();
    assert_eq!(failure.code(), "contract_violation", "{failure}");
    assert!(
        failure.message().contains("it imports host_log"),
        "{failure}"
    );

    let sample = Sample::c("musicfox", &["main.c", "host.c", "imports.c"]);
    let (code, said) = sample.validated("musicfox");
    assert_eq!(code, 0, "{said}");
    let mut plugin = sample.builder().build_for(hosts::musicfox()).unwrap();
    plugin.start().unwrap();
    let samples = [1.0, 0.5, -1.0];
    let block = audio_buffer(&samples, [44_100, 1, 3]);
    let filtered = plugin.call_raw("process_audio", &block).unwrap();
    assert_eq!(filtered.len(), block.len());
    // The sample begins with a low-pass filter at 1 kHz.
    let alpha = 1000.0_f32 / 22_050.0;
    let mut previous = 0.0;
    for (sample, found) in samples.into_iter().zip(filtered.as_chunks().0) {
        previous = alpha * sample + (1.0 - alpha) * previous;
        let found = f32::from_le_bytes(*found);
        assert!((found - previous).abs() < 1e-6, "{found} and {previous}");
    }
    plugin.stop().unwrap();
    let logs = plugin.services().logs().clone();
    plugin.finish().unwrap();
    for line in ["initialized", "started", "stopped", "cleaned up"] {
        assert!(
            logs.contains(&format!("Audio filter plugin {line}")),
            "{line}"
        );
    }
}
