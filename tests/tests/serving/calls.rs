//! Calls whose client goes away, and the fuel of calls.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use plugin_sdk_harness::Source;
use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::ServerOptions;
use plugin_sdk_tests::Build;
use serde_json::json;

use super::{ENDLESS, Server, agent, plugin_options};

/// A plugin that keeps its state: its command takes a moment, and answers how often it was called.
const COUNTING: &str = r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    (func (export "plugin_state_save") (result i64) i64.const 0x4000000001)
    (func (export "plugin_state_load") (param i32 i32) (result i64) i64.const 0)
    (data (i32.const 64) "0")
    (func (export "command_count") (param i32 i32) (result i64) (local $left i64)
        (local.set $left (i64.const 300000000))
        (loop $again
            (local.set $left (i64.sub (local.get $left) (i64.const 1)))
            (br_if $again (i64.ne (local.get $left) (i64.const 0))))
        (i32.store8 (i32.const 64) (i32.add (i32.load8_u (i32.const 64)) (i32.const 1)))
        i64.const 0x4000000001))"#;

/// Sends a call, and goes away while it runs.
fn abandon(server: &Server, path: &str, body: &str) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n");
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .unwrap();
    // The call has begun a moment later.
    std::thread::sleep(Duration::from_millis(200));
}

#[test]
fn a_call_whose_client_goes_away_is_ended() {
    // No time limit within the test's patience ends the endless command.
    let options = PluginOptions::new().setup(|_, plugin| plugin.timeout(Duration::from_secs(600)));
    let registry = Registry::new();
    registry.load(Source::wat(ENDLESS), options).unwrap();
    let server = Server::serving(registry, ServerOptions::new());
    let plugin = "/api/plugins/plugin";
    // More often than an instance may be replaced because of a trap.
    for _ in 0..3 {
        abandon(&server, &format!("{plugin}/commands/spin"), "");
        abandon(
            &server,
            &format!("{plugin}/command"),
            r#"{"command": "spin"}"#,
        );
        let begun = Instant::now();
        let answer = server.send("POST", &format!("{plugin}/commands/answer"), "");
        assert_eq!(answer, (200, json!(1)));
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    let (_, status) = server.get(plugin);
    let stats = &status["data"]["plugin"]["stats"];
    assert_eq!(
        (&stats["call_count"], &stats["restart_count"]),
        (&json!(9), &json!(0))
    );
    assert_eq!(server.get(&format!("{plugin}/health")).0, 200);
}

#[test]
fn a_plugin_that_keeps_its_state_ends_its_call() {
    let registry = Registry::new();
    registry
        .load(Source::wat(COUNTING), plugin_options())
        .unwrap();
    let server = Server::serving(registry, ServerOptions::new());
    let path = "/api/plugins/plugin/commands/count";
    abandon(&server, path, "");
    assert_eq!(server.send("POST", path, ""), (200, json!(2)));
}

#[test]
fn a_call_reports_its_fuel_if_it_is_counted() {
    let registry = Registry::new();
    let counted = PluginOptions::new().setup(|_, plugin| plugin.fuel(1_000_000));
    registry.load(Source::wat(ENDLESS), counted).unwrap();
    let greeter = Source::bytes(Build::of("greeter").wasm().unwrap().to_vec());
    registry.load(greeter, plugin_options()).unwrap();
    let server = Server::serving(registry, ServerOptions::new());
    let fuel = |path: &str, body: &str| {
        let request = agent().post(server.url(&format!("/api/plugins/{path}")));
        let response = request.send(body).unwrap();
        let fuel = response.headers().get("x-plugin-fuel").cloned();
        fuel.map(|fuel| fuel.to_str().unwrap().parse::<u64>().unwrap())
    };
    let first = fuel("plugin/commands/answer", "").unwrap();
    assert!((1..100).contains(&first), "{first}");
    let named_in_body = fuel("plugin/command", r#"{"command": "answer"}"#);
    assert_eq!(named_in_body, Some(first), "fuel is the same each time");
    assert_eq!(
        fuel("plugin/commands/spin", ""),
        Some(1_000_000),
        "all of it"
    );
    assert_eq!(fuel("greeter/commands/greet", r#"{"name": "Ada"}"#), None);
}
