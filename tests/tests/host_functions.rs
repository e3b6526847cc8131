//! Host functions by every convention, from a real guest to a host in Rust.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod conventions;

use calling::everything;
use conventions::{Host, guest};
use plugin_sdk::Result;
use plugin_sdk_harness::{FailureKind, Plugin, PluginBuilder, TraceKind};
use serde_json::{Value, json};

fn builder() -> PluginBuilder {
    Plugin::builder(guest()).host_functions(everything::provide(Host::default()))
}

/// Runs a test in WebAssembly and natively, with the same implementation.
fn both_ways(test: impl Fn(&mut dyn FnMut(&str, Value) -> std::result::Result<Value, String>)) {
    let mut plugin = builder().build().unwrap();
    test(&mut |command, args| {
        plugin
            .call::<Value>(command, args)
            .map_err(|failure| failure.code().to_owned())
    });
    let _host = everything::install(Host::default());
    let mut native = calling::Calling::default();
    test(&mut |command, args| natively(&mut native, command, &args));
}

fn natively(
    plugin: &mut calling::Calling,
    command: &str,
    args: &Value,
) -> std::result::Result<Value, String> {
    let text = |name: &str| args[name].as_str().unwrap_or_default();
    fn encoded<T: plugin_sdk::prelude::Serialize>(
        result: Result<T>,
    ) -> std::result::Result<Value, String> {
        result
            .map(|value| json!(value))
            .map_err(|error| error.code().to_owned())
    }
    match command {
        "numbers" => Ok(json!(plugin.numbers())),
        "in_place" => encoded(plugin.in_place()),
        "text" => Ok(json!(plugin.text(text("name")))),
        "c_text" => encoded(plugin.c_text(text("name"))),
        "look_up" => encoded(plugin.look_up(text("key"))),
        "own_error" => encoded(plugin.own_error(text("key"))),
        "query" => encoded(plugin.query(serde_json::from_value(args["filter"].clone()).unwrap())),
        "statuses" => encoded(plugin.statuses(text("key"))),
        "fetch" => encoded(plugin.fetch(text("key"), text("how"))),
        other => unreachable!("{other}"),
    }
}

#[test]
fn numbers_of_every_width_cross_both_ways() {
    both_ways(|call| {
        let answer = call("numbers", json!({})).unwrap();
        assert_eq!(
            answer,
            json!([-0.5, u64::MAX - 1, 3.0, false, -127, "High"])
        );
    });
    let mut plugin = builder().build().unwrap();
    plugin.call::<Value>("numbers", ()).unwrap();
    let host = plugin.implementation::<Host>().unwrap();
    assert_eq!(
        host.calls,
        [
            "nothing",
            "255 -2 4000000000 -5 0.5 0.25 true é -1 4611686018427387903"
        ]
    );
}

#[test]
fn bytes_and_numbers_are_changed_in_place() {
    both_ways(|call| {
        let answer = call("in_place", json!({})).unwrap();
        let mut digest = vec![0; 16];
        digest[..3].copy_from_slice(b"abc");
        assert_eq!(
            answer,
            json!(["stressed", [0.5, 1.5], digest, u64::MAX - 1, 0.75])
        );
    });
}

#[test]
fn text_and_bytes_are_returned_by_the_host() {
    both_ways(|call| {
        for name in ["Ada", "", "é\u{1F600}"] {
            let answer = call("text", json!({"name": name})).unwrap();
            let expected = json!([
                format!("Hello, {name}!"),
                name.repeat(2).into_bytes(),
                name.to_uppercase(),
                null
            ]);
            assert_eq!(answer, expected);
        }
        assert_eq!(
            call("c_text", json!({"name": "there"})).unwrap(),
            json!(["THERE", "there"])
        );
        assert_eq!(
            call("c_text", json!({"name": "else"})).unwrap(),
            json!(["ELSE", null])
        );
    });
}

#[test]
fn results_are_values_with_their_codes() {
    both_ways(|call| {
        assert_eq!(
            call("look_up", json!({"key": "a"})).unwrap(),
            json!("a".repeat(1000))
        );
        assert_eq!(
            call("look_up", json!({"key": "none"})).unwrap(),
            Value::Null
        );
        assert_eq!(call("look_up", json!({"key": "empty"})).unwrap(), json!(""));
        assert_eq!(
            call("look_up", json!({"key": "bad"})).unwrap_err(),
            "closed"
        );
        assert_eq!(call("own_error", json!({"key": "17"})).unwrap(), json!(17));
        assert_eq!(call("own_error", json!({"key": "x"})).unwrap_err(), "own");
        let filter = |name: &str| json!({"filter": {"name": name, "at_least": 0.25}});
        assert_eq!(
            call("query", filter("a")).unwrap(),
            json!({"a": 0.25, "other": 0.25})
        );
        assert_eq!(call("query", filter("bad")).unwrap_err(), "no_query");
    });
}

#[test]
fn statuses_are_results() {
    both_ways(|call| {
        assert_eq!(call("statuses", json!({"key": "four"})).unwrap(), json!(4));
        assert_eq!(
            call("statuses", json!({"key": "full"})).unwrap_err(),
            "status"
        );
        assert_eq!(
            call("statuses", json!({"key": "missing"})).unwrap_err(),
            "not_found"
        );
    });
}

#[test]
fn a_buffer_grows_to_fit_the_hosts_answer_without_truncation() {
    both_ways(|call| {
        for how in ["needed", "negated", "truncated", "in_out"] {
            for size in [0, 1, 3, 4, 5, 63, 64, 65, 1000, 65_535] {
                let answer = call("fetch", json!({"key": size.to_string(), "how": how}));
                assert_eq!(answer.unwrap(), json!(size), "{how}");
            }
            let answer = call("fetch", json!({"key": "65537", "how": how}));
            assert_eq!(answer.unwrap_err(), "too_large", "{how}");
        }
        for how in ["needed", "in_out"] {
            let none = call("fetch", json!({"key": "none", "how": how}));
            assert_eq!(none.unwrap(), Value::Null, "{how}");
            let failed = call("fetch", json!({"key": "bad", "how": how}));
            assert_eq!(failed.unwrap_err(), "unavailable", "{how}");
        }
    });
}

#[test]
fn a_host_that_needs_more_room_is_called_exactly_twice() {
    let mut plugin = builder().build().unwrap();
    for (nth, how) in ["needed", "in_out"].into_iter().enumerate() {
        plugin
            .call::<Value>("fetch", json!({"key": "5000", "how": how}))
            .unwrap();
        let calls = plugin.implementation::<Host>().unwrap().calls.len();
        assert_eq!(calls, 2 * (nth + 1), "{how}");
    }
}

#[test]
fn a_call_without_its_grant_fails_with_a_hint() {
    let mut plugin = builder().build().unwrap();
    let failure = plugin.call::<String>("dangerous", ()).unwrap_err();
    let error = failure.plugin_error().unwrap();
    assert_eq!(error.code(), "permission_denied");
    assert_eq!(
        error.details().unwrap(),
        json!({"permission": "danger", "grant": ".grant(\"danger\")"})
    );
    let mut plugin = builder().grant("danger").build().unwrap();
    assert_eq!(plugin.call::<String>("dangerous", ()).unwrap(), "did jump");
}

#[test]
fn a_host_panic_is_an_error_for_the_plugin_and_both_survive() {
    let mut plugin = builder().build().unwrap();
    for _ in 0..3 {
        let failure = plugin.call::<String>("fail", ()).unwrap_err();
        assert_eq!(failure.code(), "host_panicked");
        assert!(
            failure.to_string().contains("the host panics now"),
            "{failure}"
        );
    }
    assert_eq!(
        plugin
            .call::<Value>("text", json!({"name": "Ada"}))
            .unwrap()[0],
        "Hello, Ada!"
    );
}

#[test]
fn an_unreportable_host_panic_ends_the_call_naming_the_function() {
    let mut plugin = builder().build().unwrap();
    let failure = plugin.call::<Value>("fail_silently", ()).unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::HostFunction { function, .. } if function == "conventions.all_fail_silently"),
        "{failure}"
    );
    assert!(failure.to_string().contains("the host panics"), "{failure}");
    let failure = plugin.call::<Value>("calls", ()).unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::Poisoned { .. }),
        "{failure}"
    );
}

#[test]
fn the_last_calls_are_kept_with_arguments_and_answers() {
    let mut plugin = builder().build().unwrap();
    plugin
        .call::<Value>("text", json!({"name": "Ada"}))
        .unwrap();
    let calls: Vec<String> = plugin
        .host_calls()
        .iter()
        .map(|call| {
            format!(
                "{}({}) = {:?}",
                call.function,
                call.arguments.join(", "),
                call.outcome.as_ref().unwrap()
            )
        })
        .collect();
    assert_eq!(
        calls,
        [
            r#"conventions.all_greet(name: "Ada") = Ok("\"Hello, Ada!\"")"#,
            r#"conventions.all_twice(data: "Ada") = Ok("\"AdaAda\"")"#,
            r#"conventions.all_find(key: "Ada") = Ok("\"ADA\"")"#,
            r#"conventions.all_find(key: "") = Ok("nothing")"#,
        ]
    );
    plugin
        .call::<Value>("fetch", json!({"key": "65537", "how": "truncated"}))
        .unwrap_err();
    assert_eq!(plugin.host_calls().len(), 8, "no more than these");
    plugin.call::<Value>("numbers", ()).unwrap();
    let answers: Vec<_> = plugin
        .host_calls()
        .into_iter()
        .map(|call| call.outcome.unwrap().unwrap())
        .collect();
    let wide = (u64::MAX - 1).to_string();
    assert_eq!(answers, ["", "-0.5", &wide, "3", "0", "-127", "1"]);
}

#[test]
fn all_imports_without_a_host_function_are_reported_at_once() {
    let failure = Plugin::builder(guest()).build().unwrap_err();
    let FailureKind::MissingImports { imports } = failure.kind() else {
        panic!("{failure}")
    };
    assert_eq!(imports.len(), 30);
    assert!(imports.iter().all(|import| import.module == "conventions"));
}

#[test]
fn a_function_of_another_type_is_refused_with_both_types() {
    #[plugin_sdk::host_functions(module = "conventions", prefix = "all_")]
    trait Other {
        fn greet(name: u64) -> u32;
    }
    struct OtherHost;
    impl Other for OtherHost {
        fn greet(&mut self, _: u64) -> u32 {
            0
        }
    }
    let failure = builder()
        .host_functions(other::provide(OtherHost))
        .build()
        .unwrap_err();
    assert_eq!(failure.code(), "wrong_import");
    let message = failure.to_string();
    assert!(
        message.contains("(i32, i32) -> i64") && message.contains("(i64) -> i32"),
        "{message}"
    );
}

#[test]
fn eighty_thousand_host_calls_do_not_grow_memory() {
    let mut plugin = builder().build().unwrap();
    let mut call = |times: u32| {
        for _ in 0..times {
            plugin
                .call::<Value>("text", json!({"name": "Ada"}))
                .unwrap();
        }
        plugin.memory_bytes()
    };
    let after_some = call(1000);
    assert_eq!(call(20_000), after_some);
}

#[test]
fn a_host_function_may_call_a_command_of_another_plugin() {
    /// A host function that calls another plugin.
    struct Relay(Plugin);

    #[plugin_sdk::host_functions(module = "conventions", prefix = "all_")]
    trait Relayed {
        fn greet(name: &str) -> String;
    }

    impl Relayed for Relay {
        fn greet(&mut self, name: &str) -> String {
            let args = json!({"key": name});
            self.0.call("look_up", args).unwrap_or_default()
        }
    }

    let relay = Relay(builder().build().unwrap());
    let mut plugin = builder()
        .host_functions(relayed::provide(relay))
        .build()
        .unwrap();
    for name in ["a", "b"] {
        let answer: Value = plugin.call("text", json!({"name": name})).unwrap();
        assert_eq!(
            answer[0],
            name.repeat(1000),
            "what the other plugin got of its host"
        );
        assert_eq!(
            answer[2],
            name.to_uppercase(),
            "and its own host answers as before"
        );
    }
}

#[test]
fn a_trace_nests_host_calls_in_the_calls_that_make_them() {
    let (sink, seen) = std::sync::mpsc::channel();
    let mut plugin = builder()
        .trace(move |crossing| {
            let _ = sink.send((
                crossing.direction,
                crossing.depth,
                crossing.function.to_owned(),
                crossing.to_string(),
            ));
        })
        .build()
        .unwrap();
    seen.try_iter().for_each(drop);
    plugin
        .call::<Value>("look_up", json!({"key": "none"}))
        .unwrap();
    plugin
        .call::<Value>("look_up", json!({"key": "bad"}))
        .unwrap_err();
    let seen: Vec<_> = seen.try_iter().collect();
    let shown: Vec<_> = seen
        .iter()
        .map(|(direction, depth, function, _)| (*direction, *depth, &**function))
        .collect();
    let one_call = [
        (TraceKind::Call, 0, "look_up"),
        (TraceKind::HostCall, 1, "conventions.lookup"),
        (TraceKind::HostAnswer, 1, "conventions.lookup"),
        (TraceKind::Answer, 0, "look_up"),
    ];
    assert_eq!(shown, [one_call, one_call].concat());
    assert!(seen[1].3.contains(r#"key: "none""#), "{}", seen[1].3);
    assert!(seen[6].3.contains("no more today"), "{}", seen[6].3);
}
