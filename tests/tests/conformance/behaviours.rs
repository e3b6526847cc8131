//! The behaviours, which are the rows of the table.

use std::time::Duration;

use plugin_sdk::log::Level;
use serde_json::{Value, json};

use crate::host::{Guest, Host, Refusal, Setup};

/// A behaviour of a plugin, and what it requires of its host.
pub struct Behaviour {
    pub name: &'static str,
    pub asks: Asks,
    pub check: fn(&dyn Host),
}

/// The requirements of a behaviour.
pub enum Asks {
    /// Nothing that a rule could exclude.
    Nothing,
    /// A feature that not every host has, by its name in the rules.
    This(&'static str),
    /// A service: if the host lacks it, these calls must fail with the code `unsupported`.
    Service(&'static str, fn() -> Vec<(&'static str, Value)>),
}

use Asks::{Nothing, Service, This};

/// The address of requests that no host sends.
const URL: &str = "https://example.org/a";

#[track_caller]
pub fn fails<T: std::fmt::Debug>(outcome: Result<T, Refusal>, code: &str) -> Refusal {
    let refusal = outcome.unwrap_err();
    assert_eq!(refusal.code, code, "{refusal:?}");
    refusal
}

/// The behaviours, in the order of the table.
pub const BEHAVIOURS: &[Behaviour] = &[
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
            let refusal = fails(
                host.call::<i64>("add", json!({"left": i64::MAX})),
                "overflow",
            );
            assert_eq!(
                refusal.plugin_message.as_deref(),
                Some("the sum is too large")
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
            let outcome = host.plugin().call_text("add", br#"{"left": 1,"#);
            let refusal = fails(outcome, "invalid_json");
            assert!(refusal.plugin_message.is_some(), "{refusal:?}");
        },
    },
    Behaviour {
        name: "an argument of the wrong type is an error that names it",
        asks: This("errors"),
        check: |host| {
            let refusal = fails(
                host.call::<i64>("add", json!({"left": "two"})),
                "invalid_argument",
            );
            assert!(refusal.message.contains("left"), "{refusal:?}");
        },
    },
    Behaviour {
        name: "a missing required argument is an error that names it",
        asks: This("errors"),
        check: |host| {
            let refusal = fails(
                host.call::<i64>("add", json!({"right": 1})),
                "missing_argument",
            );
            assert!(refusal.message.contains("left"), "{refusal:?}");
        },
    },
    Behaviour {
        name: "an unknown argument is an error that names it",
        asks: This("errors"),
        check: |host| {
            let refusal = fails(
                host.call::<i64>("add", json!({"left": 1, "middle": 1})),
                "unknown_argument",
            );
            assert!(refusal.message.contains("middle"), "{refusal:?}");
        },
    },
    Behaviour {
        name: "an unknown command is an error that names it",
        asks: This("errors"),
        check: |host| {
            let refusal = fails(
                host.plugin().call::<i64>("multiply", json!({})),
                "unknown_command",
            );
            assert!(refusal.message.contains("multiply"), "{refusal:?}");
        },
    },
    Behaviour {
        name: "a command without arguments can be called without any",
        asks: Nothing,
        check: |host| {
            let mut plugin = host.plugin();
            assert_eq!(
                plugin.call::<Value>("greeting", Value::Null).unwrap(),
                Value::Null
            );
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
            assert_eq!(
                plugin.call::<Value>("nothing", Value::Null).unwrap(),
                Value::Null
            );
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
            assert_eq!(plugin.call_bytes("reverse", &bytes).unwrap(), reversed);
            assert_eq!(plugin.call_bytes("reverse", b"").unwrap(), b"");
        },
    },
    Behaviour {
        name: "the configuration reaches the init hook",
        asks: This("a configuration"),
        check: |host| {
            let mut plugin = host.configured(json!({"greeting": "Grüße"})).unwrap();
            let greeting: String = plugin.call("greeting", Value::Null).unwrap();
            assert_eq!(greeting, "Grüße");
        },
    },
    Behaviour {
        name: "a plugin that refuses its configuration is not used, and the reason is reported",
        asks: This("a configuration"),
        check: |host| {
            let refusal = host.configured(json!({"refuse": true})).err().unwrap();
            assert!(refusal.message.contains("asked to refuse"), "{refusal:?}");
        },
    },
    Behaviour {
        name: "a second initialisation replaces the configuration and the state",
        asks: This("another configuration"),
        check: |host| {
            let mut plugin = host.plugin();
            plugin.call::<u64>("count", Value::Null).unwrap();
            plugin.init(json!({"greeting": "Hello"})).unwrap();
            assert_eq!(
                plugin.call::<String>("greeting", Value::Null).unwrap(),
                "Hello"
            );
            assert_eq!(plugin.call::<u64>("count", Value::Null).unwrap(), 1);
        },
    },
    Behaviour {
        name: "state is kept from call to call",
        asks: This("state"),
        check: |host| {
            let mut plugin = host.plugin();
            let counts: Vec<u64> = (0..3)
                .map(|_| plugin.call("count", Value::Null).unwrap())
                .collect();
            assert_eq!(counts, [1, 2, 3]);
        },
    },
    Behaviour {
        name: "the start and stop hooks are called",
        asks: This("start and stop"),
        check: |host| {
            let mut plugin = host.plugin();
            assert!(!plugin.call::<bool>("is_running", Value::Null).unwrap());
            plugin.start().unwrap();
            assert!(plugin.call::<bool>("is_running", Value::Null).unwrap());
            plugin.stop().unwrap();
            assert!(!plugin.call::<bool>("is_running", Value::Null).unwrap());
        },
    },
    Behaviour {
        name: "the host's events reach the handlers of their topics",
        asks: This("events in"),
        check: |host| {
            let mut plugin = host.plugin();
            plugin.event("conformance.one", json!("ä")).unwrap();
            plugin.event("another.topic", json!("b")).unwrap();
            plugin.event("conformance.two", json!("c")).unwrap();
            let heard: Vec<String> = plugin.call("heard", Value::Null).unwrap();
            assert_eq!(heard, ["conformance.one: ä", "conformance.two: c"]);
        },
    },
    Behaviour {
        name: "the cleanup hook is called",
        asks: This("an observable cleanup"),
        check: |host| {
            let mut plugin = host.plugin();
            plugin.call::<u64>("count", Value::Null).unwrap();
            plugin.cleanup().unwrap();
            let log = plugin.log();
            assert!(
                log.iter().any(|(_, text)| text.contains("cleaned up")),
                "{log:?}"
            );
        },
    },
    Behaviour {
        name: "log lines arrive, each with its level",
        asks: This("a log"),
        check: |host| {
            let mut plugin = host.plugin();
            plugin.call::<()>("log_lines", Value::Null).unwrap();
            let log = plugin.log();
            let level = |text: &str| {
                let line = log.iter().find(|(_, line)| line.ends_with(text));
                line.unwrap_or_else(|| panic!("no line ends with `{text}`: {log:?}"))
                    .0
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
            let mut plugin = host.configured(json!({"greeting": "Grüße"})).unwrap();
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
            let told = ("conformance.told".to_owned(), json!("grüße"));
            assert_eq!(plugin.emitted(), [told]);
        },
    },
    Behaviour {
        name: "a GET request is sent, and its status returned",
        asks: Service("http get", || {
            vec![("send", json!({"method": "GET", "url": URL, "body": ""}))]
        }),
        check: |host| {
            let mut plugin = host.plugin();
            let request = host.request("GET", "");
            assert_eq!(plugin.call::<u16>("send", request).unwrap(), 200);
            assert_eq!(plugin.requests(), [(host.url(), Vec::new())]);
        },
    },
    Behaviour {
        name: "a POST request is sent, and its status returned",
        asks: Service("http post", || {
            vec![("send", json!({"method": "POST", "url": URL, "body": "b"}))]
        }),
        check: |host| {
            let mut plugin = host.plugin();
            let request = host.request("POST", "grüße");
            assert_eq!(plugin.call::<u16>("send", request).unwrap(), 200);
            assert_eq!(plugin.requests(), [(host.url(), "grüße".into())]);
        },
    },
    Behaviour {
        name: "the body of a response is read",
        asks: Service("http body", || {
            vec![("post", json!({"url": URL, "body": "b"}))]
        }),
        check: |host| {
            let request = json!({"url": host.url(), "body": "b"});
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
            let time = plugin.advance_clock(Duration::from_millis(1234));
            assert_eq!(plugin.call::<u64>("now", Value::Null).unwrap(), time);
        },
    },
    Behaviour {
        name: "random bytes are drawn",
        asks: Service("random", || vec![("roll", json!({}))]),
        check: |host| {
            let mut plugin = host.plugin();
            let one: [u8; 8] = plugin.call("roll", Value::Null).unwrap();
            let other: [u8; 8] = plugin.call("roll", Value::Null).unwrap();
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
            let refusal = plugin
                .call::<()>("panic", json!({"message": "ouch"}))
                .unwrap_err();
            let panic = refusal
                .panic
                .as_ref()
                .unwrap_or_else(|| panic!("{refusal:?}"));
            assert_eq!(panic.message, "ouch");
            assert!(
                panic.file.ends_with("lib.rs") && panic.line > 0,
                "{panic:?}"
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
            let call = |plugin: &mut Guest, nth: u64| {
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
        asks: This("fuel"),
        check: |host| {
            let mut plugin = host
                .load(Setup {
                    fuel: Some(10_000_000),
                    ..Setup::default()
                })
                .unwrap();
            fails(plugin.call::<()>("spin", Value::Null), "out_of_fuel");
        },
    },
    Behaviour {
        name: "a call that exceeds its timeout is stopped",
        asks: Nothing,
        check: |host| {
            let mut plugin = host
                .load(Setup {
                    timeout: Some(Duration::from_millis(50)),
                    ..Setup::default()
                })
                .unwrap();
            fails(plugin.call::<()>("spin", Value::Null), "timeout");
        },
    },
    Behaviour {
        name: "a call that exceeds its memory limit is stopped",
        asks: Nothing,
        check: |host| {
            let mut plugin = host
                .load(Setup {
                    memory_pages: Some(64),
                    ..Setup::default()
                })
                .unwrap();
            fails(plugin.call::<usize>("hoard", Value::Null), "out_of_memory");
            assert!(plugin.memory_bytes() <= 64 << 16);
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
            fails(
                plugin.call::<u64>("descend", json!({"depth": u32::MAX})),
                "stack_overflow",
            );
        },
    },
    Behaviour {
        name: "the module imports only functions that the host has",
        asks: Nothing,
        check: |host| host.check_imports(),
    },
];
