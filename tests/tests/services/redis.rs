//! The store on a Redis server: namespaces, unusual keys, and servers that stop or hang.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use plugin_sdk::services::kv::Kv;
use plugin_sdk_harness::services::RedisKv;
use plugin_sdk_harness::{Failure, FailureKind};
use serde_json::json;
use tempfile::TempDir;

use crate::plugin::{builder, one};

/// A Redis server with its data in a temporary folder.
pub struct Server {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl Server {
    /// Starts a server. If that is impossible, prints the reason.
    pub fn start() -> Option<Self> {
        if Command::new("redis-server").arg("-v").output().is_err() {
            plugin_sdk_tests::not_run(
                "there is no redis-server (on Debian: `apt-get install redis-server`)",
            );
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut ended = String::new();
        // Another process may take a free port before the server does.
        for _ in 0..5 {
            let port = free_address().port();
            let mut process = launch(&folder, port);
            match wait_for(&mut process) {
                Ok(()) => {
                    return Some(Server {
                        folder,
                        port,
                        process,
                    });
                }
                Err(last) => ended = last,
            }
        }
        panic!("no server could be started: {ended}");
    }

    /// Returns a store of the server.
    pub fn store(&self) -> RedisKv {
        RedisKv::connect(&self.url()).unwrap()
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn restart(&mut self) {
        self.process = launch(&self.folder, self.port);
        wait_for(&mut self.process).unwrap();
    }

    /// Sends a signal, such as `STOP`.
    fn signal(&self, name: &str) {
        let process = self.process.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status();
        assert!(sent.unwrap().success());
    }

    /// Runs a command of `redis-cli`.
    fn cli(&self, arguments: &[&str]) -> String {
        let port = self.port.to_string();
        let command = Command::new("redis-cli")
            .args(["-p", &port])
            .args(arguments)
            .output();
        String::from_utf8(command.unwrap().stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns an address of this computer at which no server listens.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

fn launch(folder: &TempDir, port: u16) -> Child {
    let options = "--bind 127.0.0.1 --appendonly yes --appendfsync always --port";
    Command::new("redis-server")
        .args(options.split(' '))
        .args([&port.to_string(), "--save", "", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until a server accepts connections; returns its last line if it ended instead.
fn wait_for(server: &mut Child) -> Result<(), String> {
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut last = String::new();
    while let Some(Ok(line)) = lines.next() {
        if line.contains("Ready to accept connections") {
            // A server whose output is closed would end.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(());
        }
        last = line;
    }
    server.wait().unwrap();
    Err(last)
}

fn reason(failure: &Failure) -> &str {
    match failure.kind() {
        FailureKind::Service {
            service: "kv",
            reason,
        } => reason,
        _ => panic!("{failure}"),
    }
}

#[test]
fn namespaces_on_a_server_are_apart() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let names = ["", "a", "a:", "a:b", "values:a", "*", "[a]", "1:a", "ä\n"];
    for name in names {
        store.namespace(name).set("b:key", name.as_bytes()).unwrap();
        store.namespace(name).set("key", b"").unwrap();
    }
    for name in names {
        let mut one = store.namespace(name);
        assert_eq!(one.get("b:key").unwrap(), Some(name.as_bytes().to_vec()));
        assert_eq!(one.list("").unwrap(), ["b:key", "key"]);
    }
    assert!(store.namespace("a").delete("key").unwrap());
    assert!(store.namespace("a").delete("b:key").unwrap());
    assert_eq!(store.namespace("a").list("").unwrap(), [""; 0]);
    assert_eq!(store.namespace("a:").list("").unwrap().len(), 2);
    // An empty namespace takes no space on the server.
    assert_eq!(server.cli(&["EXISTS", "plugin-sdk:kv:values:a"]), "0\n");
}

#[test]
fn patterns_and_control_characters_in_keys_are_literal() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut store = server.store();
    let mut keys = [
        "*",
        "**",
        "?",
        "[a]",
        "[^a]",
        "\\",
        "\\*",
        "a",
        "a*",
        "a\0",
        "a\0b",
        "a\r\n",
        "a b",
        "(a",
        "[",
        "+",
        "-",
        "\u{7f}",
        "ä",
        "\u{10ffff}",
        "$5\r\n",
        "'",
        "\"",
    ];
    for key in keys {
        store.set(key, key.as_bytes()).unwrap();
    }
    keys.sort_unstable();
    assert_eq!(store.list("").unwrap(), keys);
    for key in keys {
        assert_eq!(store.get(key).unwrap(), Some(key.as_bytes().to_vec()));
        let with_prefix: Vec<&str> = keys.into_iter().filter(|k| k.starts_with(key)).collect();
        assert_eq!(store.list(key).unwrap(), with_prefix, "{key:?}");
    }
    for key in keys {
        assert!(store.delete(key).unwrap());
    }
    assert_eq!(store.list("").unwrap(), [""; 0]);
}

#[test]
fn writers_on_two_connections_never_exceed_the_limit() {
    let Some(server) = Server::start() else {
        return;
    };
    // An entry counts 128 + 3 + 69 = 200 bytes.
    let write = |writer: usize| {
        let mut store = server.store().namespace("n").limit_bytes(2000);
        let outcomes = (0..10).map(move |nth| store.set(&format!("{writer}/{nth}"), &[0; 69]));
        outcomes.filter(Result::is_ok).count()
    };
    let stored: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|writer| scope.spawn(move || write(writer)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(stored, 10);
    let mut store = server.store().namespace("n");
    assert_eq!(store.list("").unwrap().len(), 10);
    let full = store.clone().limit_bytes(1000).set("x", b"").unwrap_err();
    assert_eq!(full.code(), "quota_exceeded");
    store.clone().limit_bytes(u64::MAX).set("x", b"").unwrap();
    assert!(store.delete("x").unwrap());
}

#[test]
fn too_many_keys_to_list_are_an_error() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut store = server.store();
    let fill = "for n = 1, 100001 do redis.call('ZADD', KEYS[1], 0, 'k' .. n) end";
    server.cli(&["EVAL", fill, "1", "plugin-sdk:kv:keys:"]);
    assert_eq!(store.list("").unwrap_err().code(), "too_large");
    assert_eq!(store.list("k1").unwrap().len(), 11_113);
    assert!(store.delete("k1").is_ok());
}

#[test]
fn acknowledged_values_outlive_a_killed_server() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let mut store = server.store().namespace("n");
    store.set("before", b"1").unwrap();
    let mut writer = store.clone();
    let thread = std::thread::spawn(move || {
        let mut acknowledged = 0;
        loop {
            match writer.set(&format!("{acknowledged:05}"), b"value") {
                Ok(()) => acknowledged += 1,
                Err(error) => return (acknowledged, error),
            }
        }
    });
    std::thread::sleep(Duration::from_millis(300));
    server.kill();
    let (acknowledged, error) = thread.join().unwrap();
    assert_eq!(error.code(), "unavailable", "{error}");
    for error in [
        store.get("before").unwrap_err(),
        store.set("x", b"").unwrap_err(),
        store.delete("before").unwrap_err(),
        store.list("").unwrap_err(),
    ] {
        assert_eq!(error.code(), "unavailable", "{error}");
        assert!(error.message().contains("127.0.0.1"), "{error}");
    }
    server.restart();
    assert_eq!(store.get("before").unwrap(), Some(b"1".to_vec()));
    assert!(acknowledged > 0);
    let kept = store.list("0").unwrap();
    // The write that was interrupted may have happened.
    assert!((acknowledged..=acknowledged + 1).contains(&kept.len()));
    for number in 0..acknowledged {
        let value = store.get(&format!("{number:05}")).unwrap();
        assert_eq!(value, Some(b"value".to_vec()), "{number}");
    }
}

#[test]
fn connection_that_broke_while_idle_is_replaced() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let mut store = server.store();
    store.set("key", b"1").unwrap();
    server.kill();
    server.restart();
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(store.get("key").unwrap(), Some(b"1".to_vec()));
}

#[test]
fn server_that_hangs_is_a_timeout_within_the_time_left() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut plugin = builder()
        .timeout(Duration::from_millis(800))
        .kv(server.store())
        .build()
        .unwrap();
    one(&mut plugin, json!({"kv_set": ["k", [1]]})).unwrap();
    let mut store = server.store().timeout(Duration::from_millis(200));
    store.set("other", b"1").unwrap();

    server.signal("STOP");
    let start = Instant::now();
    let error = store.get("other").unwrap_err();
    assert_eq!(error.code(), "timeout", "{error}");
    assert!(error.message().contains("200 ms"), "{error}");
    assert_eq!(
        one(&mut plugin, json!({"kv_get": "k"})),
        Err("timeout".to_owned()),
        "the plugin gets the error in time"
    );
    assert!(start.elapsed() < Duration::from_millis(1500));
    let url = server.url();
    let connecting = std::thread::spawn(move || RedisKv::connect(&url).unwrap_err());
    let failure = connecting.join().unwrap();
    assert!(reason(&failure).contains("5000 ms"), "{failure}");

    server.signal("CONT");
    assert_eq!(store.get("other").unwrap(), Some(b"1".to_vec()));
    assert_eq!(one(&mut plugin, json!({"kv_get": "k"})), Ok(json!([1])));
}

#[test]
fn unusable_servers_are_failures_without_the_password() {
    let connect = |url: &str| {
        let failure = RedisKv::connect(url).unwrap_err();
        let text = format!("{failure} {failure:?} {}", reason(&failure));
        assert!(!text.contains("hunter2"), "{text}");
        reason(&failure).to_owned()
    };
    for url in [
        "",
        "kv.redb",
        "http://:hunter2@x",
        "redis://",
        "redis://:hunter2@h/x",
        "rediss://h",
    ] {
        assert!(connect(url).contains("the URL"), "{url}");
    }
    let address = free_address();
    let refused = connect(&format!("redis://:hunter2@{address}"));
    assert!(refused.contains(&address.to_string()), "{refused}");

    let Some(server) = Server::start() else {
        return;
    };
    let mut store = server.store();
    server.cli(&["CONFIG", "SET", "requirepass", "secret"]);
    let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}/0", server.port);
    connect(&server.url());
    connect(&url("hunter2"));
    let mut admitted = RedisKv::connect(&url("secret")).unwrap();
    admitted.set("key", b"1").unwrap();
    assert!(!format!("{admitted:?}").contains("secret"));
    // A connection from before stays usable.
    assert_eq!(store.get("key").unwrap(), Some(b"1".to_vec()));
}

#[test]
fn keys_of_another_type_are_errors_and_change_nothing() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut store = server.store().namespace("n");
    server.cli(&["SET", "plugin-sdk:kv:keys:n", "text"]);
    assert_eq!(store.set("key", b"1").unwrap_err().code(), "unavailable");
    assert_eq!(store.get("key").unwrap(), None);
    assert_eq!(store.list("").unwrap_err().code(), "unavailable");
    server.cli(&["DEL", "plugin-sdk:kv:keys:n"]);
    store.set("key", b"1").unwrap();
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let error = store.set("other", b"2").unwrap_err();
    assert_eq!(error.code(), "unavailable");
    assert!(error.message().contains("maxmemory"), "{error}");
    assert_eq!(store.list("").unwrap(), ["key"]);
}
