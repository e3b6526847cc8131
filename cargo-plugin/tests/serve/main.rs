//! Tests of `cargo plugin serve`, `dev` and `page`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod mcp;
#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;
use std::time::Duration;

use plugin_sdk_harness::Source;
use serde_json::{Value, json};
use support::project::{self, Project};
use support::{Folder, modules};

/// The examples whose commands are tools, and their files.
const EXAMPLES: [&str; 4] = ["greeter", "guest-book", "text-stats", "audio-filter"];

/// Returns a folder with release builds of examples.
fn plugins() -> Folder {
    static MODULES: LazyLock<[Arc<[u8]>; 4]> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        EXAMPLES.map(|name| {
            let source = Source::crate_dir(root.join("examples").join(name)).profile("guest");
            source.compile().unwrap().wasm
        })
    });
    let modules = EXAMPLES.iter().zip(MODULES.iter());
    modules.fold(Folder::new(), |folder, (name, wasm)| {
        folder.with(&format!("{name}.wasm"), wasm)
    })
}

/// Returns `cargo plugin serve` in a folder.
fn command(folder: &Folder, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-plugin"));
    command
        .args(["plugin", "serve"])
        .args(options)
        .current_dir(folder.path())
        .env("PLUGIN_SDK_CACHE_DIR", folder.path().join("cache"));
    command
}

/// A server in a process of its own.
struct Served {
    child: Child,
    url: String,
    /// Its standard error before it began to serve, and after that.
    said: Vec<String>,
    later: Option<JoinHandle<Vec<String>>>,
}

impl Served {
    fn start(folder: &Folder, options: &[&str]) -> Self {
        Self::of(command(folder, &[&["--port", "0"], options].concat()))
    }

    /// Starts a command that serves.
    fn of(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let mut url = None;
        for line in lines.by_ref().map(Result::unwrap) {
            if let Some((_, at)) = line.split_once(" at http://") {
                url = Some(format!("http://{}", at.trim()));
            }
            said.push(line);
            // The line with the address for tools is the last before the server serves.
            if said.last().is_some_and(|line| line.contains("mcpServers")) {
                break;
            }
        }
        let url = url.unwrap_or_else(|| panic!("no address in {said:?}"));
        // Its later output is read too, so that it never waits for a reader.
        let later = std::thread::spawn(move || lines.map_while(Result::ok).collect());
        Served {
            child,
            url,
            said,
            later: Some(later),
        }
    }

    fn get(&self, path: &str) -> (u16, Value) {
        answer(agent().get(format!("{}{path}", self.url)).call())
    }

    fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = agent().put(format!("{}{path}", self.url));
        answer(request.send(body.to_string()))
    }

    /// Ends the server, and returns what it has said since it began to serve.
    fn end(mut self) -> String {
        self.child.kill().unwrap();
        self.later.take().unwrap().join().unwrap().join("\n")
    }

    fn call(&self, path: &str, body: &str) -> Value {
        let mut response = ureq::post(format!("{}{path}", self.url))
            .send(body)
            .unwrap();
        serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap()
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.build().into()
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
    let mut response = response.unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (response.status().as_u16(), json)
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_folders_plugins_are_served_and_the_broken_one_is_named() {
    let folder = plugins().with("broken.wasm", "garbage");
    let config = r#"greeter={"greeting":"Hi"}"#;
    let served = Served::start(&folder, &["--grant", "kv", "--config", config]);
    let said = served.said.join("\n");
    assert!(said.contains("broken.wasm` is left out"), "{said}");
    assert!(
        said.contains("audio-filter, greeter, guest-book, text-stats"),
        "{said}"
    );
    let greeting = served.call("/api/plugins/greeter/commands/greet", r#"{"name": "Ada"}"#);
    assert_eq!(greeting["message"], "Hi, Ada!");
    served.call(
        "/api/plugins/guest-book/commands/greet",
        r#"{"name": "Ada"}"#,
    );
    assert_eq!(
        served.call("/api/plugins/guest-book/commands/last", ""),
        "Ada"
    );
    assert_eq!(served.get("/api/plugins").1["data"]["count"], 5);
}

#[test]
fn a_server_for_other_computers_says_who_can_call_it() {
    let folder = Folder::new().with("wares.wasm", modules::wares());
    let everywhere = ["--host-address", "0.0.0.0"];
    let served = Served::start(&folder, &everywhere);
    let said = served.said.join("\n");
    assert!(
        said.contains("`--token-file FILE` requires a token"),
        "{said}"
    );
    assert!(served.url.starts_with("http://localhost:"), "{said}");
    assert_eq!(
        served.get("/api/plugins").0,
        200,
        "it answers for the address that it shows"
    );
    folder.write("token", "secret");
    let options = ["--token-file", "token", "--server-name", "plugins.example"];
    let served = Served::start(&folder, &[&everywhere[..], &options].concat());
    let said = served.said.join("\n");
    assert!(!said.contains("warning"), "{said}");
    assert!(served.url.starts_with("http://plugins.example:"), "{said}");
}

#[test]
fn a_changed_file_takes_over_while_it_is_served() {
    let folder = plugins();
    let served = Served::start(&folder, &["greeter.wasm", "--watch"]);
    let stats = || served.get("/api/plugins/greeter").1["data"]["plugin"]["stats"].clone();
    assert_eq!(stats()["swap_count"], 0);
    // Another size, so that it differs whatever the clock of the file system shows.
    let mut module = folder.read("greeter.wasm");
    module.extend([0, 2, 1, b'x']);
    folder.write("new", &module);
    std::fs::rename(
        folder.path().join("new"),
        folder.path().join("greeter.wasm"),
    )
    .unwrap();
    while stats()["swap_count"] == 0 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let greeting = served.call("/api/plugins/greeter/commands/greet", r#"{"name": "Ada"}"#);
    assert_eq!(greeting["message"], "Hello, Ada!");
}

#[test]
fn a_token_is_required_of_every_client() {
    let folder = plugins().with("token", "secret\n");
    let served = Served::start(&folder, &["greeter.wasm", "--token-file", "token"]);
    assert_eq!(served.get("/api/plugins").0, 401);
    let response = ureq::get(format!("{}/api/plugins", served.url))
        .header("authorization", "Bearer secret")
        .call();
    assert_eq!(response.unwrap().status(), 200);
    let empty = plugins().with("token", "\n");
    let said = empty
        .run(&["serve", "--token-file", "token", "--port", "0"])
        .bad(3);
    assert!(said.contains("the file is empty"), "{said}");
}

#[cfg(unix)]
#[test]
fn it_ends_in_order_when_asked_to() {
    for signal in ["-TERM", "-INT"] {
        let folder = plugins();
        let mut served = Served::start(&folder, &["greeter.wasm"]);
        let process = served.child.id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status();
        assert!(sent.unwrap().success());
        assert!(served.child.wait().unwrap().success(), "{signal}");
    }
}

#[test]
fn what_cannot_be_served_is_an_error_that_says_why() {
    let folder = plugins();
    folder.write("again.wasm", folder.read("greeter.wasm"));
    let said = folder
        .run(&["serve", "greeter.wasm", "again.wasm", "--port", "0"])
        .bad(3);
    assert!(
        said.contains("greeter.wasm` and `again.wasm` are both"),
        "{said}"
    );
    let said = folder.run(&["serve", "nothing.wasm", "--port", "0"]).bad(3);
    assert!(said.contains("cannot load `nothing.wasm`"), "{said}");
    let wrong = [
        "serve",
        "greeter.wasm",
        "--port",
        "0",
        "--config",
        r#"greeter={"greeting":7}"#,
    ];
    let said = folder.run(&wrong).bad(3);
    assert!(said.contains("cannot configure `greeter`"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = folder
        .run(&["serve", "greeter.wasm", "--port", &port])
        .bad(3);
    assert!(
        said.contains("cannot listen at") && said.contains("--port"),
        "{said}"
    );
}

#[test]
fn a_plugin_that_needs_a_configuration_begins_with_it() {
    let mut manifest = modules::greeter();
    manifest["config"] = json!({"type": "object", "required": ["key"]});
    let folder = Folder::new().with("greeter.wasm", modules::plugin(&manifest));
    let kept = ["--config-dir", "kept"];
    let with = |config: &'static str| [&kept[..], &["greeter.wasm", "--config", config]].concat();
    let config =
        |served: &Served| served.get("/api/plugins/greeter/config").1["data"]["config"].clone();
    let served = Served::start(&folder, &with(r#"greeter={"key":1}"#));
    assert_eq!(config(&served), json!({"key": 1}));
    let stats = &served.get("/api/plugins/greeter").1["data"]["plugin"]["stats"];
    assert_eq!(stats["swap_count"], 0, "it began with its configuration");
    // One that a client sets is kept, until the option sets another.
    let url = format!("{}/api/plugins/greeter/config", served.url);
    assert_eq!(ureq::put(url).send(r#"{"key": 2}"#).unwrap().status(), 200);
    drop(served);
    let served = Served::start(&folder, &[&kept[..], &["greeter.wasm"]].concat());
    assert_eq!(config(&served), json!({"key": 2}));
    drop(served);
    let served = Served::start(&folder, &with(r#"greeter={"key":3}"#));
    assert_eq!(config(&served), json!({"key": 3}));
}

/// The limit on the size of a file, in blocks of 512 bytes, takes the place of a full disk.
#[cfg(unix)]
#[test]
fn a_configuration_that_cannot_be_saved_changes_nothing() {
    let mut manifest = modules::greeter();
    manifest["config"] = json!({"type": "object"});
    let folder = Folder::new().with("greeter.wasm", modules::plugin(&manifest));
    let mut limited = Command::new("sh");
    // Without the trap, the signal would end the process before the write fails.
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_cargo-plugin"))
        .args([
            "plugin",
            "serve",
            "--port",
            "0",
            "--config-dir",
            "kept",
            "greeter.wasm",
        ])
        .current_dir(folder.path())
        .env("PLUGIN_SDK_CACHE_DIR", folder.path().join("cache"));
    let served = Served::of(limited);
    let path = "/api/plugins/greeter/config";
    let kept = || serde_json::from_slice::<Value>(&folder.read("kept/greeter.json")).unwrap();
    let small = json!({"key": "small"});
    assert_eq!(served.put(path, &small).0, 200);
    let large = json!({"key": "x".repeat(10_000)});
    let (status, answer) = served.put(path, &large);
    assert_eq!(status, 500, "{answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("greeter.json"), "{message}");
    assert_eq!(served.get(path).1["data"]["config"], small);
    assert_eq!(kept(), small);
    let files = std::fs::read_dir(folder.path().join("kept")).unwrap();
    assert_eq!(files.count(), 1, "nothing is left of the other one");
    let other = json!({"key": "other"});
    assert_eq!(served.put(path, &other).0, 200);
    assert_eq!(kept(), other);
}

#[test]
fn an_unknown_permission_is_refused_with_the_nearest() {
    let folder = plugins();
    for mistyped in [&["--grant", "kw"][..], &["greeter.wasm", "--grant", "kw"]] {
        let said = folder
            .run(&[&["serve", "--port", "0"], mistyped].concat())
            .bad(3);
        assert!(said.contains("did you mean `--grant kv`?"), "{said}");
    }
}

#[test]
fn a_page_has_the_module_inside() {
    let folder = plugins();
    let said = folder.run(&["page", "greeter.wasm"]).good();
    assert_eq!(said, "✓ greeter.html\n");
    let page = String::from_utf8(folder.read("greeter.html")).unwrap();
    assert!(
        page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"),
        "{page}"
    );
    // The module in base64 begins with its magic number.
    assert!(page.contains(">AGFzbQEAAAA"));
    let said = folder.run(&["page", "nothing.wasm"]).bad(3);
    assert!(said.contains("cannot read `nothing.wasm`"), "{said}");
}

/// The source of a plugin that answers with a word.
fn saying(word: &str) -> String {
    format!(
        r#"use plugin_sdk::prelude::*;

#[plugin]
#[derive(Default)]
pub struct Sayer;

#[plugin]
impl Sayer {{
    #[command]
    pub fn say() -> &'static str {{
        {word:?}
    }}
}}
"#
    )
}

#[test]
fn a_changed_source_is_built_and_takes_over() {
    let project = Project::new(&[
        ("Cargo.toml", &project::manifest("sayer")),
        ("src/lib.rs", &saying("one")),
    ]);
    let mut dev = Command::new(env!("CARGO_BIN_EXE_cargo-plugin"));
    dev.args(["plugin", "dev", "--no-test", "--port", "0"])
        .current_dir(&project.root)
        .env("CARGO_TARGET_DIR", support::target_dir())
        .env("CARGO_NET_OFFLINE", "true");
    let served = Served::of(dev);
    let say = || served.call("/api/plugins/sayer/commands/say", "");
    let write = |source: &str| std::fs::write(project.root.join("src/lib.rs"), source).unwrap();
    assert_eq!(say(), "one");
    // A source that does not compile changes nothing; the one after it does.
    write("what");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(say(), "one");
    write(&saying("three"));
    while say() != "three" {
        std::thread::sleep(Duration::from_millis(100));
    }
    let said = served.end();
    assert!(said.contains("Swapped sayer"), "{said}");
}
