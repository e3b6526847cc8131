//! Plugins served over HTTP, to real clients.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod calls;
mod limits;
mod openapi;
mod tools;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread::JoinHandle;
use std::time::Duration;

use plugin_sdk_harness::Source;
use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::{ServerOptions, serve};
use plugin_sdk_tests::Build;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// A plugin that does not describe itself, so that its id is `plugin`: one command never ends, one
/// traps, one returns `null` at once, and one answers 1.
const ENDLESS: &str = r#"(module (memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
    (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
    (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))
    (data (i32.const 64) "null")
    (func (export "command_nothing") (param i32 i32) (result i64) (i64.const 0x40_0000_0004))
    (func (export "command_spin") (param i32 i32) (result i64) (loop (br 0)) unreachable)
    (func (export "command_trap") (param i32 i32) (result i64) unreachable)
    (data (i32.const 80) "1") (func (export "command_answer") (param i32 i32) (result i64) i64.const 0x5000000001))"#;

/// Returns the plugin above with a description of itself.
fn described(manifest: &Value) -> Source {
    let fields = ENDLESS.strip_suffix(')').unwrap();
    let section = format!("{manifest}\n");
    Source::wat(format!("{fields} (@custom \"plugin-sdk\" {section:?}))"))
}

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

    /// Sends a request of the Model Context Protocol, in its current revision.
    fn mcp(&self, method: &str, params: Value) -> ureq::http::Response<ureq::Body> {
        let mut params = params;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let name = params["name"].as_str().unwrap_or("").to_owned();
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        agent()
            .post(self.url("/mcp"))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method)
            .header("mcp-name", name)
            .send(body.to_string())
            .unwrap()
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

#[test]
fn a_plugin_that_was_quick_and_never_ends_leaves_others_alone() {
    let server = Server::of(&["plugin", "greeter"]);
    let post = |command: &str| {
        server.send(
            "POST",
            &format!("/api/plugins/plugin/commands/{command}"),
            "",
        )
    };
    let greets = || {
        let greet = "/api/plugins/greeter/commands/greet";
        assert_eq!(server.send("POST", greet, r#"{"name": "Ada"}"#).0, 200);
    };
    greets();
    let leaves_others_alone = || {
        for _ in 0..100 {
            assert_eq!(post("nothing"), (200, Value::Null));
        }
        std::thread::scope(|threads| {
            let endless = threads.spawn(|| post("spin"));
            (0..3).for_each(|_| greets());
            let is_running = !endless.is_finished();
            let (status, answer) = endless.join().unwrap();
            assert_eq!(status, 504);
            assert_eq!(answer["error"]["reason"], "timeout");
            is_running
        })
    };
    // On a busy machine, even calls that do not wait may take longer than the endless one may.
    assert!(
        (0..5).any(|_| leaves_others_alone()),
        "the calls had to wait for it"
    );
    assert_eq!(post("nothing"), (200, Value::Null), "it has a new instance");
}
