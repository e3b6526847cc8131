//! Servers that answer requests with a plugin.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use plugin_sdk_harness::Source;
use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::{ServerOptions, serve};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use crate::component::{crate_dir, installed};
use crate::support::{Folder, node_for_wasm};

/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer without what differs from one server to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub media: Option<String>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Json(Value),
    Bytes(Vec<u8>),
}

impl Answer {
    /// Returns the members of an error.
    pub fn error(&self) -> &Value {
        match &self.body {
            Body::Json(json) => &json["error"],
            Body::Bytes(bytes) => panic!("no error: {}", String::from_utf8_lossy(bytes)),
        }
    }
}

/// Sends a request, and returns the answer.
pub fn send(address: &str, method: &str, path: &str, body: &[u8]) -> Answer {
    let answer = ask(address, method, path, body);
    answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

/// Sends a request, and returns the answer, if there is one.
pub fn ask(address: &str, method: &str, path: &str, body: &[u8]) -> Result<Answer, ureq::Error> {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{address}{path}"))
        .header("x-request-id", "the-test");
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let mut answer = match method {
        "GET" | "HEAD" => agent.run(request.body(()).unwrap())?,
        _ => agent.run(request.body(body).unwrap())?,
    };
    let media = answer.headers().get("content-type");
    let media = media.map(|media| media.to_str().unwrap().to_owned());
    let limit = 64 << 20;
    let bytes = answer.body_mut().with_config().limit(limit).read_to_vec();
    let bytes = bytes.unwrap();
    let body = match media.as_deref() {
        Some("application/json") if !bytes.is_empty() => {
            Body::Json(serde_json::from_slice(&bytes).unwrap())
        }
        _ => Body::Bytes(bytes),
    };
    Ok(Answer {
        status: answer.status().as_u16(),
        media,
        body,
    })
}

/// A program that serves a component.
pub struct Engine {
    pub name: &'static str,
    program: fn(&Setting<'_>) -> Option<Command>,
}

/// The component that a program serves, and its environment.
pub struct Setting<'a> {
    component: &'a Path,
    folder: &'a Path,
    variables: &'a [(&'a str, &'a str)],
}

pub const ENGINES: [Engine; 3] = [
    Engine {
        name: "wasmtime",
        program: wasmtime_serve,
    },
    Engine {
        name: "wash",
        program: wash,
    },
    Engine {
        name: "jco",
        program: jco,
    },
];

/// Returns the program `wasmtime`, if it is installed.
pub fn wasmtime() -> Option<PathBuf> {
    installed("PLUGIN_SDK_WASMTIME", "platforms/wasmtime_cli/wasmtime")
}

fn wasmtime_serve(setting: &Setting<'_>) -> Option<Command> {
    let mut command = Command::new(wasmtime()?);
    command.args(["serve", "-S", "cli,keyvalue", "--addr", "127.0.0.1:0"]);
    for (name, value) in setting.variables {
        command.arg("--env").arg(format!("{name}={value}"));
    }
    command.arg(setting.component);
    Some(command)
}

/// wasmCloud's runtime. Its manifest is YAML, of which JSON is a part.
fn wash(setting: &Setting<'_>) -> Option<Command> {
    let wash = installed("PLUGIN_SDK_WASH", "platforms/wash_cli/wash")?;
    let variables = setting.variables.iter();
    let variables = variables.map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    let config = json!({
        "dev": {
            "command": "true",
            "component_path": setting.component,
            "address": free_address(),
        },
        "workload": {"environment": {"config": variables.collect::<Map<String, Value>>()}},
    });
    std::fs::create_dir_all(setting.folder.join(".wash")).unwrap();
    std::fs::write(setting.folder.join(".wash/config.yaml"), config.to_string()).unwrap();
    let mut command = Command::new(wash);
    command
        .args(["--non-interactive", "-C"])
        .arg(setting.folder)
        .arg("dev");
    Some(command)
}

/// Returns an address that no server has at the moment.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn jco(setting: &Setting<'_>) -> Option<Command> {
    let place = "node/node_modules/@bytecodealliance/jco-transpile/dist/index.js";
    let jco = installed("PLUGIN_SDK_JCO", place)?;
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wasi_http/serve.mjs");
    let mut command = node_for_wasm();
    command
        .arg(program)
        .arg(setting.component)
        .arg(setting.folder)
        .env("PLUGIN_SDK_JCO", jco)
        .envs(setting.variables.iter().copied());
    Some(command)
}

/// A server in a process of its own, which ends when this is dropped.
pub struct Served {
    child: Child,
    pub address: String,
    lines: Option<JoinHandle<Vec<String>>>,
    _folder: Folder,
}

impl Served {
    /// Starts an engine with a component; `None` without the engine.
    pub fn start(engine: &Engine, component: &Path, variables: &[(&str, &str)]) -> Option<Self> {
        let folder = Folder::new();
        let command = (engine.program)(&Setting {
            component,
            folder: folder.path(),
            variables,
        })?;
        Some(Self::of(engine.name, command, folder))
    }

    /// Starts a command that serves, and waits for the line with its address.
    pub fn of(name: &str, mut command: Command, folder: Folder) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let found = line.split_once("http://127.0.0.1:").map(|(_, rest)| {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                format!("http://127.0.0.1:{port}")
            });
            said.push(line);
            found
        });
        let address = address.unwrap_or_else(|| panic!("{name}: {said:#?}"));
        let lines = std::thread::spawn(move || lines.map_while(Result::ok).collect());
        Served {
            child,
            address,
            lines: Some(lines),
            _folder: folder,
        }
    }

    /// Ends the server, and returns what it wrote to standard error.
    pub fn end(mut self) -> Vec<String> {
        self.kill();
        self.lines.take().unwrap().join().unwrap()
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The SDK's own server with a plugin, which ends when this is dropped.
pub struct Reference {
    pub address: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reference {
    pub fn start(guest: &str, config: Value) -> Self {
        let registry = Registry::new();
        let source = Source::crate_dir(crate_dir(guest)).profile("guest");
        let options = PluginOptions::new().config(config);
        registry.load(source, options).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = runtime.block_on(listener).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let stopped = async { drop(stopped.await) };
            runtime.block_on(serve(listener, registry, ServerOptions::new(), stopped));
        });
        Reference {
            address: format!("http://{address}"),
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
        self.thread.take().map(JoinHandle::join);
    }
}
