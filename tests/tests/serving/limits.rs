//! Requests that are large, slow or too many.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use plugin_sdk_harness::Source;
use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::ServerOptions;
use serde_json::{Value, json};

use super::{ENDLESS, Server, described, json_of};

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

    assert_eq!(server.send("POST", "/mcp", &" ".repeat(1001)).0, 413);

    // A head and a body that never end.
    let begun = Instant::now();
    let answer = server.raw("POST /mcp HTTP/1.1\r\nhost: localhost\r\n");
    assert!(!answer.contains(" 200 "), "{answer}");
    for path in [path, "/mcp"] {
        let answer = server.raw(&format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 20\r\nconnection: close\r\n\r\n{{"
        ));
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn large_bodies_are_read_a_few_at_a_time() {
    let server = Server::of(&["greeter"]);
    let path = "/api/plugins/greeter/commands/greet";
    let unfinished: Vec<TcpStream> = [path, "/mcp"]
        .iter()
        .cycle()
        .take(16)
        .map(|path| {
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
fn calls_of_tools_count_as_calls() {
    let registry = Registry::new();
    registry
        .load(Source::wat(ENDLESS), PluginOptions::new())
        .unwrap();
    let manifest = json!({
        "abi": 1, "id": "tool", "name": "Tool", "version": "1.0.0",
        "commands": [{"name": "nothing", "arguments": {"type": "object"}, "result": true}],
    });
    registry
        .load(described(&manifest), PluginOptions::new())
        .unwrap();
    let server = Server::serving(registry.clone(), ServerOptions::new().max_calls(1));
    let call_tool = || {
        let call = json!({"name": "tool_nothing", "arguments": {}});
        json_of(server.mcp("tools/call", call)).1
    };
    assert_eq!(call_tool()["result"]["isError"], false);
    std::thread::scope(|threads| {
        let (first, last) = registry
            .with_instance("plugin", |_| {
                // It waits for the instance, and counts as a call meanwhile.
                let path = "/api/plugins/plugin/commands/nothing";
                let waiting = threads.spawn(|| server.send("POST", path, "").0);
                let refused = |answer: &Value| answer.get("error").is_some();
                // The server reads the request in a moment.
                let mut answers = (0..1000).map(|_| call_tool());
                Ok((waiting, answers.find(refused)))
            })
            .unwrap();
        let message = &last.unwrap()["error"]["message"];
        assert_eq!(message, "the server is busy with other calls");
        assert_eq!(first.join().unwrap(), 200);
    });
    assert_eq!(call_tool()["result"]["isError"], false);
}

#[test]
fn a_client_that_reads_nothing_is_disconnected() {
    // More than the buffers of a connection take.
    let section = [
        &[0, 0x80, 0x80, 0x80, 0x08, 0][..],
        &vec![0; (16 << 20) - 1],
    ]
    .concat();
    let module = [wat::parse_str(ENDLESS).unwrap(), section].concat();
    let registry = Registry::new();
    registry
        .load(Source::bytes(module), PluginOptions::new())
        .unwrap();
    let options = ServerOptions::new()
        .max_connections(1)
        .send_timeout(Duration::from_millis(100));
    let server = Server::serving(registry, options);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let request = b"GET /api/plugins/plugin/module HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert!(status.ends_with(b"200"));
    // There is room for another connection only once this one has ended.
    assert_eq!(server.get("/api/plugins").0, 200);
}

#[test]
fn streams_of_departed_clients_end_though_others_are_busy() {
    let server = Server::of(&["plugin", "greeter"]);
    let stream = || {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let request = b"GET /api/plugins/plugin/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        (stream, status.ends_with(b"200"))
    };
    let streams: Vec<_> = (0..64).map(|_| stream()).collect();
    assert!(streams.iter().all(|(_, is_open)| *is_open));
    drop(streams);
    // Notices of another plugin arrive all the time.
    let is_open = (0..200).any(|_| {
        server.registry.stop("greeter").unwrap();
        server.registry.start("greeter").unwrap();
        std::thread::sleep(Duration::from_millis(50));
        stream().1
    });
    assert!(is_open);
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
    let listen = json!({"notifications": {"toolsListChanged": true}});
    let (_, answer) = json_of(server.mcp("subscriptions/listen", listen));
    let answer = answer.to_string();
    assert!(answer.contains("as many streams of events"), "{answer}");
    // Calls still find a thread.
    let body = r#"{"name": "Ada"}"#;
    let (status, _) = server.send("POST", "/api/plugins/greeter/commands/greet", body);
    assert_eq!(status, 200);
}
