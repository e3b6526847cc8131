//! One plugin on every host: everything that a plugin can do is done on each of them. The results
//! are the table in `docs/hosts/conformance.md`.
//!
//! A cell of the table has one of three values. *Passed*: the behaviour is the same as on the host
//! of the SDK's own ABI. *Unsupported*: the host lacks the service, and the plugin gets an error of
//! that code. A number: the behaviour does not apply to the host, by one of the [`RULES`] listed
//! below the table. A rule for something that works is an error as well.
//!
//! `UPDATE_CONFORMANCE=1 cargo test --workspace --test conformance` rewrites the table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use plugin_sdk::log::Level;
use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::services::{AllowList, MemoryFiles, ScriptedAi, ScriptedHttp};
use plugin_sdk_harness::{CrateSource, Failure, FailureKind, Plugin, PluginBuilder, Source};
use plugin_sdk_tests::Build;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A behaviour of a plugin, and what it requires of its host.
struct Behaviour {
    name: &'static str,
    asks: Asks,
    check: fn(&Host),
}

/// The requirements of a behaviour.
enum Asks {
    /// Nothing that a rule could exclude.
    Nothing,
    /// A feature that not every host has, by its name in the rules.
    This(&'static str),
    /// A service: if the host lacks it, these calls must fail with the code `unsupported`.
    Service(&'static str, fn() -> Vec<(&'static str, Value)>),
}

use Asks::{Nothing, Service, This};

/// A feature that a host lacks for every plugin, with the reason.
struct Rule {
    host: &'static str,
    asked: &'static [&'static str],
    why: &'static str,
}

/// The only reasons for which a cell is not applicable.
const RULES: &[Rule] = &[
    Rule {
        host: "cis",
        asked: &["a configuration", "another configuration"],
        why: "CIS passes no configuration to skills",
    },
    Rule {
        host: "cis",
        asked: &["start and stop"],
        why: "CIS has no start and stop: a skill starts when initialised, and stops when shut down",
    },
    Rule {
        host: "neotalk",
        asked: &["start and stop"],
        why: "NeoTalk has no start and stop: a plugin starts when initialised, and stops when cleaned up",
    },
    Rule {
        host: "neotalk",
        asked: &["events in"],
        why: "NeoTalk has no events",
    },
    Rule {
        host: "toolfs",
        asked: &["start and stop", "events in", "an observable cleanup"],
        why: "ToolFS only initialises a plugin and passes requests to it",
    },
    Rule {
        host: "toolfs",
        asked: &["a log"],
        why: "ToolFS has no log: lines are discarded",
    },
    Rule {
        host: "neomind",
        asked: &["a configuration", "another configuration"],
        why: "NeoMind's runner passes no configuration to plugins",
    },
    Rule {
        host: "neomind",
        asked: &["start and stop", "events in", "an observable cleanup"],
        why: "NeoMind's runner calls only commands",
    },
    Rule {
        host: "neomind",
        asked: &["state", "a dead instance"],
        why: "NeoMind's runner creates an instance for every call",
    },
    Rule {
        host: "neomind",
        asked: &["arguments of 1 MiB"],
        why: "NeoMind's runner writes arguments over the unused stack, of 1 MiB; larger ones are refused",
    },
    Rule {
        host: "neomind",
        asked: &["a result of 1 MiB"],
        why: "NeoMind's runner reads at most 65535 bytes; instead of a longer answer there is an error",
    },
    Rule {
        host: "neomind",
        asked: &["arguments as text"],
        why: "NeoMind's runner takes values, not text, and writes the JSON itself",
    },
    Rule {
        host: "typst",
        asked: &["start and stop", "events in", "an observable cleanup"],
        why: "Typst only calls a plugin's functions",
    },
    Rule {
        host: "typst",
        asked: &["state", "a dead instance"],
        why: "Typst does not guarantee which instance serves a call",
    },
    Rule {
        host: "typst",
        asked: &["a log"],
        why: "Typst has no log: lines are discarded",
    },
];

/// Returns the services that a host has, in full or in part.
fn services(host: &str) -> &'static [&'static str] {
    match host {
        "native" => &[
            "plain bytes",
            "log",
            "kv",
            "config",
            "events out",
            "http get",
            "http post",
            "http body",
            "time",
            "random",
            "files",
            "ai",
        ],
        "neotalk" => &["log", "config", "http get", "http post", "time", "random"],
        "cis" => &["plain bytes", "log", "kv", "http post", "http body", "ai"],
        "musicfox" => &[
            "log",
            "config",
            "events out",
            "http get",
            "http post",
            "http body",
            "files",
        ],
        "extism" => &[
            "plain bytes",
            "log",
            "kv",
            "config",
            "http get",
            "http post",
            "http body",
        ],
        "neomind" => &["log", "events out", "time"],
        "toolfs" => &["plain bytes", "files"],
        "typst" => &["plain bytes"],
        other => panic!("the services of the host `{other}` are not listed"),
    }
}

/// A host, and the plugin as built for it.
struct Host {
    contract: &'static HostContract,
}

impl Host {
    /// Returns a builder with all permissions, answers to all requests, and ample fuel: fuel has
    /// its own behaviour.
    fn builder(&self) -> PluginBuilder {
        let http = ScriptedHttp::new(AllowList::any())
            .answer_to("GET *", "a page")
            .answer_to("POST *", "grüße zurück");
        Plugin::builder(guest(self.contract))
            .fuel(1 << 40)
            .grant_all()
            .http(http)
            .ai(ScriptedAi::new().answer_to("*weather*", "It rains."))
            .files(MemoryFiles::new().read_write("data"))
    }

    fn build(&self, builder: PluginBuilder) -> Result<Plugin, Failure> {
        builder.build_for(self.contract)
    }

    fn plugin(&self) -> Plugin {
        self.build(self.builder()).unwrap()
    }

    fn call<R: DeserializeOwned>(&self, command: &str, arguments: Value) -> Result<R, Failure> {
        self.plugin().call(command, arguments)
    }
}

/// Returns the guest, optimised if the host's fuel limit requires it.
fn guest(host: &HostContract) -> CrateSource {
    let profile = match host.name {
        "neomind" => "guest",
        _ => "dev",
    };
    Source::crate_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/guests/conformance")).profile(profile)
}

#[track_caller]
fn fails<T: std::fmt::Debug>(outcome: Result<T, Failure>, code: &str) -> Failure {
    let failure = outcome.unwrap_err();
    assert_eq!(failure.code(), code, "{failure}");
    failure
}

/// The behaviours, in the order of the table.
const BEHAVIOURS: &[Behaviour] = &[
    Behaviour {
        name: "a command is called and returns a result",
        asks: Nothing,
        check: |host| {
            let sum: i64 = host.call("add", json!({"left": 2, "right": -5})).unwrap();
            assert_eq!(sum, -3);
        },
    },
    Behaviour {
        name: "a missing argument gets its default",
        asks: Nothing,
        check: |host| assert_eq!(host.call::<i64>("add", json!({"left": 2})).unwrap(), 3),
    },
    Behaviour {
        name: "a plugin's error keeps its code and message",
        asks: This("errors"),
        check: |host| {
            let failure = fails(
                host.call::<i64>("add", json!({"left": i64::MAX})),
                "overflow",
            );
            assert_eq!(
                failure.plugin_error().unwrap().message(),
                "the sum is too large"
            );
        },
    },
    Behaviour {
        name: "a plugin continues after an error",
        asks: Nothing,
        check: |host| {
            let mut plugin = host.plugin();
            plugin
                .call::<i64>("add", json!({"left": i64::MAX}))
                .unwrap_err();
            assert_eq!(plugin.call::<i64>("add", json!({"left": 1})).unwrap(), 2);
        },
    },
    Behaviour {
        name: "arguments that are not JSON are an error with their position",
        asks: This("arguments as text"),
        check: |host| {
            let failure = fails(
                host.plugin().call_raw("add", br#"{"left": 1,"#),
                "invalid_json",
            );
            assert!(failure.plugin_error().is_some(), "{failure}");
        },
    },
    Behaviour {
        name: "an argument of the wrong type is an error that names it",
        asks: This("errors"),
        check: |host| {
            let failure = fails(
                host.call::<i64>("add", json!({"left": "two"})),
                "invalid_argument",
            );
            assert!(failure.message().contains("left"), "{failure}");
        },
    },
    Behaviour {
        name: "a missing required argument is an error that names it",
        asks: This("errors"),
        check: |host| {
            let failure = fails(
                host.call::<i64>("add", json!({"right": 1})),
                "missing_argument",
            );
            assert!(failure.message().contains("left"), "{failure}");
        },
    },
    Behaviour {
        name: "an unknown argument is an error that names it",
        asks: This("errors"),
        check: |host| {
            let failure = fails(
                host.call::<i64>("add", json!({"left": 1, "middle": 1})),
                "unknown_argument",
            );
            assert!(failure.message().contains("middle"), "{failure}");
        },
    },
    Behaviour {
        name: "an unknown command is an error that names it",
        asks: This("errors"),
        check: |host| {
            let failure = fails(
                host.plugin().call::<i64>("multiply", json!({})),
                "unknown_command",
            );
            assert!(failure.message().contains("multiply"), "{failure}");
        },
    },
    Behaviour {
        name: "a command without arguments can be called without any",
        asks: Nothing,
        check: |host| {
            let mut plugin = host.plugin();
            assert_eq!(plugin.call::<Value>("greeting", ()).unwrap(), Value::Null);
            assert_eq!(
                plugin.call::<Value>("greeting", json!({})).unwrap(),
                Value::Null
            );
        },
    },
    Behaviour {
        name: "no value and empty text are results",
        asks: Nothing,
        check: |host| {
            let mut plugin = host.plugin();
            assert_eq!(plugin.call::<Value>("nothing", ()).unwrap(), Value::Null);
            assert_eq!(
                plugin.call::<String>("echo", json!({"text": ""})).unwrap(),
                ""
            );
        },
    },
    Behaviour {
        name: "arguments of 1 MiB arrive",
        asks: This("arguments of 1 MiB"),
        check: |host| {
            let text = "ä".repeat(1 << 19);
            let len: usize = host.call("length", json!({"text": text})).unwrap();
            assert_eq!(len, 1 << 20);
        },
    },
    Behaviour {
        name: "a result of 1 MiB arrives",
        asks: This("a result of 1 MiB"),
        check: |host| {
            let text: String = host
                .call("repeat", json!({"text": "ä", "times": 1 << 19}))
                .unwrap();
            assert!(text == "ä".repeat(1 << 19));
        },
    },
    Behaviour {
        name: "every character arrives and returns unchanged",
        asks: Nothing,
        check: |host| {
            let mut plugin = host.plugin();
            for text in [
                "grüße, мир, 世界",
                "👩\u{200d}🚀😀",
                "\0",
                "\u{1}\u{1f}\u{7f}\u{85}\u{2028}",
                "\"\\/",
                "\u{ffff}\u{10ffff}",
                "{\"a\":1}",
            ] {
                assert_eq!(
                    plugin
                        .call::<String>("echo", json!({"text": text}))
                        .unwrap(),
                    text
                );
            }
        },
    },
    Behaviour {
        name: "plain bytes arrive and are returned",
        asks: Service("plain bytes", || vec![("reverse", json!({}))]),
        check: |host| {
            let mut plugin = host.plugin();
            let bytes: Vec<u8> = (0..=255).collect();
            let mut reversed = bytes.clone();
            reversed.reverse();
            assert_eq!(plugin.call_raw("reverse", &bytes).unwrap(), reversed);
            assert_eq!(plugin.call_raw("reverse", b"").unwrap(), b"");
        },
    },
    Behaviour {
        name: "the configuration reaches the init hook",
        asks: This("a configuration"),
        check: |host| {
            let builder = host.builder().config(json!({"greeting": "Grüße"}));
            let mut plugin = host.build(builder).unwrap();
            let greeting: String = plugin.call("greeting", ()).unwrap();
            assert_eq!(greeting, "Grüße");
        },
    },
    Behaviour {
        name: "a plugin that refuses its configuration is not used, and the reason is reported",
        asks: This("a configuration"),
        check: |host| {
            let builder = host.builder().config(json!({"refuse": true}));
            let failure = host.build(builder).unwrap_err();
            assert!(failure.to_string().contains("asked to refuse"), "{failure}");
        },
    },
    Behaviour {
        name: "a second initialisation replaces the configuration and the state",
        asks: This("another configuration"),
        check: |host| {
            let mut plugin = host.plugin();
            plugin.call::<u64>("count", ()).unwrap();
            plugin.init(json!({"greeting": "Hello"})).unwrap();
            assert_eq!(plugin.call::<String>("greeting", ()).unwrap(), "Hello");
            assert_eq!(plugin.call::<u64>("count", ()).unwrap(), 1);
        },
    },
    Behaviour {
        name: "state is kept from call to call",
        asks: This("state"),
        check: |host| {
            let mut plugin = host.plugin();
            let counts: Vec<u64> = (0..3).map(|_| plugin.call("count", ()).unwrap()).collect();
            assert_eq!(counts, [1, 2, 3]);
        },
    },
    Behaviour {
        name: "the start and stop hooks are called",
        asks: This("start and stop"),
        check: |host| {
            let mut plugin = host.plugin();
            assert!(!plugin.call::<bool>("is_running", ()).unwrap());
            plugin.start().unwrap();
            assert!(plugin.call::<bool>("is_running", ()).unwrap());
            plugin.stop().unwrap();
            assert!(!plugin.call::<bool>("is_running", ()).unwrap());
        },
    },
    Behaviour {
        name: "the host's events reach the handlers of their topics",
        asks: This("events in"),
        check: |host| {
            let mut plugin = host.plugin();
            plugin.event("conformance.one", "ä").unwrap();
            plugin.event("another.topic", "b").unwrap();
            plugin.event("conformance.two", "c").unwrap();
            let heard: Vec<String> = plugin.call("heard", ()).unwrap();
            assert_eq!(heard, ["conformance.one: ä", "conformance.two: c"]);
        },
    },
    Behaviour {
        name: "the cleanup hook is called",
        asks: This("an observable cleanup"),
        check: |host| {
            let mut plugin = host.plugin();
            plugin.call::<u64>("count", ()).unwrap();
            plugin.cleanup().unwrap();
            assert!(plugin.services().logs().contains("cleaned up"));
        },
    },
    Behaviour {
        name: "log lines arrive, each with its level",
        asks: This("a log"),
        check: |host| {
            let mut plugin = host.plugin();
            plugin.call::<()>("log_lines", ()).unwrap();
            let lines = plugin.services().logs().lines();
            let level = |text: &str| {
                let line = lines.iter().find(|line| line.message.ends_with(text));
                line.unwrap_or_else(|| panic!("no line ends with `{text}`: {lines:?}"))
                    .level
            };
            assert_eq!(level("an error"), Level::Error);
            assert_eq!(level("a warning"), Level::Warn);
            assert_eq!(level("a piece of information"), Level::Info);
            // Not every host has a level for details, but every host reports them at `info` or
            // below.
            assert!(level("a detail") >= Level::Info);
        },
    },
    Behaviour {
        name: "values are stored, read and deleted by key",
        asks: Service("kv", || {
            vec![
                ("remember", json!({"key": "a", "text": "b"})),
                ("recall", json!({"key": "a"})),
                ("forget", json!({"key": "a"})),
            ]
        }),
        check: |host| {
            let mut plugin = host.plugin();
            plugin
                .call::<()>("remember", json!({"key": "name", "text": "Ada"}))
                .unwrap();
            assert_eq!(
                plugin
                    .call::<String>("recall", json!({"key": "name"}))
                    .unwrap(),
                "Ada"
            );
            assert_eq!(
                plugin
                    .call::<Value>("recall", json!({"key": "other"}))
                    .unwrap(),
                Value::Null
            );
            assert!(
                plugin
                    .call::<bool>("forget", json!({"key": "name"}))
                    .unwrap()
            );
            assert_eq!(
                plugin
                    .call::<Value>("recall", json!({"key": "name"}))
                    .unwrap(),
                Value::Null
            );
        },
    },
    Behaviour {
        name: "a setting is read by its key",
        asks: Service("config", || vec![("setting", json!({"key": "greeting"}))]),
        check: |host| {
            let builder = host.builder().config(json!({"greeting": "Grüße"}));
            let mut plugin = host.build(builder).unwrap();
            assert_eq!(
                plugin
                    .call::<String>("setting", json!({"key": "greeting"}))
                    .unwrap(),
                "Grüße"
            );
            assert_eq!(
                plugin
                    .call::<Value>("setting", json!({"key": "other"}))
                    .unwrap(),
                Value::Null
            );
        },
    },
    Behaviour {
        name: "the plugin's events reach the host",
        asks: Service("events out", || vec![("tell", json!({"text": "a"}))]),
        check: |host| {
            let mut plugin = host.plugin();
            plugin.call::<()>("tell", json!({"text": "grüße"})).unwrap();
            let emitted = plugin.services().events().emitted();
            assert_eq!(
                (emitted[0].topic.as_str(), &emitted[0].data),
                ("conformance.told", &json!("grüße"))
            );
        },
    },
    Behaviour {
        name: "a GET request is sent, and its status returned",
        asks: Service("http get", || {
            vec![(
                "send",
                json!({"method": "GET", "url": "https://example.org/a", "body": ""}),
            )]
        }),
        check: |host| {
            let mut plugin = host.plugin();
            let request = json!({"method": "GET", "url": "https://example.org/a", "body": ""});
            assert_eq!(plugin.call::<u16>("send", request).unwrap(), 200);
            assert_eq!(
                plugin.services().http().requests()[0].url,
                "https://example.org/a"
            );
        },
    },
    Behaviour {
        name: "a POST request is sent, and its status returned",
        asks: Service("http post", || {
            vec![(
                "send",
                json!({"method": "POST", "url": "https://example.org/a", "body": "b"}),
            )]
        }),
        check: |host| {
            let mut plugin = host.plugin();
            let request =
                json!({"method": "POST", "url": "https://example.org/a", "body": "grüße"});
            assert_eq!(plugin.call::<u16>("send", request).unwrap(), 200);
            assert_eq!(
                plugin.services().http().requests()[0].body,
                "grüße".as_bytes()
            );
        },
    },
    Behaviour {
        name: "the body of a response is read",
        asks: Service("http body", || {
            vec![("post", json!({"url": "https://example.org/a", "body": "b"}))]
        }),
        check: |host| {
            let request = json!({"url": "https://example.org/a", "body": "b"});
            assert_eq!(
                host.call::<String>("post", request).unwrap(),
                "grüße zurück"
            );
        },
    },
    Behaviour {
        name: "the time of day is read",
        asks: Service("time", || vec![("now", json!({}))]),
        check: |host| {
            let mut plugin = host.plugin();
            plugin
                .services()
                .clock()
                .advance(Duration::from_millis(1234));
            let now: u64 = plugin.call("now", ()).unwrap();
            assert_eq!(now, plugin.services().clock().time_of_day() / 1_000_000);
        },
    },
    Behaviour {
        name: "random bytes are drawn",
        asks: Service("random", || vec![("roll", json!({}))]),
        check: |host| {
            let mut plugin = host.plugin();
            let one: [u8; 8] = plugin.call("roll", ()).unwrap();
            let other: [u8; 8] = plugin.call("roll", ()).unwrap();
            assert_ne!(one, other);
        },
    },
    Behaviour {
        name: "files are written and read",
        asks: Service("files", || {
            vec![
                ("write", json!({"path": "data/a.txt", "text": "b"})),
                ("read", json!({"path": "data/a.txt"})),
            ]
        }),
        check: |host| {
            let mut plugin = host.plugin();
            plugin
                .call::<()>("write", json!({"path": "data/a.txt", "text": "grüße"}))
                .unwrap();
            assert_eq!(
                plugin
                    .call::<String>("read", json!({"path": "data/a.txt"}))
                    .unwrap(),
                "grüße"
            );
        },
    },
    Behaviour {
        name: "a language model answers",
        asks: Service("ai", || vec![("ask", json!({"prompt": "a"}))]),
        check: |host| {
            let answer: String = host
                .call("ask", json!({"prompt": "How is the weather?"}))
                .unwrap();
            assert_eq!(answer, "It rains.");
        },
    },
    Behaviour {
        name: "a panic is reported with its message and place",
        asks: Nothing,
        check: |host| {
            let mut plugin = host.plugin();
            let failure = plugin
                .call::<()>("panic", json!({"message": "ouch"}))
                .unwrap_err();
            let panic = failure.panic().unwrap_or_else(|| panic!("{failure}"));
            assert_eq!(panic.message, "ouch");
            assert!(
                panic.file.ends_with("lib.rs") && panic.line > 0,
                "{failure}"
            );
        },
    },
    Behaviour {
        name: "a plugin is not called again after a panic",
        asks: This("a dead instance"),
        check: |host| {
            let mut plugin = host.plugin();
            plugin
                .call::<()>("panic", json!({"message": "ouch"}))
                .unwrap_err();
            fails(plugin.call::<i64>("add", json!({"left": 1})), "poisoned");
        },
    },
    Behaviour {
        name: "10,000 calls need no more memory than the first 2,000",
        asks: Nothing,
        check: |host| {
            let mut plugin = host.plugin();
            let call = |plugin: &mut Plugin, nth: u64| {
                let text = "x".repeat(nth as usize % 1000);
                plugin
                    .call::<String>("echo", json!({"text": text}))
                    .unwrap();
                plugin
                    .call::<i64>("add", json!({"left": i64::MAX}))
                    .unwrap_err();
            };
            (0..1000).for_each(|nth| call(&mut plugin, nth));
            let before = plugin.memory_bytes();
            (0..4000).for_each(|nth| call(&mut plugin, nth));
            assert_eq!(plugin.memory_bytes(), before);
        },
    },
    Behaviour {
        name: "a call that exceeds its fuel limit is stopped",
        asks: Nothing,
        check: |host| {
            let mut plugin = host.build(host.builder().fuel(10_000_000)).unwrap();
            let failure = plugin.call::<()>("spin", ()).unwrap_err();
            assert!(
                matches!(failure.kind(), FailureKind::OutOfFuel { limit: 10_000_000 }),
                "{failure}"
            );
        },
    },
    Behaviour {
        name: "a call that exceeds its timeout is stopped",
        asks: Nothing,
        check: |host| {
            let mut plugin = host
                .build(host.builder().timeout(Duration::from_millis(50)))
                .unwrap();
            let failure = plugin.call::<()>("spin", ()).unwrap_err();
            assert!(
                matches!(failure.kind(), FailureKind::Timeout { .. }),
                "{failure}"
            );
        },
    },
    Behaviour {
        name: "a call that exceeds its memory limit is stopped",
        asks: Nothing,
        check: |host| {
            let mut plugin = host.build(host.builder().memory_pages(64)).unwrap();
            let failure = plugin.call::<usize>("hoard", ()).unwrap_err();
            assert!(
                matches!(failure.kind(), FailureKind::OutOfMemory { .. }),
                "{failure}"
            );
        },
    },
    Behaviour {
        name: "functions may recurse deeply, and endless recursion is stopped",
        asks: Nothing,
        check: |host| {
            let mut plugin = host.plugin();
            assert_eq!(
                plugin
                    .call::<u64>("descend", json!({"depth": 300}))
                    .unwrap(),
                300
            );
            let failure = plugin
                .call::<u64>("descend", json!({"depth": u32::MAX}))
                .unwrap_err();
            assert!(
                matches!(failure.kind(), FailureKind::StackOverflow(_)),
                "{failure}"
            );
        },
    },
    Behaviour {
        name: "the module imports only functions that the host has",
        asks: Nothing,
        check: |host| {
            let mut build = Build::of("conformance");
            if let Some(feature) = host.contract.feature {
                build = build.feature(feature);
            }
            let wasm = build.wasm().unwrap();
            let imports = host.contract.imports(&Inspection::of(&wasm).unwrap());
            assert!(imports.failures.is_empty(), "{:?}", imports.failures);
            assert!(imports.others.is_empty(), "{:?}", imports.others);
        },
    },
];

/// The result of a behaviour on a host.
enum Cell {
    Passed,
    Unsupported,
    /// Excluded by the rule of this number.
    NotApplicable(usize),
    Failed(String),
}

/// Returns the panic message of a check, if it panics.
fn outcome(check: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(check)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without a message")
            .to_owned()
    })
}

fn cell(behaviour: &Behaviour, host: &Host) -> Cell {
    let name = host.contract.name;
    let outcome = match behaviour.asks {
        Service(service, calls) if !services(name).contains(&service) => {
            return match outcome(|| expect_unsupported(host, calls())) {
                Ok(()) => Cell::Unsupported,
                Err(why) => Cell::Failed(why),
            };
        }
        _ => outcome(|| (behaviour.check)(host)),
    };
    let rule = match behaviour.asks {
        This(asked) => RULES
            .iter()
            .position(|rule| rule.host == name && rule.asked.contains(&asked)),
        _ => None,
    };
    match (rule, outcome) {
        (None, Ok(())) => Cell::Passed,
        (None, Err(why)) => Cell::Failed(why),
        (Some(rule), Err(_)) => Cell::NotApplicable(rule),
        (Some(_), Ok(())) => {
            Cell::Failed("a rule excludes this behaviour, but it works".to_owned())
        }
    }
}

fn expect_unsupported(host: &Host, calls: Vec<(&str, Value)>) {
    let mut plugin = host.plugin();
    for (command, arguments) in calls {
        fails(plugin.call::<Value>(command, arguments), "unsupported");
    }
}

/// Returns the hosts that the guest has a feature for, and that of the SDK's own ABI.
fn covered() -> &'static [Host] {
    static HOSTS: OnceLock<Vec<Host>> = OnceLock::new();
    HOSTS.get_or_init(|| {
        let manifest = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/guests/conformance/Cargo.toml"
        ))
        .unwrap();
        let offered = |contract: &&'static HostContract| match contract.feature {
            Some(feature) => manifest.contains(&format!("\n{feature} = ")),
            None => true,
        };
        let contracts = hosts::all().iter().filter(offered);
        contracts.map(|contract| Host { contract }).collect()
    })
}

#[test]
fn every_behaviour_matches_the_table() {
    let hosts = covered();
    let mut failures = String::new();
    let rows: Vec<Vec<Cell>> = BEHAVIOURS
        .iter()
        .map(|behaviour| hosts.iter().map(|host| cell(behaviour, host)).collect())
        .collect();
    for (behaviour, row) in BEHAVIOURS.iter().zip(&rows) {
        for (host, cell) in hosts.iter().zip(row) {
            if let Cell::Failed(why) = cell {
                let host = host.contract.name;
                writeln!(
                    failures,
                    "{host}: {}\n    {}\n",
                    behaviour.name,
                    why.replace('\n', "\n    ")
                )
                .unwrap();
            }
        }
    }
    let table = page(hosts, &rows);
    println!("{table}");
    assert!(failures.is_empty(), "\n{failures}");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/hosts/conformance.md");
    if std::env::var_os("UPDATE_CONFORMANCE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == table,
        "docs/hosts/conformance.md is out of date: `UPDATE_CONFORMANCE=1 cargo test --workspace --test conformance` rewrites it"
    );
}

fn page(hosts: &[Host], rows: &[Vec<Cell>]) -> String {
    let mut page = String::from(
        "# Conformance\n\
        \n\
        The same plugin (`tests/guests/conformance`) does everything that a plugin can do on each host, as\n\
        the harness emulates it. The test `conformance` generates this page from the results.\n\
        \n\
        * **passed**: the behaviour is the same as on the host of the SDK's own ABI;\n\
        * **unsupported**: the host lacks the service, and the plugin gets an error of that code;\n\
        * **a number**: the behaviour does not apply to the host, for the reason below the table.\n\
        \n",
    );
    let names = hosts.iter().map(|host| host.contract.name);
    writeln!(page, "| | {} |", names.collect::<Vec<_>>().join(" | ")).unwrap();
    writeln!(page, "|---|{}", "---|".repeat(hosts.len())).unwrap();
    let mut reasons: Vec<usize> = Vec::new();
    for (behaviour, row) in BEHAVIOURS.iter().zip(rows) {
        let cells = row.iter().map(|cell| match cell {
            Cell::Passed => "passed".to_owned(),
            Cell::Unsupported => "unsupported".to_owned(),
            Cell::Failed(_) => "FAILED".to_owned(),
            Cell::NotApplicable(rule) => {
                let known = reasons.iter().position(|reason| reason == rule);
                let number = known.unwrap_or_else(|| {
                    reasons.push(*rule);
                    reasons.len() - 1
                });
                (number + 1).to_string()
            }
        });
        writeln!(
            page,
            "| {} | {} |",
            behaviour.name,
            cells.collect::<Vec<_>>().join(" | ")
        )
        .unwrap();
    }
    let counts = (0..hosts.len()).map(|nth| {
        let count =
            |counted: fn(&Cell) -> bool| rows.iter().filter(|row| counted(&row[nth])).count();
        let passed = count(|cell| matches!(cell, Cell::Passed | Cell::Unsupported));
        let applicable = count(|cell| !matches!(cell, Cell::NotApplicable(_)));
        format!("{passed} of {applicable}")
    });
    writeln!(
        page,
        "| **correct, of those that apply** | {} |\n",
        counts.collect::<Vec<_>>().join(" | ")
    )
    .unwrap();
    for (nth, rule) in reasons.iter().enumerate() {
        writeln!(page, "{}. {}.", nth + 1, RULES[*rule].why).unwrap();
    }
    page
}

#[test]
fn every_rule_names_a_known_host_and_requirement() {
    for Rule { host, asked, .. } in RULES {
        assert!(hosts::find(host).is_some(), "{host}");
        for asked in *asked {
            let is_asked =
                |behaviour: &Behaviour| matches!(behaviour.asks, This(this) if this == *asked);
            assert!(BEHAVIOURS.iter().any(is_asked), "{asked}");
        }
    }
}
