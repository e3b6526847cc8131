//! The plugin as a host runs it. Each test runs twice: `native`, for a debugger, and `wasm`.
//! The test chooses the answers of the server.

use plugin_sdk_harness::services::{AllowList, ScriptedHttp};
use plugin_sdk_harness::{Plugin, PluginBuilder};
use serde_json::{Value, json};

use my_plugin::*;

fn plugin(builder: PluginBuilder, http: ScriptedHttp) -> Plugin {
    let config = json!({"endpoint": "https://llm.example.com/v1", "api_key": "secret", "model": "small"});
    let builder = builder.config(config);
    builder.grant("http").http(http).build().unwrap()
}

fn server() -> ScriptedHttp {
    ScriptedHttp::new(AllowList::new(["llm.example.com"]).unwrap())
}

fn hello() -> Value {
    json!({"messages": [{"role": "user", "content": "Hello!"}]})
}

#[plugin_sdk_harness::test(MyPlugin)]
fn a_conversation_is_answered_by_the_model(builder: PluginBuilder) {
    let http = server().answer(json!({
        "model": "small-2",
        "choices": [{"message": {"role": "assistant", "content": "Good day."}}],
    }));
    let mut plugin = plugin(builder, http);
    let reply: Reply = plugin.call("chat", hello()).unwrap();
    assert_eq!((&*reply.content, &*reply.model), ("Good day.", "small-2"));

    let requests = plugin.services().http().requests();
    assert_eq!(requests[0].url, "https://llm.example.com/v1/chat/completions");
    assert_eq!(requests[0].header("authorization"), Some("Bearer secret"));
    let asked: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(asked["model"], "small");
    assert_eq!(asked["messages"][0]["role"], "user");
}

#[plugin_sdk_harness::test(MyPlugin)]
fn a_server_that_refuses_is_an_error(builder: PluginBuilder) {
    let mut plugin = plugin(builder, server().answer(429));
    let failure = plugin.call::<Reply>("chat", hello()).unwrap_err();
    assert_eq!(failure.code(), "server_refused");
}

#[plugin_sdk_harness::test(MyPlugin)]
fn an_empty_conversation_is_not_sent(builder: PluginBuilder) {
    let mut plugin = plugin(builder, server());
    let failure = plugin.call::<Reply>("chat", json!({"messages": []})).unwrap_err();
    assert_eq!(failure.code(), "nothing_said");
    assert!(plugin.services().http().requests().is_empty());
}
