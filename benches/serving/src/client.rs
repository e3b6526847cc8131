//! The client: a fixed number of connections that are kept alive, each with one request at a time.
//!
//! It is written here, instead of being `wrk`, so that the figures need no other program, turns can
//! be short, and every answer is looked at. It parses as little as it can, so that most of the
//! processors' time is the servers'.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// The number of connections.
pub const CONNECTIONS: usize = 32;

const BODY: &str = r#"{"name":"Ada","times":1}"#;

/// The beginning of every answer.
const ANSWER: &[u8] = br#"{"message":"Hello, Ada!","greeted":"#;

/// The connections to one server.
pub struct Client {
    runtime: Runtime,
    connections: Vec<Connection>,
}

/// The outcome of some requests.
pub struct Turn {
    pub requests: u64,
    pub taken: Duration,
    /// In ascending order.
    times: Vec<Duration>,
}

impl Turn {
    /// Returns the time that this part of the requests did not exceed.
    pub fn percentile(&self, part: f64) -> Duration {
        let at = (self.times.len().saturating_sub(1) as f64 * part).round() as usize;
        self.times.get(at).copied().unwrap_or_default()
    }
}

impl Client {
    pub fn connect(address: SocketAddr, path: &str) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let request: Rc<[u8]> = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{BODY}",
            BODY.len()
        )
        .into_bytes()
        .into();
        let connections = runtime.block_on(async {
            let mut connections = Vec::new();
            for _ in 0..CONNECTIONS {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                connections.push(Connection {
                    stream,
                    request: Rc::clone(&request),
                    answer: Vec::with_capacity(4096),
                });
            }
            anyhow::Ok(connections)
        })?;
        Ok(Client {
            runtime,
            connections,
        })
    }

    /// Sends requests for some time.
    pub fn run_for(&mut self, time: Duration) -> Result<Turn> {
        let end = Instant::now() + time;
        self.run(move |_, now| now < end)
    }

    /// Sends a number of requests.
    pub fn run_times(&mut self, requests: u64) -> Result<Turn> {
        self.run(move |begun, _| begun < requests)
    }

    /// Sends requests while `goes_on` returns `true` for the number that have begun, and the time.
    fn run(&mut self, goes_on: impl Fn(u64, Instant) -> bool + Copy + 'static) -> Result<Turn> {
        let begun = Rc::new(Cell::new(0));
        let tasks = LocalSet::new();
        let start = Instant::now();
        let running: Vec<_> = std::mem::take(&mut self.connections)
            .into_iter()
            .map(|mut connection| {
                let begun = Rc::clone(&begun);
                tasks.spawn_local(async move {
                    let mut times = Vec::new();
                    let mut now = Instant::now();
                    while goes_on(begun.get(), now) {
                        begun.set(begun.get() + 1);
                        connection.ask().await?;
                        let end = Instant::now();
                        times.push(end - now);
                        now = end;
                    }
                    anyhow::Ok((connection, times))
                })
            })
            .collect();
        let mut times = Vec::new();
        tasks.block_on(&self.runtime, async {
            for task in running {
                let (connection, some) = task.await??;
                self.connections.push(connection);
                times.extend(some);
            }
            anyhow::Ok(())
        })?;
        let taken = start.elapsed();
        times.sort_unstable();
        Ok(Turn {
            requests: times.len() as u64,
            taken,
            times,
        })
    }
}

struct Connection {
    stream: TcpStream,
    request: Rc<[u8]>,
    answer: Vec<u8>,
}

impl Connection {
    /// Sends the request and reads its answer.
    async fn ask(&mut self) -> Result<()> {
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let end = loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            ensure!(read > 0, "the server has closed a connection");
            if let Some(end) = end_of_answer(&self.answer)? {
                break end;
            }
        };
        ensure!(
            end == self.answer.len(),
            "the answer has bytes after its end"
        );
        Ok(())
    }
}

/// Returns the length of an answer; `None` if it is not complete yet.
fn end_of_answer(answer: &[u8]) -> Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|end| end == b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, rest) = answer.split_at(head + 4);
    let head = std::str::from_utf8(head)?;
    if !head.starts_with("HTTP/1.1 200 ") {
        bail!("the server answers {}", String::from_utf8_lossy(answer));
    }
    let len = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, len) = len.context("an answer without a length")?;
    let len: usize = len.parse()?;
    if rest.len() < len {
        return Ok(None);
    }
    ensure!(
        rest.starts_with(ANSWER),
        "the server answers {}",
        String::from_utf8_lossy(rest)
    );
    Ok(Some(head.len() + len))
}
