//! Requests that are large, slow or too many.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use plugin_sdk_harness::Source;
use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::ServerOptions;
use serde_json::json;

use super::{ENDLESS, Server};

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
