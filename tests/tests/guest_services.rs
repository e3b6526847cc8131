//! The services as a plugin uses them, from a real guest to implementations that a test can
//! inspect, and their costs.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use plugin_sdk::ai::{Ai, Conversation, Reply};
use plugin_sdk::config::Config;
use plugin_sdk::events::Events;
use plugin_sdk::files::{Entry, Files};
use plugin_sdk::http::{Head, Http, Response};
use plugin_sdk::kv::Kv;
use plugin_sdk::random::Random;
use plugin_sdk::services::logging::{self, Log};
use plugin_sdk::time::Time;
use plugin_sdk::{Error, Result, ai, config, events, files, http, kv, random, time};
use plugin_sdk_harness::{FailureKind, Plugin, PluginBuilder};
use plugin_sdk_tests::Build;
use serde_json::{Value, json};
use served::{Order, Served};

/// All services in one value.
#[derive(Default)]
struct Host {
    kept: BTreeMap<String, Vec<u8>>,
    notes: Vec<String>,
    level: u32,
    nanoseconds: u64,
}

impl Kv for Host {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.kept.get(key).cloned())
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Result<()> {
        self.kept.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn delete(&mut self, key: &str) -> Result<bool> {
        Ok(self.kept.remove(key).is_some())
    }

    fn list(&mut self, prefix: &str) -> Result<Vec<String>> {
        let keys = self.kept.keys().filter(|key| key.starts_with(prefix));
        Ok(keys.cloned().collect())
    }
}

impl Config for Host {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.kept.get(&format!("config {key}")).cloned())
    }
}

impl Events for Host {
    fn emit(&mut self, topic: &str, data: &[u8]) -> Result<()> {
        let data = String::from_utf8_lossy(data);
        self.notes.push(format!("{topic}: {data}"));
        Ok(())
    }

    fn subscribe(&mut self, topic: &str) -> Result<()> {
        events::check(topic)?;
        self.notes.push(format!("+{topic}"));
        Ok(())
    }

    fn unsubscribe(&mut self, topic: &str) -> Result<()> {
        self.notes.push(format!("-{topic}"));
        Ok(())
    }
}

impl Time for Host {
    fn now(&mut self, nanoseconds: &mut u64) -> Result<()> {
        *nanoseconds = 1_700_000_000_000_000_007;
        Ok(())
    }

    fn monotonic(&mut self, nanoseconds: &mut u64) -> Result<()> {
        self.nanoseconds += 5_000_000;
        *nanoseconds = self.nanoseconds;
        Ok(())
    }
}

impl Random for Host {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        for byte in bytes {
            self.level += 1;
            *byte = self.level as u8;
        }
        Ok(())
    }
}

impl Files for Host {
    fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        let missing = || Error::new("not_found", format!("there is no file `{path}`"));
        self.kept.get(path).cloned().ok_or_else(missing)
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<()> {
        Kv::set(self, path, contents)
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        self.kept.remove(path);
        Ok(())
    }

    fn list(&mut self, path: &str) -> Result<Vec<Entry>> {
        let entry = |(name, contents): (&String, &Vec<u8>)| {
            let name = name.strip_prefix(path)?.strip_prefix('/')?;
            Some(Entry {
                name: name.to_owned(),
                folder: false,
                bytes: contents.len() as u64,
            })
        };
        Ok(self.kept.iter().filter_map(entry).collect())
    }
}

impl Http for Host {
    fn send(&mut self, head: &Head, body: &[u8]) -> Result<Response> {
        self.notes.push(format!("{head:?}"));
        Ok(Response {
            status: 203,
            headers: vec![("content-type".to_owned(), "x/y".to_owned())],
            body: match body {
                [] => vec![0, 255, 10],
                body => body.to_vec(),
            },
        })
    }
}

impl Ai for Host {
    fn chat(&mut self, conversation: &Conversation) -> Result<Reply> {
        let messages: Vec<String> = conversation
            .messages
            .iter()
            .map(|message| format!("{}: {}", message.role, message.content))
            .collect();
        Ok(Reply {
            content: format!("[{}] {:?}", messages.join(", "), conversation.max_tokens),
            model: None,
        })
    }
}

impl Log for Host {
    fn max_level(&mut self) -> u32 {
        self.notes.push("asked".to_owned());
        self.level
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        self.notes.push(format!("{level} {target}: {message}"));
    }
}

type Shared = Arc<Mutex<Host>>;

fn builder(host: &Shared) -> PluginBuilder {
    Plugin::builder(&Build::of("served").wasm().unwrap()[..])
        .host_functions(kv::provide(Arc::clone(host)))
        .host_functions(config::provide(Arc::clone(host)))
        .host_functions(events::provide(Arc::clone(host)))
        .host_functions(time::provide(Arc::clone(host)))
        .host_functions(random::provide(Arc::clone(host)))
        .host_functions(files::provide(Arc::clone(host)))
        .host_functions(http::provide(Arc::clone(host)))
        .host_functions(ai::provide(Arc::clone(host)))
        .host_functions(logging::provide(Arc::clone(host)))
}

/// Returns a plugin with all permissions.
fn plugin() -> (Plugin, Shared) {
    let host = Shared::default();
    let granted = ["kv", "events", "files", "http", "ai"];
    let builder = granted.iter().fold(builder(&host), |builder, permission| {
        builder.grant(*permission)
    });
    (builder.build().unwrap(), host)
}

fn notes(host: &Shared) -> Vec<String> {
    std::mem::take(&mut host.lock().unwrap().notes)
}

#[track_caller]
fn refused(failure: plugin_sdk_harness::Failure) -> Error {
    match failure.kind() {
        FailureKind::Plugin(error) => error.clone(),
        _ => panic!("{failure}"),
    }
}

#[test]
fn values_are_kept_as_json_and_bytes_as_they_are() {
    let (mut plugin, host) = plugin();
    let before: Value = plugin.call("remember", json!({"name": "Ada"})).unwrap();
    assert_eq!(before, json!(null));
    assert_eq!(host.lock().unwrap().kept["last"], br#""Ada""#);
    let last: Value = plugin.call("remember", json!({"name": "Bo\n"})).unwrap();
    assert_eq!(last, "Ada");
    let order = json!({"order": {"cakes": [3, 4]}});
    assert_eq!(
        plugin.call::<Value>("order", &order).unwrap(),
        order["order"]
    );
    assert_eq!(plugin.call_raw("keep", &[0, 255]).unwrap(), [0, 255]);
    let keys = |plugin: &mut Plugin, prefix: &str| -> Vec<String> {
        plugin.call("keys", json!({"prefix": prefix})).unwrap()
    };
    assert_eq!(keys(&mut plugin, ""), ["bytes", "last", "order"]);
    let forget = json!({"key": "last"});
    assert!(plugin.call::<bool>("forget", &forget).unwrap());
    assert!(!plugin.call::<bool>("forget", &forget).unwrap());
    assert_eq!(keys(&mut plugin, "l"), [""; 0]);
}

#[test]
fn a_stored_value_of_a_wrong_type_is_reported_with_its_path() {
    let (mut plugin, host) = plugin();
    host.lock()
        .unwrap()
        .kept
        .insert("last".to_owned(), b"[7]".to_vec());
    let failure = plugin.call::<Value>("remember", json!({"name": "Ada"}));
    let error = refused(failure.unwrap_err());
    assert_eq!(error.code(), "bad_answer");
    assert_eq!(error.message(), "`last`: expected a string, found [7]");
    host.lock()
        .unwrap()
        .kept
        .insert("config limit".to_owned(), b"{".to_vec());
    let error = refused(plugin.call::<Value>("limit", ()).unwrap_err());
    assert_eq!(error.code(), "bad_answer");
    assert!(
        error
            .message()
            .starts_with("the host's bytes must be valid JSON"),
        "{error}"
    );
}

#[test]
fn a_denied_call_names_the_permission_and_how_to_grant_it() {
    let mut plugin = builder(&Shared::default()).build().unwrap();
    let missing: (String, String) = plugin.call("missing", ()).unwrap();
    assert_eq!(missing, ("kv".to_owned(), ".grant(\"kv\")".to_owned()));
    let failure = plugin.call::<Value>("remember", json!({"name": "Ada"}));
    let error = refused(failure.unwrap_err());
    assert_eq!(error.code(), "permission_denied");
    assert_eq!(error.permission_denied().unwrap().permission, "kv");
}

#[test]
fn configuration_is_typed() {
    let (mut plugin, host) = plugin();
    assert_eq!(plugin.call::<Option<u32>>("limit", ()).unwrap(), None);
    host.lock()
        .unwrap()
        .kept
        .insert("config limit".to_owned(), b" 12 ".to_vec());
    assert_eq!(plugin.call::<Option<u32>>("limit", ()).unwrap(), Some(12));
}

#[test]
fn events_reach_the_host() {
    let (mut plugin, host) = plugin();
    notes(&host);
    let () = plugin.call("announce", json!({"name": "Ada"})).unwrap();
    let notes = notes(&host);
    assert!(
        notes.ends_with(&[
            "+user.*".to_owned(),
            "user.greeted: \"Ada\"".to_owned(),
            "-user.*".to_owned()
        ]),
        "{notes:?}"
    );
}

#[test]
fn clocks_come_from_the_host() {
    let (mut plugin, _) = plugin();
    let clock: (u64, u64) = plugin.call("clock", ()).unwrap();
    assert_eq!(clock, (1_700_000_000, 5));
}

#[test]
fn an_instant_of_the_standard_library_is_a_panic() {
    let (mut plugin, _) = plugin();
    let failure = plugin.call::<Value>("instant", ()).unwrap_err();
    assert!(
        failure
            .to_string()
            .contains("time not implemented on this platform"),
        "{failure}"
    );
}

#[test]
fn random_bytes_come_from_the_host() {
    let (mut plugin, host) = plugin();
    host.lock().unwrap().level = 0;
    let drawn: ([u8; 4], u64) = plugin.call("draw", ()).unwrap();
    let first = drawn.0[0];
    assert_eq!(drawn.0, [first, first + 1, first + 2, first + 3]);
    assert_eq!(drawn.1.to_le_bytes()[0], first + 4);
}

#[test]
fn files_are_read_written_removed_and_listed() {
    let (mut plugin, host) = plugin();
    host.lock()
        .unwrap()
        .kept
        .insert("data/a.txt".to_owned(), "ü".into());
    let arguments = json!({"from": "data/a.txt", "to": "data/b.txt"});
    let there: Vec<String> = plugin.call("shelve", &arguments).unwrap();
    assert_eq!(there, ["b.txt"]);
    assert_eq!(host.lock().unwrap().kept["data/b.txt"], "ü".as_bytes());
    let error = refused(plugin.call::<Value>("shelve", &arguments).unwrap_err());
    assert_eq!(error.code(), "not_found");
    host.lock()
        .unwrap()
        .kept
        .insert("data/a.txt".to_owned(), vec![b'a', 0xff]);
    let error = refused(plugin.call::<Value>("shelve", &arguments).unwrap_err());
    assert_eq!(
        (error.code(), error.message()),
        (
            "bad_answer",
            "the file `data/a.txt` is not text: it is not UTF-8 after byte 1"
        )
    );
}

#[test]
fn responses_have_a_status_headers_and_arbitrary_bytes() {
    let (mut plugin, host) = plugin();
    notes(&host);
    let url = json!({"url": "https://example.org/"});
    assert_eq!(
        plugin.call::<Value>("fetch", &url).unwrap(),
        json!({"status": 203, "kind": "x/y", "body": [0, 255, 10]})
    );
    let error = refused(plugin.call::<Value>("text", &url).unwrap_err());
    assert_eq!(error.code(), "bad_answer");
    notes(&host);
    let order = json!({"url": "https://example.org/", "order": {"cakes": [1]}});
    assert_eq!(
        plugin.call::<Value>("send", &order).unwrap(),
        order["order"]
    );
    let head = Head {
        method: "POST".to_owned(),
        url: "https://example.org/".to_owned(),
        headers: [
            ("accept", "application/json"),
            ("content-type", "application/json"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        timeout_ms: Some(1500),
    };
    assert_eq!(notes(&host), [format!("{head:?}")]);
}

#[test]
fn a_conversation_continues() {
    let (mut plugin, _) = plugin();
    let reply: String = plugin.call("chat", json!({"prompt": "Hi"})).unwrap();
    assert_eq!(
        reply,
        "[user: Hi, assistant: [user: Hi] None, user: Shorter.] Some(10)"
    );
}

#[test]
fn log_lines_even_nested_ones_arrive_with_level_and_target() {
    let host = Shared::default();
    host.lock().unwrap().level = 5;
    let mut plugin = builder(&host).build().unwrap();
    let () = plugin.call("lines", json!({"name": "Ada"})).unwrap();
    assert_eq!(
        notes(&host),
        [
            "asked",
            "1 served: error of Ada",
            "2 served::special: a warning",
            "2 served: a line within a line",
            "3 served: chatty",
            "4 served: debug",
            "5 served: trace",
        ]
    );
}

#[test]
fn filtered_log_lines_are_not_formatted_and_init_rereads_levels() {
    let host = Shared::default();
    host.lock().unwrap().level = 2;
    let mut plugin = builder(&host).build().unwrap();
    let name = json!({"name": "Ada"});
    let () = plugin.call("details", json!({"times": 1000})).unwrap();
    let () = plugin.call("lines", &name).unwrap();
    assert_eq!(
        notes(&host),
        [
            "asked",
            "1 served: error of Ada",
            "2 served::special: a warning"
        ]
    );
    host.lock().unwrap().level = 0;
    let () = plugin.call("lines", &name).unwrap();
    assert_eq!(notes(&host).len(), 2, "the levels have not been read again");
    plugin.init(json!({})).unwrap();
    let () = plugin.call("lines", &name).unwrap();
    assert_eq!(notes(&host), ["asked"]);
}

#[test]
fn natively_the_same_implementations_serve_the_same_functions() {
    let host = Shared::default();
    host.lock().unwrap().level = 3;
    let _kv = kv::install(Arc::clone(&host));
    assert_eq!(Served.remember("Ada").unwrap(), None);
    assert_eq!(Served.remember("Bo").unwrap().as_deref(), Some("Ada"));
    let order = Served.order(Order { cakes: vec![1] }).unwrap();
    assert_eq!(order.unwrap().cakes, [1]);
    let _http = http::install(Arc::clone(&host));
    let order = Order { cakes: vec![5] };
    assert_eq!(Served.send("http://a/", order).unwrap().cakes, [5]);
    assert_eq!(Served.clock().unwrap_err().code(), "unsupported");
    notes(&host);
    {
        let _log = logging::install(Arc::clone(&host));
        Served.lines("Ada");
    }
    Served.lines("nobody");
    let mut lines = notes(&host);
    lines.retain(|line| line != "asked");
    assert_eq!(
        lines,
        [
            "1 served: error of Ada",
            "2 served::special: a warning",
            "2 served: a line within a line",
            "3 served: chatty",
        ]
    );
}

/// Returns the imports of a module.
fn imports(build: Build) -> Vec<String> {
    let imports = build.module();
    let imports = imports.imports();
    imports
        .map(|import| format!("{}.{}", import.module(), import.name()))
        .collect()
}

#[test]
fn a_plugin_imports_only_what_it_uses() {
    let mut used = imports(Build::of("remembering"));
    used.sort();
    assert_eq!(
        used,
        [
            "plugin_host.kv_get",
            "plugin_host.kv_set",
            "plugin_host.log_max_level",
            "plugin_host.log_write",
        ]
    );
    let none = || Build::of("remembering").without_default_features();
    assert_eq!(imports(none()), [""; 0]);
}

#[test]
fn kv_and_log_with_its_pairs_add_at_most_10_kib() {
    let size = |build: Build| build.wasm().unwrap().len();
    let with = size(Build::of("remembering"));
    let without = size(Build::of("remembering").without_default_features());
    assert!(with - without <= 10 * 1024, "{} bytes", with - without);
}

#[test]
fn crates_that_use_getrandom_draw_from_the_host() {
    let host = Shared::default();
    let mut plugin = Plugin::builder(&Build::of("drawing").wasm().unwrap()[..])
        .host_functions(random::provide(Arc::clone(&host)))
        .build()
        .unwrap();
    let uuid: String = plugin.call("uuid", ()).unwrap();
    assert_eq!(uuid.as_bytes()[14], b'4', "{uuid} has version 4");
    assert!(uuid.contains("0102") || uuid.contains("0201"), "{uuid}");
    let bytes: ([u8; 8], [u8; 8]) = plugin.call("bytes", ()).unwrap();
    assert_eq!(bytes.0, [17, 18, 19, 20, 21, 22, 23, 24]);
    assert_eq!(bytes.1, [25, 26, 27, 28, 29, 30, 31, 32]);
    for _ in 0..20 {
        let dice: u8 = plugin.call("dice", ()).unwrap();
        assert!((1..=6).contains(&dice));
    }
    assert!(host.lock().unwrap().level > 32, "`rand` draws its seed");
}
