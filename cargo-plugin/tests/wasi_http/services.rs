//! The services of a plugin behind every engine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};

use super::engines::{Body, ENGINES, Reference, Served, send};
use crate::component::{built, component};

/// The guest that calls services as its arguments ask for.
const GUEST: &str = "services";

fn run(address: &str, calls: &Value) -> Vec<Value> {
    let body = json!({ "calls": calls }).to_string();
    let path = "/api/plugins/services/commands/run";
    let answer = send(address, "POST", path, body.as_bytes());
    let Body::Json(Value::Array(outcomes)) = answer.body else {
        panic!("{answer:?}");
    };
    outcomes
}

/// Starts a server that answers each request with its body, of the length that the request states,
/// and returns its address.
fn mirror() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut len = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    len = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; len];
            reader.read_exact(&mut body).unwrap();
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n");
            let answer = [head.as_bytes(), &body].concat();
            reader.into_inner().write_all(&answer).unwrap();
        }
    });
    address
}

#[test]
fn services_are_interfaces_of_wasi() {
    let other = Reference::start("components", json!({}));
    let folder = built("wasi-http", GUEST, &[]);
    let component = component(&folder, "wasi-http", GUEST);
    let echo = format!("{}/api/plugins/components/commands/trim", other.address);
    let health = format!("{}/api/plugins/components/health", other.address);
    let calls = json!([
        {"kv_get": "a"},
        {"kv_set": ["a", {"x": [1]}]},
        {"kv_set": ["ab", 1]},
        {"kv_get": "a"},
        {"kv_list": "a"},
        {"kv_delete": "a"},
        {"kv_delete": "a"},
        {"kv_list": ""},
        {"config": "key"},
        {"config": "other"},
        {"log": "a line"},
        {"http": ["POST", echo, " é "]},
        {"http_within": [health, 30_000]},
        {"http": ["GET", mirror(), "a body"]},
        "now",
        "monotonic",
        "random",
        "random",
    ]);
    let refused = json!([
        {"read": "data/f"},
        {"emit": ["t", 1]},
        {"chat": "Hello"},
        {"http": ["GET", "ftp://127.0.0.1/", ""]},
        {"http": ["GET", "http://127.0.0.1:1/", ""]},
    ]);
    let variables = [
        ("PLUGIN_CONFIG", r#"{"key": "set"}"#),
        ("PLUGIN_LOG", "info"),
    ];
    for engine in &ENGINES {
        let Some(served) = Served::start(engine, &component, &variables) else {
            continue;
        };
        let outcomes = run(&served.address, &calls);
        let results: Vec<&Value> = outcomes.iter().map(|outcome| &outcome["Ok"]).collect();
        let expected = [
            json!(null),
            json!(null),
            json!(null),
            json!({"x": [1]}),
            json!(["a", "ab"]),
            json!(true),
            json!(false),
            json!(["ab"]),
            json!("set"),
            json!(null),
            json!(null),
            json!([200, "é"]),
        ];
        for (nth, expected) in expected.iter().enumerate() {
            assert_eq!(results[nth], expected, "{}: {}", engine.name, outcomes[nth]);
        }
        assert_eq!(results[12][0], 200, "{}: {}", engine.name, outcomes[12]);
        assert_eq!(
            results[13],
            &json!([200, "a body"]),
            "{}: {}",
            engine.name,
            outcomes[13]
        );
        let year = results[14].as_u64().unwrap() / 1_000_000_000 / 31_556_952 + 1970;
        assert!(
            (2025..2100).contains(&year),
            "{}: {}",
            engine.name,
            results[14]
        );
        assert!(results[15].is_u64(), "{}: {}", engine.name, outcomes[15]);
        assert_ne!(results[16], results[17], "{}", engine.name);
        let outcomes = run(&served.address, &refused);
        let codes: Vec<&Value> = outcomes
            .iter()
            .map(|outcome| &outcome["Err"]["code"])
            .collect();
        assert_eq!(
            codes[..4],
            [
                "unsupported",
                "unsupported",
                "unsupported",
                "invalid_argument"
            ]
        );
        assert_eq!(codes[4], "unavailable", "{}: {}", engine.name, outcomes[4]);
        let said = served.end().join("\n");
        assert!(
            said.contains("info services: a line"),
            "{}: {said}",
            engine.name
        );
    }
}
