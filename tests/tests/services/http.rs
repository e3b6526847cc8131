//! The HTTP client, against servers on this machine.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use plugin_sdk::services::http::{Head, Http, Response};
use plugin_sdk_harness::services::{AllowList, HttpClient};
use tiny_http::{Header, Request, Server};

/// A server on its own port that ends with its test.
pub struct Serving {
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
    /// The requests that it received, as lines: method and path, headers, body.
    received: Arc<Mutex<Vec<String>>>,
}

impl Serving {
    pub fn new(
        answer: impl Fn(&Request, Vec<u8>) -> tiny_http::Response<std::io::Cursor<Vec<u8>>>
        + Send
        + 'static,
    ) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let received = Arc::<Mutex<Vec<String>>>::default();
        let (of_thread, noted) = (Arc::clone(&server), Arc::clone(&received));
        let thread = std::thread::spawn(move || {
            for mut request in of_thread.incoming_requests() {
                let mut body = Vec::new();
                request.as_reader().read_to_end(&mut body).unwrap();
                let mut lines = vec![format!("{} {}", request.method(), request.url())];
                lines.extend(request.headers().iter().map(|header| {
                    format!(
                        "{}: {}",
                        header.field.to_string().to_lowercase(),
                        header.value
                    )
                }));
                lines.push(String::from_utf8_lossy(&body).into_owned());
                noted.lock().unwrap().push(lines.join("\n"));
                let response = answer(&request, body);
                // The client may have disconnected.
                let _ = request.respond(response);
            }
        });
        Serving {
            server,
            thread: Some(thread),
            received,
        }
    }

    pub fn port(&self) -> u16 {
        self.server.server_addr().to_ip().unwrap().port()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port())
    }

    pub fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn text(body: &str) -> tiny_http::Response<std::io::Cursor<Vec<u8>>> {
    tiny_http::Response::from_string(body)
}

fn redirect(status: u16, to: &str) -> tiny_http::Response<std::io::Cursor<Vec<u8>>> {
    text("elsewhere")
        .with_status_code(status)
        .with_header(Header::from_bytes("Location", to).unwrap())
}

fn client() -> HttpClient {
    HttpClient::new(AllowList::new(["127.0.0.1:*"]).unwrap())
}

fn head(method: &str, url: &str) -> Head {
    Head {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        timeout_ms: None,
    }
}

fn get(url: &str) -> plugin_sdk::Result<Response> {
    client().send(&head("GET", url), b"")
}

#[test]
fn bytes_methods_and_headers_arrive_as_they_are_both_ways() {
    let server = Serving::new(|_, body| {
        tiny_http::Response::from_data(body)
            .with_status_code(207)
            .with_header(Header::from_bytes("X-Twice", "1").unwrap())
            .with_header(Header::from_bytes("X-Twice", "2").unwrap())
    });
    let every_byte: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "REPORT"] {
        let mut request = head(method, &server.url("/p?q=1"));
        request.headers = vec![
            ("X-A".to_owned(), "1".to_owned()),
            ("x-a".to_owned(), "2".to_owned()),
        ];
        let response = client().send(&request, &every_byte).unwrap();
        assert_eq!(response.status, 207);
        assert!(response.body == every_byte, "{method}");
        let twice: Vec<&str> = response
            .headers
            .iter()
            .filter(|(name, _)| name == "x-twice")
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(twice, ["1", "2"]);
        let received = server.received().pop().unwrap();
        assert!(
            received.starts_with(&format!("{method} /p?q=1\n")),
            "{method}: {received:.80}"
        );
        assert!(received.contains("x-a: 1\nx-a: 2"), "{received:.300}");
    }
    let response = client().send(&head("HEAD", &server.url("/")), b"").unwrap();
    assert_eq!((response.status, response.body), (207, Vec::new()));
}

#[test]
fn an_empty_body_sends_length_0_with_post_and_none_with_get() {
    let server = Serving::new(|_, _| text(""));
    get(&server.url("/")).unwrap();
    client().send(&head("POST", &server.url("/")), b"").unwrap();
    let received = server.received();
    assert!(
        !received[0].contains("content-length") && !received[0].contains("transfer-encoding"),
        "{}",
        received[0]
    );
    assert!(received[1].contains("content-length: 0"), "{}", received[1]);
}

#[test]
fn any_status_is_a_response() {
    let server = Serving::new(|request, _| {
        let status: u16 = request.url().trim_start_matches('/').parse().unwrap();
        text("body").with_status_code(status)
    });
    for status in [200u16, 201, 304, 400, 404, 418, 500, 503, 599] {
        let response = get(&server.url(&format!("/{status}"))).unwrap();
        assert_eq!(response.status, status);
    }
    assert_eq!(get(&server.url("/404")).unwrap().body, b"body");
}

#[test]
fn redirections_are_followed_by_their_status() {
    let server = Serving::new(|request, body| match request.url() {
        "/a/b" => redirect(302, "../c?d"),
        "/303" => redirect(303, "/c"),
        "/307" => redirect(307, "/c"),
        "/302" => redirect(302, "/c"),
        "/loop" => redirect(301, "/loop"),
        "/nowhere" => text("").with_status_code(302),
        url => text(&format!("{} {url} {}", request.method(), body.len())),
    });
    let send = |method: &str, path: &str| {
        client()
            .send(&head(method, &server.url(path)), b"12")
            .unwrap()
    };
    assert_eq!(send("GET", "/a/b").body, b"GET /c?d 2");
    assert_eq!(send("POST", "/302").body, b"GET /c 0");
    assert_eq!(send("PUT", "/302").body, b"PUT /c 2");
    assert_eq!(send("PUT", "/303").body, b"GET /c 0");
    assert_eq!(send("POST", "/307").body, b"POST /c 2");
    assert_eq!(send("GET", "/nowhere").status, 302);
    let before = server.received().len();
    assert_eq!(
        send("GET", "/loop").status,
        301,
        "in the end the redirection is the response"
    );
    assert_eq!(server.received().len() - before, 11);
    let mut none = client().redirects(0);
    assert_eq!(
        none.send(&head("GET", &server.url("/307")), b"")
            .unwrap()
            .status,
        307
    );
}

#[test]
fn redirections_are_followed_only_to_allowed_hosts() {
    let secret = Serving::new(|_, _| text("secret"));
    let port = secret.port();
    let targets = [
        format!("http://localhost:{port}/"),
        format!("//localhost:{port}/"),
        format!("http://127.0.0.1:{port}@localhost/"),
        format!("http://[::1]:{port}/"),
        "file:///etc/passwd".to_owned(),
        "ftp://127.0.0.1/".to_owned(),
    ];
    for target in targets {
        let to = target.clone();
        let server = Serving::new(move |_, _| redirect(302, &to));
        let error = get(&server.url("/")).unwrap_err();
        assert!(
            ["permission_denied", "invalid_argument"].contains(&error.code()),
            "{target}: {error:?}"
        );
        assert!(
            error
                .message()
                .contains("redirects to where the plugin may not go"),
            "{error:?}"
        );
    }
    assert_eq!(secret.received(), [""; 0]);
}

#[test]
fn secrets_are_sent_only_to_their_own_server() {
    let other = Serving::new(|_, _| text("other"));
    let to = other.url("/other");
    let server = Serving::new(move |request, _| match request.url() {
        "/same" => redirect(302, "/here"),
        "/away" => redirect(302, &to),
        _ => text("same"),
    });
    for path in ["/same", "/away"] {
        let mut request = head("GET", &server.url(path));
        for name in ["Authorization", "Cookie", "X-Other"] {
            request.headers.push((name.to_owned(), "sesame".to_owned()));
        }
        client().send(&request, b"").unwrap();
    }
    let here = &server.received()[1];
    assert!(
        here.contains("authorization: sesame") && here.contains("cookie: sesame"),
        "{here}"
    );
    let away = &other.received()[0];
    assert!(
        !away.contains("authorization")
            && !away.contains("cookie")
            && away.contains("x-other: sesame"),
        "{away}"
    );
}

#[test]
fn hosts_that_are_not_allowed_are_never_connected_to() {
    let server = Serving::new(|_, _| text(""));
    let mut nothing = HttpClient::new(AllowList::default());
    let error = nothing
        .send(&head("GET", &server.url("/")), b"")
        .unwrap_err();
    assert_eq!(error.code(), "permission_denied");
    assert_eq!(
        error.details().unwrap()["host"],
        format!("127.0.0.1:{}", server.port())
    );
    let url = format!("http://localhost:{}/", server.port());
    assert_eq!(get(&url).unwrap_err().code(), "permission_denied");
    let mut with_host = head("GET", &server.url("/"));
    with_host
        .headers
        .push(("Host".to_owned(), "evil.example".to_owned()));
    assert_eq!(
        client().send(&with_host, b"").unwrap_err().code(),
        "invalid_argument"
    );
    assert_eq!(server.received(), [""; 0]);
}

#[test]
fn only_responses_above_the_size_limit_are_errors() {
    let server = Serving::new(|request, _| {
        let bytes = request.url().trim_start_matches('/').parse().unwrap();
        tiny_http::Response::from_data(vec![7; bytes]).with_chunked_threshold(500_000)
    });
    let mut client = client().max_response_bytes(1000);
    let mut send = |bytes: usize| client.send(&head("GET", &server.url(&format!("/{bytes}"))), b"");
    assert_eq!(send(1000).unwrap().body.len(), 1000);
    // With and without a declared length.
    for bytes in [1001, 1_000_000] {
        let error = send(bytes).unwrap_err();
        assert_eq!(error.code(), "too_large", "{bytes}: {error:?}");
        assert_eq!(error.details().unwrap()["limit"], 1000);
    }
}

#[test]
fn a_silent_server_is_waited_for_until_the_timeout() {
    // It accepts connections, as every listener does, and does nothing else.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut request = head("GET", &format!("http://{}/", silent.local_addr().unwrap()));
    request.timeout_ms = Some(50);
    let error = client().send(&request, b"").unwrap_err();
    assert_eq!(error.code(), "timeout");
    assert_eq!(error.details().unwrap()["timeout_ms"], 50);
    request.timeout_ms = None;
    let mut client = client().timeout(std::time::Duration::from_millis(40));
    assert_eq!(
        client.send(&request, b"").unwrap_err().details().unwrap()["timeout_ms"],
        40
    );
    request.timeout_ms = Some(0);
    assert_eq!(client.send(&request, b"").unwrap_err().code(), "timeout");
}

#[test]
fn an_unreachable_server_is_unavailable() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    assert_eq!(
        get(&format!("http://{closed}/")).unwrap_err().code(),
        "unavailable"
    );
    let error = get(&format!("https://{closed}/")).unwrap_err();
    assert_eq!(error.code(), "unavailable");
    let nonsense = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", nonsense.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = nonsense.accept().unwrap();
        let _ = stream.read(&mut [0; 1000]);
        stream.write_all(b"this is no HTTP\r\n\r\n").unwrap();
    });
    assert_eq!(get(&url).unwrap_err().code(), "unavailable");
    answering.join().unwrap();
}

#[test]
fn nothing_is_taken_from_the_environment() {
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "http::any_status_is_a_response"])
        .env("ALL_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("http_proxy", "http://127.0.0.1:9")
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&status.stdout);
    assert!(
        status.status.success() && shown.contains("1 passed"),
        "{shown}"
    );
}
