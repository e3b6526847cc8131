//! The hosts in Go (`hosts/go`), which are other programs: they take requests and return answers as
//! lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use plugin_sdk::hosts::toolfs::base64;
use plugin_sdk::log::Level;
use plugin_sdk_harness::Source;
use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_tests::go_program;
use serde_json::{Value, json};
use tempfile::TempDir;
use tiny_http::{Method, Response, Server};

use crate::host::{Guest, Host, Panic, Refusal, Requests, Setup, Subject};

/// A host in Go, and what its plugins reach.
pub struct Real {
    contract: &'static HostContract,
    style: Style,
    module: PathBuf,
    /// The folder with the plugin's files, in its folder `data`.
    folder: TempDir,
    site: Site,
    program: Arc<Mutex<Program>>,
}

/// The requests of the two programs.
#[derive(Clone, Copy)]
enum Style {
    ToolFs,
    Musicfox,
}

/// Returns the hosts in Go, or the reason why they do not run.
pub fn hosts() -> Result<Vec<Real>, String> {
    [
        (hosts::toolfs(), Style::ToolFs, "toolfs-host"),
        (hosts::musicfox(), Style::Musicfox, "musicfox-host"),
    ]
    .into_iter()
    .map(|(contract, style, program)| {
        let program = go_program(program)?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let module = folder.path().join("conformance.wasm");
        // Optimised, as users build it.
        let source = Source::crate_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/guests/conformance"));
        let source = source.profile("guest").features(contract.feature);
        let source = match std::env::var_os("PLUGIN_SDK_SNAPSHOT") {
            Some(_) => source.snapshot(),
            None => source,
        };
        std::fs::write(&module, source.compile().unwrap().wasm).unwrap();
        Ok(Real {
            contract,
            style,
            module,
            folder,
            site: Site::new(),
            program: Arc::new(Mutex::new(Program::run(&program))),
        })
    })
    .collect()
}

impl Host for Real {
    fn contract(&self) -> &'static HostContract {
        self.contract
    }

    fn is_real(&self) -> bool {
        true
    }

    fn load(&self, setup: Setup) -> Result<Guest, Refusal> {
        assert!(setup.fuel.is_none(), "wazero has no fuel");
        self.site.requests();
        let data = self.folder.path().join("data");
        let timeout = setup.timeout.map(|timeout| timeout.as_millis() as u64);
        let subject = RealGuest {
            style: self.style,
            program: self.program.clone(),
            site: self.site.clone(),
        };
        subject.ask(
            "load",
            json!({
                "module": self.module,
                "config": setup.config,
                "timeout_ms": timeout.unwrap_or_default(),
                "memory_pages": setup.memory_pages.unwrap_or_default(),
                "mounts": [{"point": "data", "folder": data}],
                "directory": self.folder.path(),
                "allowed_hosts": [self.site.address],
            }),
        )?;
        Ok(Guest(Box::new(subject)))
    }

    fn url(&self) -> String {
        format!("http://{}/a", self.site.address)
    }

    /// The programs refuse a module that imports anything else.
    fn check_imports(&self) {
        drop(self.load(Setup::default()).unwrap());
    }
}

/// The plugin that a program has loaded.
struct RealGuest {
    style: Style,
    program: Arc<Mutex<Program>>,
    site: Site,
}

impl RealGuest {
    fn ask(&self, operation: &str, argument: Value) -> Result<Value, Refusal> {
        let mut program = self.program.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answer = program.ask(&json!({ operation: argument }));
        if let Some(error) = answer.get("error") {
            return Err(plugin_error(error));
        }
        match answer.get("failed") {
            Some(failed) => Err(failure(failed)),
            None => Ok(answer["ok"].take()),
        }
    }

    /// Passes a request to ToolFS's `Execute`.
    fn execute(&self, request: Value) -> Result<Value, Refusal> {
        let mut response = self.ask("execute", request)?;
        if response["success"] == json!(true) {
            return Ok(response["result"].take());
        }
        let mut error = response["metadata"].take();
        error["message"] = response["error"].take();
        Err(plugin_error(&error))
    }
}

impl Subject for RealGuest {
    fn call_text(&mut self, command: &str, arguments: &[u8]) -> Result<Value, Refusal> {
        let text = String::from_utf8_lossy(arguments).into_owned();
        let parsed = match arguments {
            [] => Ok(json!({})),
            arguments => serde_json::from_slice(arguments),
        };
        match (self.style, parsed) {
            (Style::Musicfox, _) => self.ask("call", json!({"name": command, "text": text})),
            (Style::ToolFs, Ok(arguments)) => self.execute(request(command, arguments)),
            (Style::ToolFs, Err(_)) => {
                let request = format!(r#"{{"operation":"{command}","data":{text}}}"#);
                self.execute(json!(request))
            }
        }
    }

    fn call_bytes(&mut self, command: &str, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        let mut encoded = Vec::new();
        base64::encode(bytes, &mut encoded);
        let encoded: Value = serde_json::from_slice(&encoded).unwrap();
        let result = self.execute(json!({"operation": command, "data": {"bytes": encoded}}))?;
        Ok(base64::decode(result.as_str().unwrap()).unwrap())
    }

    fn init(&mut self, config: Value) -> Result<(), Refusal> {
        self.ask("init", config).map(drop)
    }

    fn start(&mut self) -> Result<(), Refusal> {
        self.ask("start", json!(null)).map(drop)
    }

    fn stop(&mut self) -> Result<(), Refusal> {
        self.ask("stop", json!(null)).map(drop)
    }

    fn cleanup(&mut self) -> Result<(), Refusal> {
        self.ask("cleanup", json!(null)).map(drop)
    }

    fn event(&mut self, topic: &str, data: Value) -> Result<(), Refusal> {
        let text = match data {
            Value::String(text) => text,
            data => data.to_string(),
        };
        self.ask("event", json!({"type": topic, "data": text}))
            .map(drop)
    }

    fn memory_bytes(&mut self) -> u64 {
        self.ask("memory", json!(null)).unwrap().as_u64().unwrap()
    }

    fn log(&mut self) -> Vec<(Level, String)> {
        let lines = self.ask("log", json!(null)).unwrap_or_default();
        let line = |line: &Value| {
            let level = match line["level"].as_str().unwrap() {
                "error" => Level::Error,
                "warn" => Level::Warn,
                "info" => Level::Info,
                _ => Level::Debug,
            };
            (level, line["message"].as_str().unwrap().to_owned())
        };
        lines.as_array().into_iter().flatten().map(line).collect()
    }

    fn emitted(&mut self) -> Vec<(String, Value)> {
        let events = self.ask("events", json!(null)).unwrap();
        let event = |event: &Value| {
            let data = event["data"].as_str().unwrap();
            let value = serde_json::from_str(data).unwrap_or_else(|_| json!(data));
            (event["type"].as_str().unwrap().to_owned(), value)
        };
        events.as_array().unwrap().iter().map(event).collect()
    }

    fn requests(&mut self) -> Requests {
        self.site.requests()
    }

    fn advance_clock(&mut self, _: Duration) -> u64 {
        panic!("the hosts in Go have no clock for plugins")
    }
}

/// Returns a request as a user of ToolFS makes it: a path among the arguments is that of the
/// request.
fn request(command: &str, mut arguments: Value) -> Value {
    let path = match arguments.as_object_mut() {
        Some(members) => members.remove("path"),
        None => None,
    };
    let path = path.and_then(|path| path.as_str().map(|path| format!("/toolfs/{path}")));
    match path {
        Some(path) => json!({"operation": command, "path": path, "data": arguments}),
        None => json!({"operation": command, "data": arguments}),
    }
}

fn plugin_error(error: &Value) -> Refusal {
    let text = |member: &str| error[member].as_str().unwrap().to_owned();
    let message = text("message");
    Refusal {
        code: text("code"),
        plugin_message: Some(message.clone()),
        message,
        panic: None,
    }
}

/// Returns a failure in the harness's words.
fn failure(failed: &Value) -> Refusal {
    let message = failed["message"].as_str().unwrap().to_owned();
    let code = match failed["kind"].as_str().unwrap() {
        "dead" => "poisoned",
        // The engine does not report why a guest ends itself, nor which part of its memory is the
        // stack.
        "trap" if message.contains("unreachable") => "out_of_memory",
        "trap" if message.contains("out of bounds memory access") => "stack_overflow",
        "trap" if message.contains("stack overflow") => "stack_overflow",
        kind => kind,
    };
    let panic = failed.get("panic").map(|panic| {
        Box::new(Panic {
            message: panic["message"].as_str().unwrap().to_owned(),
            file: panic["file"].as_str().unwrap().to_owned(),
            line: panic["line"].as_u64().unwrap(),
        })
    });
    Refusal {
        code: code.to_owned(),
        message,
        plugin_message: None,
        panic,
    }
}

/// A running program.
struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    fn run(program: &Path) -> Self {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Program {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.input, "{request}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that answers as the scripted one of the harness does.
#[derive(Clone)]
struct Site {
    address: String,
    requests: Arc<Mutex<Requests>>,
    _serving: Arc<Serving>,
}

struct Serving {
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Site {
    fn new() -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let address = server.server_addr().to_string();
        let requests = Arc::<Mutex<Vec<_>>>::default();
        let thread = {
            let (server, requests, address) = (server.clone(), requests.clone(), address.clone());
            std::thread::spawn(move || {
                for mut request in server.incoming_requests() {
                    let mut body = Vec::new();
                    request.as_reader().read_to_end(&mut body).unwrap();
                    let url = format!("http://{address}{}", request.url());
                    requests.lock().unwrap().push((url, body));
                    let answer = match request.method() {
                        Method::Post => "grüße zurück",
                        _ => "a page",
                    };
                    let _ = request.respond(Response::from_string(answer));
                }
            })
        };
        Site {
            address,
            requests,
            _serving: Arc::new(Serving {
                server,
                thread: Some(thread),
            }),
        }
    }

    /// Takes the requests so far.
    fn requests(&self) -> Requests {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}
