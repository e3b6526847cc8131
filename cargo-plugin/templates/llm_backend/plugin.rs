//! The plugin as a host runs it: in WebAssembly, with a server whose answers the test chooses.

use my_plugin::Reply;
use plugin_sdk_harness::services::{AllowList, ScriptedHttp};
use plugin_sdk_harness::{Plugin, Source};
use serde_json::{Value, json};

fn plugin(http: ScriptedHttp) -> Plugin {
    let source = Source::crate_dir(env!("CARGO_MANIFEST_DIR"));
    let config = json!({"endpoint": "https://llm.example.com/v1", "api_key": "secret", "model": "small"});
    let builder = Plugin::builder(source).config(config);
    builder.grant("http").http(http).build().unwrap()
}

fn server() -> ScriptedHttp {
    ScriptedHttp::new(AllowList::new(["llm.example.com"]).unwrap())
}

fn hello() -> Value {
    json!({"messages": [{"role": "user", "content": "Hello!"}]})
}

#[test]
fn a_conversation_is_answered_by_the_model() {
    let http = server().answer(json!({
        "model": "small-2",
        "choices": [{"message": {"role": "assistant", "content": "Good day."}}],
    }));
    let mut plugin = plugin(http);
    let reply: Reply = plugin.call("chat", hello()).unwrap();
    assert_eq!((&*reply.content, &*reply.model), ("Good day.", "small-2"));

    let requests = plugin.services().http().requests();
    assert_eq!(requests[0].url, "https://llm.example.com/v1/chat/completions");
    assert_eq!(requests[0].header("authorization"), Some("Bearer secret"));
    let asked: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(asked["model"], "small");
    assert_eq!(asked["messages"][0]["role"], "user");
}

#[test]
fn a_server_that_refuses_is_an_error() {
    let mut plugin = plugin(server().answer(429));
    let failure = plugin.call::<Reply>("chat", hello()).unwrap_err();
    assert_eq!(failure.code(), "server_refused");
}

#[test]
fn an_empty_conversation_is_not_sent() {
    let mut plugin = plugin(server());
    let failure = plugin.call::<Reply>("chat", json!({"messages": []})).unwrap_err();
    assert_eq!(failure.code(), "nothing_said");
    assert!(plugin.services().http().requests().is_empty());
}
