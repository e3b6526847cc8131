//! The commands of a component as tools of a language model, in Microsoft's wassette, which speaks
//! the Model Context Protocol on standard input and output.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::{built, component, installed};
use crate::support::{Folder, parsed};

/// A running host of tools, which ends when this is dropped.
struct Host {
    child: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    last: u64,
    _folder: Folder,
}

impl Host {
    /// Starts the host; `None` if it is not installed.
    fn start() -> Option<Self> {
        let program = installed("PLUGIN_SDK_WASSETTE", "platforms/wassette_cli/wassette")?;
        let folder = Folder::new();
        let mut child = Command::new(program)
            .args(["run", "--component-dir"])
            .arg(folder.path())
            .env("HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut host = Host {
            requests: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
            last: 0,
            _folder: folder,
        };
        host.ask(
            "initialize",
            json!({
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "the test", "version": "1"},
            }),
        );
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        writeln!(host.requests, "{ready}").unwrap();
        Some(host)
    }

    /// Sends a request, and returns its result. Notifications of the host are skipped.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        writeln!(self.requests, "{request}").unwrap();
        loop {
            let answer = parsed(&self.answers.next().unwrap().unwrap());
            if answer["id"] == id {
                return answer["result"].clone();
            }
        }
    }

    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments}))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_commands_of_a_component_are_tools() {
    let Some(mut host) = Host::start() else {
        return;
    };
    let folder = built("component", "greeter", &[]);
    let wasm = component(&folder, "component", "greeter");
    let path = format!("file://{}", wasm.display());
    let loaded = host.call("load-component", json!({ "path": path }));
    assert_eq!(loaded["isError"], false, "{loaded}");
    let tools = host.ask("tools/list", json!({}));
    let tools = tools["tools"].as_array().unwrap();
    let greet = "plugin_greeter_commands_0_1_0_greet";
    let tool = tools.iter().find(|tool| tool["name"] == greet).unwrap();
    let parameters = &tool["inputSchema"]["properties"];
    assert_eq!(parameters["name"], json!({"type": "string"}));
    let mut greeted = |name: &str| {
        let answer = host.call(greet, json!({"name": name, "times": null}));
        answer["structuredContent"]["result"].clone()
    };
    assert_eq!(
        greeted("Ada"),
        json!({"ok": {"message": "Hello, Ada!", "greeted": 1}})
    );
    let refused = greeted("");
    assert_eq!(refused["err"]["code"], "name_empty", "{refused}");
}
