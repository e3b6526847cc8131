//! A plugin's services, in WebAssembly.

use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plugin_sdk_harness::services::{
    AllowList, DatabaseKv, DirectoryFiles, EventBus, HttpClient, InjectedFault, ManualClock,
    MemoryFiles, MemoryKv, RecordedLog, ScriptedAi, ScriptedHttp, SeededRandom, SystemClock,
    SystemRandom,
};
use plugin_sdk_harness::{FailureKind, Module, Plugin, PluginBuilder, Source};
use plugin_sdk_tests::Build;
use serde_json::{Value, json};

fn module() -> Module {
    let wasm = Build::of("services").wasm().unwrap();
    Module::load(Source::bytes(wasm.to_vec())).unwrap()
}

pub fn builder() -> PluginBuilder {
    module().plugin().grant_all()
}

/// Returns the result of the call: its value, or its error's code.
pub fn one(plugin: &mut Plugin, call: Value) -> Result<Value, String> {
    plugin
        .call("one", json!({ "call": call }))
        .map_err(|failure| {
            assert!(failure.plugin_error().is_some(), "{failure}");
            failure.code().to_owned()
        })
}

#[test]
fn a_plugin_and_its_test_share_one_store() {
    let mut plugin = builder()
        .config(json!({"most": {"cakes": 3}}))
        .build()
        .unwrap();
    one(&mut plugin, json!({"kv_set": ["last", "Ada"]})).unwrap();
    assert_eq!(
        plugin.services().kv().get::<String>("last").as_deref(),
        Some("Ada")
    );
    plugin.services().kv().set("last", "Bob").unwrap();
    assert_eq!(
        one(&mut plugin, json!({"kv_get": "last"})),
        Ok(json!("Bob"))
    );
    assert_eq!(one(&mut plugin, json!({"kv_get": "none"})), Ok(Value::Null));
    assert_eq!(
        one(&mut plugin, json!({"kv_list": "l"})),
        Ok(json!(["last"]))
    );
    assert_eq!(
        one(&mut plugin, json!({"kv_delete": "last"})),
        Ok(json!(true))
    );

    one(&mut plugin, json!({"log": "hello"})).unwrap();
    assert_eq!(plugin.services().logs().messages(), ["hello"]);
    assert_eq!(plugin.services().logs().lines()[0].target, "services");

    assert_eq!(
        one(&mut plugin, json!({"config": "most.cakes"})),
        Ok(json!(3))
    );
    plugin.services().config().set("most", 4);
    assert_eq!(one(&mut plugin, json!({"config": "most"})), Ok(json!(4)));

    plugin.services().clock().advance(Duration::from_nanos(5));
    assert_eq!(one(&mut plugin, json!("monotonic")), Ok(json!(5)));
    assert_eq!(
        one(&mut plugin, json!("now")),
        Ok(json!(946_684_800_000_000_005_u64))
    );

    let first = one(&mut plugin, json!("random")).unwrap();
    assert_ne!(one(&mut plugin, json!("random")).unwrap(), first);
    plugin.services().random().seed(0);
    assert_eq!(one(&mut plugin, json!("random")).unwrap(), first);
}

#[test]
fn configuration_lookups_see_the_last_initialisation() {
    let mut plugin = builder().config(json!({"a": 1})).build().unwrap();
    plugin.init(json!({"a": 2})).unwrap();
    assert_eq!(one(&mut plugin, json!({"config": "a"})), Ok(json!(2)));
    plugin.init(()).unwrap();
    assert_eq!(one(&mut plugin, json!({"config": "a"})), Ok(Value::Null));
}

#[test]
fn requests_and_conversations_get_their_scripted_answers() {
    let http = ScriptedHttp::new(AllowList::new(["api.example"]).unwrap())
        .answer_to("GET http://api.example/*", (203, "fine"));
    let mut plugin = builder()
        .http(http)
        .ai(ScriptedAi::new().answer("Hello"))
        .build()
        .unwrap();
    let send = |url: &str| json!({"http": ["GET", url, "body"]});
    assert_eq!(
        one(&mut plugin, send("http://api.example/x")),
        Ok(json!([203, "fine"]))
    );
    assert_eq!(
        one(&mut plugin, send("http://evil.example/")),
        Err("permission_denied".to_owned())
    );
    assert_eq!(plugin.services().http().requests()[0].body, b"body");
    assert_eq!(one(&mut plugin, json!({"chat": "Hi"})), Ok(json!("Hello")));
    assert_eq!(
        plugin.services().ai().conversations()[0].messages[0].content,
        "Hi"
    );
}

#[test]
fn events_reach_other_plugins_when_they_are_delivered() {
    let bus = EventBus::new();
    let mut one_of_them = builder().events(bus.clone()).build().unwrap();
    let mut other = builder().events(bus.join()).build().unwrap();
    one(&mut other, json!({"subscribe": "a.*"})).unwrap();
    one(&mut one_of_them, json!({"emit": ["a.b", {"n": 1}]})).unwrap();
    one(&mut one_of_them, json!({"emit": ["b", null]})).unwrap();
    assert_eq!(other.deliver_events().unwrap(), 1);
    assert_eq!(other.deliver_events().unwrap(), 0);
    assert_eq!(other.call::<Vec<String>>("heard", ()).unwrap(), ["a.b"]);
    let topics: Vec<String> = bus.emitted().into_iter().map(|event| event.topic).collect();
    assert_eq!(topics, ["a.b", "b", "heard"]);
    one(&mut other, json!({"subscribe": "heard"})).unwrap();
    bus.publish("a.c", &()).unwrap();
    assert_eq!(
        other.deliver_events().unwrap(),
        1,
        "what it emits itself waits for the next time"
    );
    assert_eq!(other.deliver_events().unwrap(), 1);
}

#[test]
fn real_services_replace_those_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let database = DatabaseKv::open(folder.path().join("kv.redb")).unwrap();
    let server = Arc::new(tiny_http::Server::http("127.0.0.1:0").unwrap());
    let url = format!("http://{}/", server.server_addr().to_ip().unwrap());
    let serving = Arc::clone(&server);
    let thread = std::thread::spawn(move || {
        let request = serving.recv().unwrap();
        request
            .respond(tiny_http::Response::from_string("from the network"))
            .unwrap();
    });
    let build = || {
        builder()
            .kv(database.namespace("p"))
            .files(
                DirectoryFiles::new()
                    .read_write("data", folder.path())
                    .unwrap(),
            )
            .http(HttpClient::new(AllowList::new(["127.0.0.1:*"]).unwrap()))
            .clock(SystemClock)
            .random(SystemRandom)
            .build()
            .unwrap()
    };
    let (mut plugin, mut other) = (build(), build());
    one(&mut plugin, json!({"kv_set": ["k", [1]]})).unwrap();
    assert_eq!(one(&mut other, json!({"kv_get": "k"})), Ok(json!([1])));
    one(&mut plugin, json!({"write": ["data/a/f", "text"]})).unwrap();
    assert_eq!(std::fs::read(folder.path().join("a/f")).unwrap(), b"text");
    assert_eq!(
        one(&mut other, json!({"read": "data/a/f"})),
        Ok(json!("text"))
    );
    assert_eq!(
        one(&mut plugin, json!({"http": ["POST", url, "x"]})),
        Ok(json!([200, "from the network"]))
    );
    assert_ne!(
        one(&mut plugin, json!("random")),
        one(&mut other, json!("random"))
    );
    assert!(one(&mut plugin, json!("now")).unwrap().as_u64() > Some(1_577_836_800_000_000_000));
    thread.join().unwrap();

    let looked = catch_unwind(AssertUnwindSafe(|| plugin.services().kv().len())).unwrap_err();
    let message = looked.downcast_ref::<String>().unwrap();
    assert!(
        message.contains("`kv`") && message.contains("DatabaseKv"),
        "{message}"
    );
}

#[test]
fn plugins_share_an_implementation_by_a_mutex_or_by_clones() {
    let in_mutex = Arc::new(Mutex::new(MemoryKv::new()));
    let mut first = builder().kv(Arc::clone(&in_mutex)).build().unwrap();
    let mut second = builder().kv(Arc::clone(&in_mutex)).build().unwrap();
    one(&mut first, json!({"kv_set": ["k", 1]})).unwrap();
    assert_eq!(one(&mut second, json!({"kv_get": "k"})), Ok(json!(1)));
    let files = MemoryFiles::new().read_write("data");
    let (logs, clock, random) = (RecordedLog::new(), ManualClock::new(), SeededRandom::new(1));
    for _ in 0..2 {
        let given = builder()
            .files(files.clone())
            .logs(logs.clone())
            .clock(clock.clone());
        let mut plugin = given.random(random.clone()).build().unwrap();
        one(&mut plugin, json!({"write": ["data/f", "1"]})).unwrap();
        one(&mut plugin, json!({"log": "wrote"})).unwrap();
        assert_eq!(
            plugin.services().files().paths(),
            ["data/f"],
            "those given are the plugin's"
        );
    }
    assert_eq!(logs.lines().len(), 2);
}

#[test]
fn instances_have_separate_services_unless_shared_ones_are_set() {
    let module = module();
    let build = || module.plugin().grant_all().build().unwrap();
    let (mut one_of_them, other) = (build(), build());
    one(&mut one_of_them, json!({"kv_set": ["k", 1]})).unwrap();
    assert!(other.services().kv().is_empty());
}

#[test]
fn missing_grants_are_denied_at_the_call() {
    let mut plugin = module().plugin().grant("kv").build().unwrap();
    one(&mut plugin, json!({"kv_set": ["k", 1]})).unwrap();
    for call in [
        json!({"http": ["GET", "http://a/", ""]}),
        json!({"emit": ["a", 1]}),
        json!({"read": "data/f"}),
        json!({"chat": "Hi"}),
    ] {
        assert_eq!(one(&mut plugin, call), Err("permission_denied".to_owned()));
    }
    let failure = plugin
        .call::<Value>("one", json!({"call": {"chat": "Hi"}}))
        .unwrap_err();
    let details = failure.plugin_error().unwrap().details().unwrap();
    assert_eq!(
        details,
        json!({"permission": "ai", "grant": ".grant(\"ai\")"})
    );
    for call in [
        json!({"log": "l"}),
        json!({"config": "c"}),
        json!("now"),
        json!("random"),
    ] {
        one(&mut plugin, call).unwrap();
    }
}

#[test]
fn a_strict_host_refuses_plugins_that_lack_a_grant() {
    let failure = module()
        .plugin()
        .grant("kv")
        .require_permissions()
        .build()
        .unwrap_err();
    let FailureKind::NotGranted { permissions } = failure.kind() else {
        panic!("{failure}")
    };
    let listed: Vec<String> = permissions.iter().map(ToString::to_string).collect();
    assert_eq!(
        listed,
        [
            "http: sends requests on request",
            "events: emits events on request",
            "ai (used, but not declared)"
        ]
    );
    assert!(
        failure
            .to_string()
            .contains(r#".grant("http").grant("events").grant("ai")` grants them"#),
        "{failure}"
    );
    builder().require_permissions().build().unwrap();
    // `files` is optional.
    let required = ["kv", "http", "events", "ai"];
    let strict = required
        .into_iter()
        .fold(module().plugin().require_permissions(), |builder, name| {
            builder.grant(name)
        });
    strict.build().unwrap();
}

#[test]
fn a_module_lists_its_needs_and_their_problems() {
    let module = module();
    let names: Vec<&str> = module
        .permissions()
        .iter()
        .map(|permission| permission.name())
        .collect();
    assert_eq!(names, ["kv", "http", "events", "files"]);
    assert_eq!(
        module.permissions()[0].reason(),
        Some("stores values on request")
    );
    let [warning] = module.warnings() else {
        panic!("{:?}", module.warnings())
    };
    assert!(
        warning
            .to_string()
            .starts_with("the permission `ai` is used, by ai_chat, and not declared"),
        "{warning}"
    );
}

#[test]
fn faults_are_injected_as_configured() {
    let mut plugin = builder()
        .fault(
            "kv_get",
            InjectedFault::error("unavailable", "disk on fire")
                .after(1)
                .times(1),
        )
        .build()
        .unwrap();
    let get = json!({"kv_get": "k"});
    let codes = |plugin: &mut Plugin| -> Vec<Result<Value, String>> {
        (0..3).map(|_| one(plugin, get.clone())).collect()
    };
    assert_eq!(
        codes(&mut plugin),
        [
            Ok(Value::Null),
            Err("unavailable".to_owned()),
            Ok(Value::Null)
        ]
    );

    plugin.services().kv().set("k", &1).unwrap();
    plugin.fault("kv_*", InjectedFault::bad_bytes());
    assert_eq!(
        codes(&mut plugin),
        ["bad_answer"; 3].map(|code| Err(code.to_owned()))
    );
    plugin.clear_faults();
    plugin.fault("kv_get", InjectedFault::oversized(100_000));
    assert_eq!(
        one(&mut plugin, json!({"kv_get_bytes": "k"}))
            .unwrap()
            .as_str()
            .unwrap()
            .len(),
        100_000
    );
    plugin.fault(
        "log_write",
        InjectedFault::error("unavailable", "what cannot fail does not"),
    );
    one(&mut plugin, json!({"log": "still there"})).unwrap();
    assert!(plugin.services().logs().contains("still there"));
}

#[test]
fn a_failure_shows_earlier_log_lines() {
    let mut plugin = builder()
        .timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    for line in 0..20 {
        one(&mut plugin, json!({"log": format!("line {line}")})).unwrap();
    }
    plugin.fault("time_now", InjectedFault::delay(Duration::from_secs(3600)));
    let failure = plugin
        .call::<Value>("one", json!({"call": "now"}))
        .unwrap_err();
    let messages: Vec<&str> = failure
        .logs()
        .iter()
        .map(|line| line.message.as_str())
        .collect();
    assert_eq!(
        (messages.len(), messages[0], messages[15]),
        (16, "line 4", "line 19")
    );
}

#[test]
fn an_answer_without_room_in_the_plugin_is_an_error() {
    let mut plugin = builder().memory_pages(40).build().unwrap();
    plugin.services().kv().set("k", &1).unwrap();
    plugin.fault("kv_get", InjectedFault::oversized(64 << 20));
    assert_eq!(
        one(&mut plugin, json!({"kv_get_bytes": "k"})),
        Err("too_large".to_owned())
    );
    plugin.clear_faults();
    assert_eq!(one(&mut plugin, json!({"kv_get": "k"})), Ok(json!(1)));
}

#[test]
fn a_delay_counts_towards_the_calls_timeout() {
    let mut plugin = builder()
        .timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    plugin.fault("time_now", InjectedFault::delay(Duration::from_secs(3600)));
    let failure = plugin
        .call::<Value>("one", json!({"call": "now"}))
        .unwrap_err();
    assert!(
        matches!(failure.kind(), FailureKind::Timeout { .. }),
        "{failure}"
    );
}

#[test]
fn a_request_is_limited_to_the_calls_remaining_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let client = HttpClient::new(AllowList::new(["127.0.0.1:*"]).unwrap())
        .timeout(Duration::from_secs(3600));
    let mut plugin = builder()
        .http(client)
        .timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    // The plugin gets an error in time; on a machine that stalls meanwhile, the call itself has
    // timed out.
    let failure = plugin
        .call::<Value>("one", json!({"call": {"http_within": [url, 3_600_000]}}))
        .unwrap_err();
    assert_eq!(failure.code(), "timeout", "{failure}");
}
