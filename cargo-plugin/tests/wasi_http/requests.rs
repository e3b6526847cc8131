//! The same requests to a plugin behind every engine, and to the SDK's server: equal answers.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::engines::{Answer, Body, ENGINES, Reference, Served, ask, send};
use crate::component::{built, component};
use crate::support::{Folder, parsed};

/// The guest with a command for each form of a type.
const GUEST: &str = "components";

/// The parts of an answer that equal those of the SDK's server.
#[derive(Clone, Copy, PartialEq)]
enum Equal {
    /// In everything but the request's id.
    Wholly,
    /// Also without the hint: only the harness suggests names.
    WithoutHint,
    /// In status, code and pointer: the server checks the schema before the plugin sees the
    /// arguments, in other words.
    InPlace,
    /// In status, media type and word: the text of a JSON parser is its own.
    InKind,
}

struct Row {
    method: &'static str,
    path: &'static str,
    body: Vec<u8>,
    status: u16,
    equal: Equal,
}

fn row(method: &'static str, path: &'static str, body: impl Into<Vec<u8>>, status: u16) -> Row {
    Row {
        method,
        path,
        body: body.into(),
        status,
        equal: Equal::Wholly,
    }
}

fn command(path: &'static str, body: impl Into<Vec<u8>>, status: u16) -> Row {
    row("POST", path, body, status)
}

impl Row {
    fn but(self, equal: Equal) -> Self {
        Row { equal, ..self }
    }

    /// Removes what may differ.
    fn comparable(&self, mut answer: Answer) -> Answer {
        if let Body::Json(json) = &mut answer.body
            && let Some(Value::Object(error)) = json.get_mut("error")
        {
            error.remove("request_id");
            if self.equal != Equal::Wholly {
                error.remove("hint");
            }
            if self.equal == Equal::InPlace {
                let pointer = error["details"]["pointer"].clone();
                error.insert("pointer".to_owned(), pointer);
                error.retain(|name, _| ["code", "reason", "pointer"].contains(&name.as_str()));
            }
            if self.equal == Equal::InKind {
                error.retain(|name, _| name == "code");
            }
        }
        answer
    }
}

fn rows() -> Vec<Row> {
    let samples: Vec<u8> = [1.0f32, -0.5]
        .into_iter()
        .flat_map(f32::to_le_bytes)
        .collect();
    let all: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = all.iter().copied().cycle().take(1 << 20).collect();
    let long = format!(r#"{{"text": "{}"}}"#, "é".repeat(100_000));
    vec![
        row("GET", "/api/plugins/components/health", "", 200),
        row("GET", "/api/plugins/components/manifest", "", 200),
        row("HEAD", "/api/plugins/components/health", "", 200),
        command("/api/plugins/components/commands/configured", "", 200),
        command("/api/plugins/components/commands/add", "", 200),
        command("/api/plugins/components/commands/add?x=1", "{}", 200),
        command(
            "/api/plugins/components/commands/%61dd",
            r#" {"a": 5} "#,
            200,
        ),
        command(
            "/api/plugins/components/commands/add",
            r#"{"a": 18446744073709551615}"#,
            422,
        ),
        command("/api/plugins/components/commands/add", r#"{"a": -1}"#, 400).but(Equal::InPlace),
        command("/api/plugins/components/commands/add", r#"{"c": 1}"#, 400).but(Equal::InPlace),
        command("/api/plugins/components/commands/length", "{}", 400).but(Equal::InPlace),
        command("/api/plugins/components/commands/length", long, 200),
        command("/api/plugins/components/commands/add", "[1]", 400),
        command("/api/plugins/components/commands/add", "{\"a\": ", 400).but(Equal::InKind),
        command(
            "/api/plugins/components/commands/fail",
            r#"{"code": "of_its_own"}"#,
            422,
        ),
        command(
            "/api/plugins/components/commands/fail",
            r#"{"code": "permission_denied"}"#,
            403,
        ),
        command(
            "/api/plugins/components/commands/anything",
            r#"{"value": [null, 1.5e300, "\u00e9\ud83d\ude00", {"a": 0.1}]}"#,
            200,
        ),
        command(
            "/api/plugins/components/commands/note",
            r#"{"line": "x"}"#,
            200,
        ),
        command("/api/plugins/components/commands/echo", all, 200),
        command("/api/plugins/components/commands/echo", "", 200),
        command("/api/plugins/components/commands/echo", large, 200),
        command("/api/plugins/components/commands/trim", " é ", 200),
        command("/api/plugins/components/commands/trim", [0xff], 400),
        command("/api/plugins/components/commands/halve", samples, 200),
        command("/api/plugins/components/commands/halve", "odd", 400),
        command("/api/plugins/components/commands/count", "", 200),
        command("/api/plugins/components/commands/refuse", "abc", 422),
        command("/api/plugins/components/commands/addd", "{}", 404).but(Equal::WithoutHint),
        command("/api/plugins/components/commands/%ff", "{}", 400),
        command(
            "/api/plugins/components/command",
            r#"{"command": "add", "args": {"b": 7}}"#,
            200,
        ),
        command(
            "/api/plugins/components/command",
            r#"{"command": "add"}"#,
            200,
        ),
        command(
            "/api/plugins/components/command",
            r#"{"args": null, "command": "add", "more": []}"#,
            200,
        ),
        command(
            "/api/plugins/components/command",
            r#"{"command": "add", "args": [1]}"#,
            400,
        )
        .but(Equal::InKind),
        command(
            "/api/plugins/components/command",
            r#"{"command": "echo"}"#,
            400,
        ),
        command(
            "/api/plugins/components/command",
            r#"{"command": "x\u0007"}"#,
            404,
        )
        .but(Equal::InKind),
        command(
            "/api/plugins/components/command",
            r#"{"command": "add", "command": "echo"}"#,
            400,
        )
        .but(Equal::InKind),
        command(
            "/api/plugins/components/command",
            r#"{"command": "add", "args": null, "args": null}"#,
            400,
        )
        .but(Equal::InKind),
        command("/api/plugins/components/command", "{}", 400).but(Equal::InKind),
        command("/api/plugins/components/command", "no JSON", 400).but(Equal::InKind),
        command("/api/plugins/other/commands/add", "{}", 404).but(Equal::InKind),
        row("GET", "/api/plugins/other/health", "", 404).but(Equal::InKind),
        row("GET", "/api/plugins/components/commands/add", "", 405),
        row("DELETE", "/openapi.json", "", 405),
        row("GET", "/api/nothing", "", 404),
        command(
            "/api/plugins/components/commands/echo",
            vec![7; (16 << 20) + 1],
            413,
        ),
    ]
}

/// Returns the component of [`GUEST`], built once.
fn guest() -> &'static Path {
    static BUILT: OnceLock<(Folder, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = built("wasi-http", GUEST, &[]);
        let path = component(&folder, "wasi-http", GUEST);
        (folder, path)
    });
    path
}

#[test]
fn answers_are_those_of_the_sdks_server() {
    let config = json!({"greeting": "Hi"});
    let reference = Reference::start(GUEST, config.clone());
    let rows = rows();
    let expected: Vec<Answer> = rows
        .iter()
        .map(|row| {
            let answer = send(&reference.address, row.method, row.path, &row.body);
            let answer = row.comparable(answer);
            assert_eq!(answer.status, row.status, "{} {}", row.path, shown(&answer));
            answer
        })
        .collect();
    let component = guest();
    let config = config.to_string();
    for engine in &ENGINES {
        let Some(served) = Served::start(engine, component, &[("PLUGIN_CONFIG", &config)]) else {
            continue;
        };
        let mut wrong = Vec::new();
        for (row, expected) in rows.iter().zip(&expected) {
            let answer = send(&served.address, row.method, row.path, &row.body);
            let answer = row.comparable(answer);
            if answer != *expected {
                let (answer, expected) = (shown(&answer), shown(expected));
                let request = format!("{} {}", row.method, row.path);
                wrong.push(format!("{request}: {answer}\n  instead of {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}:\n{}", engine.name, wrong.join("\n"));
        // These are of the component alone.
        let long = format!("/api/plugins/components/health?{}", "x".repeat(8192));
        let answer = send(&served.address, "GET", &long, b"");
        assert_eq!(
            (answer.status, &answer.error()["code"]),
            (414, &json!("URI_TOO_LONG"))
        );
        let answer = send(&served.address, "GET", "/", b"");
        assert_eq!(answer.error()["request_id"], "the-test", "{}", engine.name);
        let document = send(&served.address, "GET", "/openapi.json", b"");
        describes_its_routes(&document);
        let path = "/api/plugins/components/commands/panic";
        let message = br#"{"message": "deliberately"}"#;
        // Some platforms close the connection.
        if let Ok(answer) = ask(&served.address, "POST", path, message) {
            assert!(answer.status >= 500, "{}: {answer:?}", engine.name);
        }
        let said = served.end().join("\n");
        assert!(
            said.contains("error panic: panicked at "),
            "{}: {said}",
            engine.name
        );
        assert!(
            said.contains("warn components: x"),
            "{}: {said}",
            engine.name
        );
    }
}

fn shown(answer: &Answer) -> String {
    let body = match &answer.body {
        Body::Json(json) => json.to_string(),
        Body::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    };
    let body: String = body.chars().take(400).collect();
    format!("{} {:?} {body}", answer.status, answer.media)
}

fn describes_its_routes(document: &Answer) {
    let Body::Json(document) = &document.body else {
        panic!("{document:?}");
    };
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let mut fixed: Vec<&str> = paths.keys().map(String::as_str).collect();
    fixed.retain(|path| path.contains('{'));
    fixed.sort_unstable();
    assert_eq!(
        fixed,
        ["/api/plugins/{id}/command", "/api/plugins/{id}/health"]
    );
    let add = &paths["/api/plugins/components/commands/add"]["post"];
    assert_eq!(add["operationId"], "components_add");
}

#[test]
fn a_refused_configuration_makes_the_plugin_unavailable() {
    let component = guest();
    let cases = [
        (r#"{"refuse": "never"}"#, "refused", "never", &ENGINES[..]),
        ("{", "invalid_json", "the configuration", &ENGINES[..1]),
    ];
    for (config, reason, message, engines) in cases {
        for engine in engines {
            let variables = [("PLUGIN_CONFIG", config)];
            let Some(served) = Served::start(engine, component, &variables) else {
                continue;
            };
            let path = "/api/plugins/components/commands/add";
            let answer = send(&served.address, "POST", path, b"{}");
            assert_eq!(answer.status, 503, "{}", engine.name);
            assert_eq!(answer.error()["reason"], reason, "{}", engine.name);
            let path = "/api/plugins/components/health";
            let health = send(&served.address, "GET", path, b"");
            assert_eq!(health.status, 503, "{}", engine.name);
            let said = health.error()["message"].as_str().unwrap();
            assert!(
                said.starts_with("the plugin `components` is failed: "),
                "{said}"
            );
            assert!(said.contains(message), "{said}");
            // A route that needs no instance answers all the same.
            let path = "/api/plugins/components/manifest";
            let manifest = send(&served.address, "GET", path, b"");
            assert_eq!(manifest.status, 200, "{}", engine.name);
        }
    }
}

#[test]
fn a_component_imports_what_its_plugin_calls() {
    let wit = |guest: &str| {
        let folder = built("wasi-http", guest, &[]);
        let file = format!("wasi-http/{guest}.wasm");
        let information = parsed(&folder.run(&["info", &file, "--json"]).good());
        assert_eq!(information["module"]["host"], "wasi-http");
        String::from_utf8(folder.read(&format!("wasi-http/{guest}.wit"))).unwrap()
    };
    let stateless = wit("text-stats");
    insta::assert_snapshot!("wasi-http-text-stats", world(&stateless));
    insta::assert_snapshot!("wasi-http-services", world(&wit("services")));
}

/// Returns the part of a package with the world.
fn world(wit: &str) -> &str {
    let (_, world) = wit.split_once("world component {").unwrap();
    world.split_once('}').unwrap().0
}
