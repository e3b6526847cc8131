//! The servers under measurement. All run on tokio's default runtime, with one instance of their
//! plugin, and answer `POST` with a greeting in JSON.

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow, bail};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::{ServerOptions, serve};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::glue::Greeter;
use crate::modules;

/// A server.
#[derive(Clone, Copy, PartialEq)]
pub enum Contestant {
    /// A bare axum handler in Rust: reads the arguments, greets, and writes the answer.
    Rust,
    /// A bare axum handler that calls a hand-written guest through hand-written glue, and checks
    /// nothing.
    Glue,
    /// `plugin-sdk-server` with the example `greeter` and its default options.
    Ours,
}

impl Contestant {
    /// The first is the one that the others are compared with.
    pub const ALL: [Contestant; 3] = [Contestant::Rust, Contestant::Glue, Contestant::Ours];

    pub fn name(self) -> &'static str {
        match self {
            Contestant::Rust => "axum, in Rust",
            Contestant::Glue => "axum, hand-written glue",
            Contestant::Ours => "ours",
        }
    }

    pub fn named(name: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|known| known.name() == name) {
            Some(contestant) => Ok(contestant),
            None => bail!("there is no contestant `{name}`"),
        }
    }

    pub fn path(self) -> &'static str {
        match self {
            Contestant::Rust | Contestant::Glue => "/greet",
            Contestant::Ours => "/api/plugins/greeter/commands/greet",
        }
    }
}

/// Serves until standard input ends. Prints the port first.
pub fn run(contestant: Contestant) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let stop = async {
            let _ =
                tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await;
        };
        let ready = || -> Result<()> {
            println!("{port}");
            Ok(std::io::stdout().flush()?)
        };
        let routes = match contestant {
            Contestant::Rust => Router::new()
                .route("/greet", post(greet))
                .with_state(Arc::default()),
            Contestant::Glue => {
                let greeter =
                    Greeter::load(&modules::raw()).map_err(|error| anyhow!("{error:#}"))?;
                Router::new()
                    .route("/greet", post(glue))
                    .with_state(Arc::new(Mutex::new(greeter)))
            }
            Contestant::Ours => {
                let registry = Registry::new();
                registry.load(modules::greeter().as_path(), PluginOptions::new())?;
                ready()?;
                serve(listener, registry, ServerOptions::new(), stop).await;
                return Ok(());
            }
        };
        ready()?;
        Ok(axum::serve(listener, routes)
            .with_graceful_shutdown(stop)
            .await?)
    })
}

#[derive(Deserialize)]
struct Args {
    name: String,
    #[serde(default = "once")]
    times: u8,
}

fn once() -> u8 {
    1
}

#[derive(Serialize)]
struct Greeting {
    message: String,
    greeted: u64,
}

/// Does what the command of the example does.
async fn greet(
    State(greeted): State<Arc<AtomicU64>>,
    Json(args): Json<Args>,
) -> Result<Json<Greeting>, StatusCode> {
    if args.name.is_empty() {
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let line = format!("Hello, {}!", args.name);
    Ok(Json(Greeting {
        message: vec![line; args.times.into()].join("\n"),
        greeted: greeted.fetch_add(1, Ordering::Relaxed) + 1,
    }))
}

/// Hands the body to the guest, on the thread that has read it, and answers with the guest's bytes.
async fn glue(State(greeter): State<Arc<Mutex<Greeter>>>, body: Bytes) -> Response {
    let mut greeter = greeter.lock().unwrap_or_else(PoisonError::into_inner);
    match greeter.greet(&body) {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
