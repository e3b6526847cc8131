//! Clients of the Model Context Protocol.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{self, Folder, modules};
use crate::{Served, command, plugins};

/// Sends lines to a server of tools, and returns what it answers until it ends.
fn dialogue(folder: &Folder, options: &[&str], lines: &[Value]) -> Vec<Value> {
    let mut child = command(folder, &[&["--mcp"], options].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut all = Vec::new();
    for line in lines {
        writeln!(input, "{line}").unwrap();
        // A notification has no answer.
        if line.get("id").is_some() {
            let answer = answers.next().unwrap().unwrap();
            all.push(serde_json::from_str(&answer).unwrap());
        }
    }
    drop(input);
    assert!(child.wait().unwrap().success(), "it ends with its input");
    assert!(answers.next().is_none(), "it writes nothing else");
    all
}

fn request(id: u32, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// The requests of a client of the older revision, with these calls.
fn legacy(calls: &[(&str, Value)]) -> Vec<Value> {
    let client = json!({"name": "test", "version": "1"});
    let begin = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
    let mut lines = vec![
        request(1, "initialize", begin),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        request(2, "tools/list", json!({})),
    ];
    for (id, (name, arguments)) in (3..).zip(calls) {
        let call = json!({"name": name, "arguments": arguments});
        lines.push(request(id, "tools/call", call));
    }
    lines
}

#[test]
fn tools_have_plain_schemas_hints_and_results_that_match() {
    let folder = plugins();
    let calls = [
        ("greeter_greet", json!({"name": "Ada"})),
        ("greeter_greeted", json!({})),
        ("greeter_greet", json!({"name": ""})),
        ("greeter_greet", json!({"name": 7})),
        ("guest-book_last", json!({})),
    ];
    let answers = dialogue(&folder, &[], &legacy(&calls));
    assert_eq!(answers[0]["result"]["protocolVersion"], "2025-11-25");
    let tools = answers[1]["result"]["tools"].as_array().unwrap();
    for tool in tools {
        for schema in ["inputSchema", "outputSchema"] {
            let schema = tool[schema].as_object().unwrap();
            assert_eq!(schema["type"], "object", "{tool}");
            for combinator in ["anyOf", "oneOf", "allOf", "$ref"] {
                assert!(!schema.contains_key(combinator), "{tool}");
            }
        }
    }
    let greet = tools
        .iter()
        .find(|tool| tool["name"] == "greeter_greet")
        .unwrap();
    assert_eq!(greet["inputSchema"]["properties"]["times"]["maximum"], 255);
    assert_eq!(greet["annotations"]["readOnlyHint"], true);
    let last = tools
        .iter()
        .find(|tool| tool["name"] == "guest-book_last")
        .unwrap();
    assert_eq!(last["annotations"]["readOnlyHint"], false);

    let result = |number: usize| &answers[number + 2]["result"];
    assert_eq!(result(0)["structuredContent"]["message"], "Hello, Ada!");
    // Each call has an instance of its own, so the count of greetings is 0.
    assert_eq!(result(1)["structuredContent"], json!({"result": 0}));
    for (number, code) in [
        (2, "name_empty"),
        (3, "invalid_argument"),
        (4, "permission_denied"),
    ] {
        assert_eq!(result(number)["isError"], true);
        let text = result(number)["content"][0]["text"].as_str().unwrap();
        let error: Value = serde_json::from_str(text).unwrap();
        assert_eq!(error["code"], code, "{error}");
    }
    let denied = result(4)["content"][0]["text"].as_str().unwrap();
    assert!(denied.contains("--grant kv"), "{denied}");

    let shared = dialogue(&folder, &["--shared"], &legacy(&calls));
    assert_eq!(
        shared[3]["result"]["structuredContent"],
        json!({"result": 1})
    );
}

#[test]
fn tools_of_the_newer_revision_need_no_session() {
    let folder = plugins();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let call = json!({"name": "greeter_greeted", "arguments": {}, "_meta": meta});
    let unknown = json!({"name": "nothing", "arguments": {}, "_meta": meta});
    let lines = [
        request(1, "server/discover", json!({"_meta": meta})),
        request(2, "tools/list", json!({"_meta": meta})),
        request(3, "tools/call", call),
        request(4, "tools/call", unknown),
    ];
    let answers = dialogue(&folder, &[], &lines);
    let versions = answers[0]["result"]["supportedVersions"]
        .as_array()
        .unwrap();
    assert!(versions.contains(&"2026-07-28".into()));
    assert_eq!(answers[1]["result"]["ttlMs"], 60_000);
    assert_eq!(answers[1]["result"]["resultType"], "complete");
    assert_eq!(
        answers[2]["result"]["structuredContent"],
        json!({"result": 0})
    );
    assert_eq!(answers[3]["error"]["code"], -32602);
}

/// Returns a program or folder that set-up installs: the one that the variable names, or else the
/// one in cargo's target folder.
fn installed(variable: &str, usual: &str) -> PathBuf {
    let named = std::env::var_os(variable).map(PathBuf::from);
    named.unwrap_or_else(|| support::target_dir().join(usual))
}

/// Checks that a client lists and calls every example's commands, on standard input and output and
/// over HTTP. `client` returns its command, to which the server and the calls are added.
fn check_client(folder: &Folder, client: impl Fn() -> Command) {
    let silence = "AAAAAAAAAAA=";
    let calls = json!([
        ["greeter_greet", {"name": "Ada", "times": 2}],
        ["greeter_greeted", {}],
        ["guest-book_greet", {"name": "Ada"}],
        ["guest-book_last", {}],
        ["text-stats_stats", {"text": "one two"}],
        ["text-stats_count", {"input": "one two"}],
        ["audio-filter_set_enabled", {"enabled": false}],
        ["audio-filter_process_audio", {"input": silence}],
        ["audio-filter_process_audio_json", {"data": [[0.5], [0.5]], "sample_rate": 44100, "channels": 2, "frames": 1}],
    ]);
    let served = Served::start(folder, &["--grant", "kv"]);
    let endpoint = format!("{}/mcp", served.url);
    let tool = env!("CARGO_BIN_EXE_cargo-plugin");
    let dir = folder.path().to_str().unwrap();
    let stdio = [tool, "plugin", "serve", "--mcp", "--grant", "kv", dir];
    for server in [&stdio[..], &[&*endpoint][..]] {
        let output = client()
            .args(server)
            .arg(calls.to_string())
            .output()
            .unwrap_or_else(|error| panic!("{error}\ntype `cargo xtask setup`"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{server:?}: {errors}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let names = |all: &Value, name: fn(&Value) -> &Value| {
            let names = all.as_array().unwrap().iter();
            let names = names.map(|one| name(one).as_str().unwrap().to_owned());
            names.collect::<BTreeSet<String>>()
        };
        let listed = names(&said["tools"], |tool| &tool["name"]);
        assert_eq!(
            listed,
            names(&calls, |call| &call[0]),
            "each command is called"
        );
        let results = said["results"].as_array().unwrap();
        for (call, result) in calls.as_array().unwrap().iter().zip(results) {
            assert_ne!(result["isError"], true, "{call}: {result}");
        }
        assert_eq!(results.len(), calls.as_array().unwrap().len());
        assert_eq!(
            results[0]["structuredContent"]["message"],
            "Hello, Ada!\nHello, Ada!"
        );
    }
}

#[test]
fn the_python_client_calls_every_examples_commands() {
    let folder = plugins();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mcp/client.py");
    for mode in ["legacy", "2026-07-28"] {
        check_client(&folder, || {
            let mut client = Command::new(installed("PLUGIN_SDK_PYTHON", "python/bin/python3"));
            client.arg(&program).arg(mode);
            client
        });
    }
}

#[test]
fn the_typescript_client_calls_every_examples_commands() {
    let modules = installed("PLUGIN_SDK_NODE_MODULES", "node/node_modules");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mcp/client.mjs");
    check_client(&plugins(), || {
        let mut client = Command::new("node");
        client.arg(&program).arg(&modules);
        client
    });
}

/// Starts a server of tools for one module, past the beginning of the older revision.
fn tools(folder: &Folder, options: &[&str]) -> (Child, impl Iterator<Item = Value> + use<>) {
    let mut child = command(folder, &[&["--mcp", "wares.wasm"], options].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answers = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    for line in &legacy(&[])[..2] {
        writeln!(child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }
    assert_eq!(answers.next().unwrap()["id"], 1);
    (child, answers)
}

#[test]
fn a_call_that_its_client_cancels_is_ended() {
    let folder = Folder::new().with("wares.wasm", modules::wares());
    // No time limit within the test's patience ends the endless command.
    let (mut child, mut answers) = tools(&folder, &["--shared", "--timeout", "10m"]);
    let input = child.stdin.as_mut().unwrap();
    let call = |name: &str| json!({"name": name, "arguments": {}});
    writeln!(input, "{}", request(2, "tools/call", call("wares_spin"))).unwrap();
    // The server reads the lines in their order; the call has begun a moment later.
    std::thread::sleep(Duration::from_millis(300));
    let cancelled = json!({"requestId": 2, "reason": "enough"});
    let notice =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled});
    writeln!(input, "{notice}").unwrap();
    // The plugin has one instance, which answers again only when the endless call has ended.
    writeln!(input, "{}", request(3, "tools/call", call("wares_fail"))).unwrap();
    let answer = answers.find(|answer| answer["id"] == 3).unwrap();
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn clients_learn_that_the_tools_have_changed() {
    let folder = Folder::new().with("wares.wasm", modules::wares());
    let (mut child, mut answers) = tools(&folder, &["--watch"]);
    let mut module = modules::wares();
    module.extend([0, 2, 1, b'x']);
    folder.write("new", module);
    std::fs::rename(folder.path().join("new"), folder.path().join("wares.wasm")).unwrap();
    let notice = answers.next().unwrap();
    assert_eq!(notice["method"], "notifications/tools/list_changed");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
