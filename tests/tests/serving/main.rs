//! Plugins served over HTTP, to real clients.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use plugin_sdk_harness::Source;
use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::{ServerOptions, serve};
use plugin_sdk_tests::Build;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A plugin that does not describe itself, so that its id is `plugin`: one command never ends, one
/// traps, and one answers 1.
const ENDLESS: &str = r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    (func (export "command_spin") (param i32 i32) (result i64) (loop (br 0)) unreachable)
    (func (export "command_trap") (param i32 i32) (result i64) unreachable)
    (data (i32.const 64) "1") (func (export "command_answer") (param i32 i32) (result i64) i64.const 0x4000000001))"#;

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

/// A server in a thread of its own, which ends when this is dropped.
struct Server {
    registry: Registry,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn of(guests: &[&'static str]) -> Self {
        Self::with(guests, ServerOptions::new())
    }

    fn with(guests: &[&'static str], options: ServerOptions) -> Self {
        let registry = Registry::new();
        for guest in guests {
            let source = match *guest {
                "plugin" => Source::wat(ENDLESS),
                guest => Source::bytes(Build::of(guest).wasm().unwrap().to_vec()),
            };
            registry.load(source, plugin_options()).unwrap();
        }
        Self::serving(registry, options)
    }

    fn serving(registry: Registry, options: ServerOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = runtime.block_on(listener).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = registry.clone();
        let thread = std::thread::spawn(move || {
            let stopped = async { drop(stopped.await) };
            runtime.block_on(serve(listener, served, options, stopped));
        });
        Server {
            registry,
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let agent = agent();
        json_of(agent.get(self.url(path)).call().unwrap())
    }

    fn send(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(self.url(path))
            .header("content-type", "application/json")
            .body(body.to_owned())
            .unwrap();
        json_of(agent().run(request).unwrap())
    }

    /// Sends bytes as they are, and returns everything that comes back.
    fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn end(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        self.thread.take().map(JoinHandle::join);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn plugin_options() -> PluginOptions {
    PluginOptions::new().setup(|id, plugin| match id {
        "guest-book" => plugin,
        _ => plugin.grant_all().timeout(Duration::from_secs(2)),
    })
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.build().into()
}

fn json_of(mut response: ureq::http::Response<ureq::Body>) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, json)
}

#[test]
fn neotalks_six_routes_answer_in_its_envelope() {
    let server = Server::of(&["greeter"]);
    let (status, all) = server.get("/api/plugins");
    assert_eq!((status, &all["success"]), (200, &json!(true)));
    assert_eq!(all["data"]["count"], 1);
    let plugin = &all["data"]["plugins"][0];
    assert_eq!(plugin["id"], "greeter");
    assert_eq!(plugin["state"], "running");
    assert_eq!(plugin["stats"]["start_count"], 1);
    assert_eq!(server.get("/api/plugins?type=tool").1["data"]["count"], 1);
    assert_eq!(server.get("/api/plugins?type=codec").1["data"]["count"], 0);
    assert_eq!(
        server.get("/api/plugins?state=running&enabled=true").1["data"]["count"],
        1
    );

    let (status, one) = server.get("/api/plugins/greeter");
    assert_eq!(status, 200);
    assert_eq!(one["data"]["plugin"]["name"], "Greeter");
    let (status, health) = server.get("/api/plugins/greeter/health");
    assert_eq!(status, 200);
    let healthy = json!({"status": "healthy", "plugin_id": "greeter", "state": "running"});
    assert_eq!(health["data"], healthy);

    let call = r#"{"command": "greet", "args": {"name": "Ada"}}"#;
    let (status, answer) = server.send("POST", "/api/plugins/greeter/command", call);
    assert_eq!(status, 200);
    assert_eq!(answer["data"]["result"]["message"], "Hello, Ada!");
    let (_, answer) = server.send(
        "POST",
        "/api/plugins/greeter/command",
        r#"{"command":"greeted"}"#,
    );
    assert_eq!(answer, json!({"success": true, "data": {"result": 1}}));

    // A bare configuration, and one with the reload that upstream asked for.
    let bodies = [
        (r#"{"greeting": "Hi"}"#, "Hi"),
        (r#"{"config": {"greeting": "Hey"}, "reload": true}"#, "Hey"),
    ];
    for (body, greeting) in bodies {
        let (status, _) = server.send("PUT", "/api/plugins/greeter/config", body);
        assert_eq!(status, 200);
        let (_, config) = server.get("/api/plugins/greeter/config");
        let expected = json!({"plugin_id": "greeter", "config": {"greeting": greeting}});
        assert_eq!(config["data"], expected);
    }
}

#[test]
fn errors_have_a_status_a_word_and_the_plugins_own_code() {
    let server = Server::of(&["greeter", "guest-book", "plugin"]);
    let post = |path: &str, body: &str| server.send("POST", path, body);
    let greet = "/api/plugins/greeter/commands/greet";
    let cases = [
        (
            server.get("/api/plugins/nobody"),
            404,
            "NOT_FOUND",
            "unknown_plugin",
        ),
        (
            server.get("/api/plugins/nobody/health"),
            404,
            "NOT_FOUND",
            "unknown_plugin",
        ),
        (post(greet, "{"), 400, "BAD_REQUEST", ""),
        (
            post(greet, r#"{"name": 7}"#),
            400,
            "BAD_REQUEST",
            "invalid_argument",
        ),
        (post(greet, "{}"), 400, "BAD_REQUEST", "missing_argument"),
        (
            post("/api/plugins/greeter/commands/greeted", "null"),
            400,
            "BAD_REQUEST",
            "",
        ),
        (
            post(greet, r#"{"name": ""}"#),
            422,
            "UNPROCESSABLE_ENTITY",
            "name_empty",
        ),
        (
            post("/api/plugins/greeter/commands/great", "{}"),
            404,
            "NOT_FOUND",
            "unknown_command",
        ),
        (
            post("/api/plugins/greeter/command", "[]"),
            400,
            "BAD_REQUEST",
            "",
        ),
        (
            post("/api/plugins/guest-book/commands/last", ""),
            403,
            "FORBIDDEN",
            "permission_denied",
        ),
        (
            post("/api/plugins/plugin/commands/trap", ""),
            500,
            "INTERNAL_ERROR",
            "trap",
        ),
        (
            post("/api/plugins/plugin/commands/spin", ""),
            504,
            "GATEWAY_TIMEOUT",
            "timeout",
        ),
        (server.get("/nothing"), 404, "NOT_FOUND", ""),
        (server.get("/api/plugins/%ff"), 400, "BAD_REQUEST", ""),
        (server.get(greet), 405, "METHOD_NOT_ALLOWED", ""),
        (
            server.send("PUT", "/api/plugins/greeter/config", r#"{"greeting": 7}"#),
            400,
            "BAD_REQUEST",
            "invalid_argument",
        ),
    ];
    for ((status, answer), expected, word, reason) in cases {
        let error = &answer["error"];
        assert_eq!(status, expected, "{answer}");
        assert_eq!(answer["success"], false);
        assert_eq!(error["code"], word, "{answer}");
        assert_eq!(error["reason"].as_str().unwrap_or(""), reason, "{answer}");
        assert_eq!(error["request_id"].as_str().unwrap().len(), 8, "{answer}");
        assert!(error["message"].as_str().unwrap().len() > 5, "{answer}");
    }
    let (_, typo) = server.get("/api/plugins/greter");
    let message = "there is no plugin `greter`; did you mean `greeter`?";
    assert_eq!(typo["error"]["message"], message);
    let (_, wrong) = post(greet, r#"{"name": "Ada", "times": "two"}"#);
    assert_eq!(wrong["error"]["details"]["pointer"], "/times", "{wrong}");
}

#[test]
fn raw_commands_take_and_return_bytes() {
    let server = Server::of(&["basics"]);
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let mut response = agent()
        .post(server.url("/api/plugins/basics/commands/echo"))
        .send(&bytes[..])
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "application/octet-stream"
    );
    assert_eq!(response.body_mut().read_to_vec().unwrap(), bytes);
    let call = r#"{"command": "echo", "args": {}}"#;
    let (status, answer) = server.send("POST", "/api/plugins/basics/command", call);
    assert_eq!(status, 400);
    let hint = answer["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("/api/plugins/basics/commands/echo"), "{hint}");
}

#[test]
fn requests_of_other_hosts_and_pages_are_refused() {
    let server = Server::with(
        &["greeter"],
        ServerOptions::new().allow_host("plugins.example"),
    );
    let port = server.address.port();
    let status = |headers: &str| {
        let request = format!("GET /api/plugins HTTP/1.1\r\n{headers}connection: close\r\n\r\n");
        let answer = server.raw(&request);
        answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    for host in [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "plugins.example",
        "LOCALHOST",
    ] {
        assert_eq!(status(&format!("host: {host}:{port}\r\n")), 200, "{host}");
        assert_eq!(status(&format!("host: {host}\r\n")), 200, "{host}");
        let origin = format!("host: {host}:{port}\r\norigin: http://{host}:{port}\r\n");
        assert_eq!(status(&origin), 200, "{host}");
    }
    assert_eq!(status("host: localhost\r\nhost: evil.example\r\n"), 400);
    let proxied =
        "GET http://evil.example/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert!(server.raw(proxied).starts_with("HTTP/1.1 421 "));
    for host in [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "",
    ] {
        assert_eq!(status(&format!("host: {host}\r\n")), 421, "{host}");
    }
    for origin in [
        "http://evil.example",
        "null",
        "http://localhost:1",
        "https://127.0.0.1",
    ] {
        let headers = format!("host: localhost:{port}\r\norigin: {origin}\r\n");
        assert_eq!(status(&headers), 403, "{origin}");
    }
}

#[test]
fn a_server_with_a_token_requires_it() {
    let server = Server::with(&["greeter"], ServerOptions::new().bearer_token("secret"));
    let status = |token: Option<&str>| {
        let mut request = agent().get(server.url("/api/plugins"));
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        request.call().unwrap().status().as_u16()
    };
    assert_eq!(status(None), 401);
    for wrong in [
        "secret",
        "Bearer",
        "Bearer ",
        "Bearer secre",
        "Bearer secrets",
        "Basic secret",
    ] {
        assert_eq!(status(Some(wrong)), 401, "{wrong}");
    }
    assert_eq!(status(Some("Bearer secret")), 200);
    assert_eq!(status(Some("bearer secret")), 200);
}

#[test]
fn large_and_slow_requests_are_ended() {
    let options = ServerOptions::new()
        .max_body_bytes(1000)
        .request_timeout(Duration::from_millis(300));
    let server = Server::with(&["greeter"], options);
    let path = "/api/plugins/greeter/commands/greet";
    let (status, answer) = server.send("POST", path, &" ".repeat(1001));
    assert_eq!(
        (status, &answer["error"]["code"]),
        (413, &json!("PAYLOAD_TOO_LARGE"))
    );

    // A head and a body that never end.
    let head = "POST /api/plugins/greeter/commands/greet HTTP/1.1\r\nhost: localhost\r\n";
    let begun = Instant::now();
    let answer = server.raw(head);
    assert!(!answer.contains(" 200 "), "{answer}");
    let answer = server.raw(&format!(
        "{head}content-length: 20\r\nconnection: close\r\n\r\n{{"
    ));
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn large_bodies_are_read_a_few_at_a_time() {
    let server = Server::of(&["greeter"]);
    let path = "/api/plugins/greeter/commands/greet";
    let unfinished: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    // The server reads the heads in a moment.
    std::thread::sleep(Duration::from_millis(300));
    let small = r#"{"name": "Ada"}"#;
    let large = format!("{small}{}", " ".repeat(100_000));
    let (status, answer) = server.send("POST", path, &large);
    assert_eq!(status, 503, "{answer}");
    assert_eq!(server.send("POST", path, small).0, 200);
    drop(unfinished);
    assert_eq!(server.send("POST", path, &large).0, 200);
}

#[test]
fn a_thousand_idle_connections_keep_no_other_from_its_answer() {
    let server = Server::of(&["greeter"]);
    let idle: Vec<TcpStream> = (0..1000)
        .map_while(|_| TcpStream::connect(server.address).ok())
        .collect();
    assert_eq!(
        idle.len(),
        1000,
        "the limit of open files is too low for this test"
    );
    assert_eq!(server.get("/api/plugins").0, 200);
}

#[test]
fn calls_beyond_the_limit_are_refused() {
    // The first call runs five times as long as the second waits for room.
    let options = PluginOptions::new().setup(|_, plugin| plugin.timeout(Duration::from_secs(5)));
    let registry = Registry::new();
    registry.load(Source::wat(ENDLESS), options).unwrap();
    let server = Server::serving(registry, ServerOptions::new().max_calls(1));
    let spin = || server.send("POST", "/api/plugins/plugin/commands/spin", "");
    let (first, second) = std::thread::scope(|threads| {
        let first = threads.spawn(spin);
        let second = threads.spawn(spin);
        (first.join().unwrap(), second.join().unwrap())
    });
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [503, 504], "{first:?} {second:?}");
}

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

#[test]
fn events_and_log_lines_arrive_as_they_happen() {
    let server = Server::of(&["served"]);
    let stream = TcpStream::connect(server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let request = "GET /api/plugins/served/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
    (&stream).write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("text/event-stream")));
    let (status, _) = server.send(
        "POST",
        "/api/plugins/served/commands/announce",
        r#"{"name": "Ada"}"#,
    );
    assert_eq!(status, 200);
    assert!(lines.any(|line| line == "event: event"));
    let data = lines.next().unwrap();
    let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(data, json!({"topic": "user.greeted", "data": "Ada"}));
}

#[test]
fn streams_of_events_beyond_the_limit_are_refused() {
    let server = Server::of(&["greeter"]);
    let stream = |_| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let request = b"GET /api/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        (stream, String::from_utf8(status.to_vec()).unwrap())
    };
    let streams: Vec<_> = (0..65).map(stream).collect();
    let refused = streams.iter().filter(|(_, status)| status.ends_with("503"));
    assert_eq!(refused.count(), 1);
    // Calls still find a thread.
    let body = r#"{"name": "Ada"}"#;
    let (status, _) = server.send("POST", "/api/plugins/greeter/commands/greet", body);
    assert_eq!(status, 200);
}

#[test]
fn metrics_count_calls() {
    let server = Server::of(&["greeter"]);
    for name in ["Ada", ""] {
        let body = json!({"name": name}).to_string();
        server.send("POST", "/api/plugins/greeter/commands/greet", &body);
    }
    let (status, text) = server.get("/metrics");
    assert_eq!(status, 200);
    let text = text.as_str().unwrap();
    for line in [
        "plugin_up{plugin=\"greeter\"} 1",
        "plugin_calls_total{plugin=\"greeter\"} 2",
        "plugin_errors_total{plugin=\"greeter\"} 1",
        "# TYPE plugin_call_seconds_p99 gauge",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
}

#[test]
fn a_swap_over_http_answers_with_the_new_module() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("greeter.wasm");
    fs::write(&file, Build::of("greeter").wasm().unwrap()).unwrap();
    let registry = Registry::new();
    registry.add_folder(dir.path(), plugin_options()).unwrap();
    let server = Server::serving(registry, ServerOptions::new());
    assert_eq!(
        server.send("POST", "/api/plugins/greeter/reload", "").0,
        200
    );
    let (_, plugin) = server.get("/api/plugins/greeter");
    assert_eq!(plugin["data"]["plugin"]["stats"]["swap_count"], 1);
    fs::write(&file, "garbage").unwrap();
    let (status, answer) = server.send("POST", "/api/plugins/greeter/reload", "");
    assert_eq!(
        (status, &answer["error"]["reason"]),
        (500, &json!("not_wasm"))
    );
    let (_, answer) = server.send(
        "POST",
        "/api/plugins/greeter/commands/greet",
        r#"{"name": "Ada"}"#,
    );
    assert_eq!(answer["message"], "Hello, Ada!");

    assert_eq!(server.send("POST", "/api/plugins/greeter/stop", "").0, 200);
    assert_eq!(server.get("/api/plugins/greeter/health").0, 503);
    assert_eq!(server.send("POST", "/api/plugins/greeter/start", "").0, 200);
    assert_eq!(server.get("/api/plugins/greeter/health").0, 200);
}

#[test]
fn ending_the_server_lets_calls_end_and_calls_the_hooks() {
    let mut server = Server::of(&["plugin"]);
    let url = server.url("/api/plugins/plugin/commands/spin");
    let (begun, has_begun) = std::sync::mpsc::channel();
    let registry = server.registry.clone();
    let other = std::thread::spawn(move || {
        // Holds the instance, so that the request's call waits while the server ends.
        registry.with_instance("plugin", |plugin| {
            begun.send(()).unwrap();
            plugin.call_raw("spin", b"").map(<[u8]>::to_vec)
        })
    });
    has_begun.recv().unwrap();
    let call = std::thread::spawn(move || agent().post(url).send("").unwrap().status().as_u16());
    // The server must have read the request; it takes a moment, and the call takes two seconds.
    std::thread::sleep(Duration::from_secs(1));
    server.end();
    other.join().unwrap().unwrap_err();
    assert_eq!(
        call.join().unwrap(),
        504,
        "the call ran into its own limit, and was answered"
    );
    assert_eq!(server.registry.list().len(), 0, "all plugins are unloaded");
}

#[test]
fn the_openapi_document_describes_every_command() {
    let server = Server::of(&["greeter", "text-stats", "basics"]);
    let (status, document) = server.get("/openapi.json");
    assert_eq!(status, 200);
    assert_eq!(document["openapi"], "3.1.0");
    let greet = &document["paths"]["/api/plugins/greeter/commands/greet"]["post"];
    let schema = &greet["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(schema["properties"]["name"]["type"], "string");
    // Every reference has its definition.
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

/// Runs a program of the tests' Python with arguments, in a folder for its files.
fn python(dir: &Path, arguments: &[&str]) {
    let usual = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("python/bin/python3");
    let given = std::env::var_os("PLUGIN_SDK_PYTHON").map(PathBuf::from);
    let output = Command::new(given.unwrap_or(usual))
        .args(arguments)
        .current_dir(dir)
        .env("PYTHONPATH", openapi_dir())
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|error| panic!("{error}\ntype `cargo xtask setup`"));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success(), "{text}");
}

fn openapi_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi")
}

#[test]
fn the_openapi_document_and_the_server_agree() {
    let registry = Registry::new();
    for guest in ["greeter", "text-stats", "guest-book"] {
        let options = PluginOptions::new().setup(|_, plugin| plugin.grant_all());
        let wasm = Build::of(guest).wasm().unwrap().to_vec();
        registry.load(Source::bytes(wasm), options).unwrap();
    }
    let server = Server::serving(registry, ServerOptions::new());
    let dir = tempfile::tempdir().unwrap();
    let (_, document) = server.get("/openapi.json");
    fs::write(dir.path().join("openapi.json"), document.to_string()).unwrap();
    python(
        dir.path(),
        &["-m", "openapi_spec_validator", "openapi.json"],
    );

    let settings = openapi_dir().join("schemathesis.toml");
    let url = server.url("/openapi.json");
    let arguments = [
        "-m",
        "schemathesis.cli",
        "--config-file",
        settings.to_str().unwrap(),
        "run",
        &url,
        // The same requests in each run: a failure can be repeated.
        "--seed",
        "1",
        "--max-examples",
        "20",
        "--phases",
        "examples,coverage,fuzzing",
        "--generation-database",
        "none",
        "--no-color",
    ];
    python(dir.path(), &arguments);
    // It made requests, and some of them were calls that worked.
    let (_, greeter) = server.get("/api/plugins/greeter");
    let stats = &greeter["data"]["plugin"]["stats"];
    let number = |name: &str| stats[name].as_u64().unwrap();
    assert!(number("call_count") > number("error_count") + 5, "{stats}");
}

fn collect<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str));
            members
                .values()
                .for_each(|member| collect(member, references));
        }
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| collect(element, references)),
        _ => {}
    }
}

/// The lines of NeoTalk's guide.
#[test]
fn the_guides_curl_lines_work() {
    let server = Server::of(&["greeter"]);
    if Command::new("curl").arg("--version").output().is_err() {
        plugin_sdk_tests::not_run("there is no curl");
        return;
    }
    let at = |path: &str| server.url(&format!("/api/plugins{path}"));
    let json = ["-H", "Content-Type: application/json"];
    let call = r#"{"command": "greet", "args": {"name": "Ada"}}"#;
    let lines: [(&[&str], String, &str); 6] = [
        (&[], at(""), "\"count\":1"),
        (&[], at("/greeter/health"), "\"status\":\"healthy\""),
        (&[], at("/greeter"), "\"id\":\"greeter\""),
        (
            &["-X", "POST", json[0], json[1], "-d", call],
            at("/greeter/command"),
            "Hello, Ada!",
        ),
        (&[], at("/greeter/config"), "\"plugin_id\":\"greeter\""),
        (
            &["-X", "PUT", json[0], json[1], "-d", r#"{"greeting": "Hi"}"#],
            at("/greeter/config"),
            "\"success\":true",
        ),
    ];
    for (options, url, expected) in lines {
        let output = Command::new("curl")
            .arg("-s")
            .args(options)
            .arg(url)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(expected), "{options:?}: {text}");
    }
}
