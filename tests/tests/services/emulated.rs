//! Emulated hosts with services that are not in memory.

use std::fs;
use std::sync::{Arc, Mutex};

use plugin_sdk::services::config::Config;
use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_harness::services::{
    AllowList, DatabaseKv, DirectoryFiles, ForwardedLog, HttpClient, SystemClock, SystemRandom,
};
use plugin_sdk_harness::{FailureKind, Plugin, PluginBuilder, Pool, Source};
use plugin_sdk_tests::Build;
use serde_json::{Value, json};

use crate::http::Serving;

fn builder(host: &'static HostContract) -> PluginBuilder {
    let build = Build::of("services").feature(host.feature.unwrap());
    let wasm = build.wasm().unwrap();
    Plugin::builder(Source::bytes(wasm.to_vec()))
        .grant_all()
        .emulate(host)
}

/// Returns the value of a call, or its error's code.
fn one(plugin: &mut Plugin, call: Value) -> Result<Value, String> {
    let done = plugin.call("one", json!({ "call": call }));
    done.map_err(|failure| failure.code().to_owned())
}

#[test]
fn an_emulated_host_serves_a_real_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "from disk").unwrap();
    let files = DirectoryFiles::new().read_write("data", folder.path());
    let mut plugin = builder(hosts::musicfox())
        .files(files.unwrap())
        .build()
        .unwrap();
    plugin.start().unwrap();
    assert_eq!(
        one(&mut plugin, json!({"read": "data/a.txt"})),
        Ok(json!("from disk"))
    );
    one(&mut plugin, json!({"write": ["data/b.txt", "to disk"]})).unwrap();
    assert_eq!(
        fs::read_to_string(folder.path().join("b.txt")).unwrap(),
        "to disk"
    );
    assert_eq!(
        one(&mut plugin, json!({"read": "secrets/a.txt"})),
        Err("not_found".to_owned())
    );
    plugin.stop().unwrap();
    plugin.finish().unwrap();
}

#[test]
fn an_emulated_host_keeps_values_in_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let database = DatabaseKv::open(folder.path().join("kv.redb")).unwrap();
    for (host, call, expected) in [
        (hosts::cis(), json!({"kv_set": ["key", "cis"]}), json!(null)),
        (hosts::cis(), json!({"kv_get": "key"}), json!("cis")),
        (
            hosts::extism(),
            json!({"kv_set": ["key", "extism"]}),
            json!(null),
        ),
        (hosts::extism(), json!({"kv_get": "key"}), json!("extism")),
    ] {
        let store = database.namespace(host.name);
        let mut plugin = builder(host).kv(store).build().unwrap();
        assert_eq!(one(&mut plugin, call), Ok(expected), "{}", host.name);
        plugin.finish().unwrap();
    }
}

#[test]
fn an_emulated_host_sends_real_requests_where_allowed() {
    let server = Serving::new(|_, body| tiny_http::Response::from_data(body));
    let allowed = AllowList::new([format!("127.0.0.1:{}", server.port())]).unwrap();
    let mut plugin = builder(hosts::cis())
        .http(HttpClient::new(allowed))
        .build()
        .unwrap();
    let post = |url: String| json!({"http": ["POST", url, "echo"]});
    let answer = one(&mut plugin, post(server.url("/there"))).unwrap();
    assert_eq!(answer[1], "echo", "{answer}");
    let elsewhere = post("http://127.0.0.2:1/".to_owned());
    assert!(one(&mut plugin, elsewhere).is_err());
    assert_eq!(server.received().len(), 1);
    plugin.finish().unwrap();
}

/// A configuration that is not an in-memory map.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Config for Asked {
    fn get(&mut self, key: &str) -> plugin_sdk::Result<Option<Vec<u8>>> {
        self.0.lock().unwrap().push(key.to_owned());
        Ok((key == "volume").then(|| b"7".to_vec()))
    }
}

#[test]
fn an_emulated_host_asks_every_service_that_it_was_given() {
    let asked = Asked::default();
    let mut plugin = builder(hosts::musicfox())
        .config_service(asked.clone())
        .logs(ForwardedLog)
        .clock(SystemClock)
        .random(SystemRandom)
        .build()
        .unwrap();
    plugin.start().unwrap();
    assert_eq!(one(&mut plugin, json!({"config": "volume"})), Ok(json!(7)));
    one(&mut plugin, json!({"log": "a line"})).unwrap();
    assert!(asked.0.lock().unwrap().contains(&"volume".to_owned()));
    plugin.stop().unwrap();
    plugin.finish().unwrap();
}

#[test]
fn emulated_plugins_are_counted_traced_and_pooled_like_others() {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&lines);
    let mut plugin = builder(hosts::cis())
        .statistics()
        .trace(move |crossing| seen.lock().unwrap().push(crossing.to_string()))
        .build()
        .unwrap();
    assert_eq!(plugin.emulated_host().unwrap().name, "cis");
    one(&mut plugin, json!({"kv_set": ["key", 1]})).unwrap();
    one(&mut plugin, json!({"kv_get": "key"})).unwrap();
    assert!(plugin.host_calls_made() > 0);
    assert_eq!(plugin.statistics().command("one").unwrap().calls, 2);
    assert!(
        lines
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.starts_with("-> one"))
    );
    plugin.finish().unwrap();

    let pool = Pool::new(2, || builder(hosts::cis()));
    let got: Value = pool
        .call("one", json!({"call": {"kv_get": "key"}}))
        .unwrap();
    assert_eq!(got, Value::Null);
}

#[tokio::test]
async fn async_calls_on_an_emulated_host_are_unsupported() {
    let failure = builder(hosts::cis()).build_async().await.unwrap_err();
    assert!(
        matches!(
            failure.kind(),
            FailureKind::UnsupportedByHost {
                what: "async calls",
                ..
            }
        ),
        "{failure}"
    );
    assert_eq!(failure.code(), "unsupported");
}
