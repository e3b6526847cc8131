//! Serves the plugins of a [`Registry`] over HTTP.
//!
//! A plugin describes itself in its module, so nothing is written for it: each command is a route,
//! and `/openapi.json` describes them all.
//!
//! ```no_run
//! use plugin_sdk_harness::registry::{PluginOptions, Registry};
//! use plugin_sdk_server::{ServerOptions, serve};
//! use tokio::net::TcpListener;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::new();
//! registry.add_folder("plugins", PluginOptions::new())?;
//! let listener = TcpListener::bind("127.0.0.1:3000").await?;
//! let stop = async { drop(tokio::signal::ctrl_c().await) };
//! serve(listener, registry, ServerOptions::new(), stop).await;
//! # Ok(())
//! # }
//! ```
//!
//! | route | answer |
//! |---|---|
//! | `GET /` | a page on which people try the plugins |
//! | `GET /api/plugins` | all plugins; `?type=`, `?state=` and `?enabled=` select some |
//! | `GET /api/plugins/{id}` | one plugin |
//! | `GET /api/plugins/{id}/health` | its health; status 503 if it takes no calls |
//! | `POST /api/plugins/{id}/command` | the result of `{"command": "greet", "args": {…}}` |
//! | `GET`, `PUT /api/plugins/{id}/config` | its configuration, read and replaced |
//! | `POST /api/plugins/{id}/commands/{command}` | the bare result; the body is the arguments, or the bytes of a raw command |
//! | `POST /api/plugins/{id}/start`, `/stop`, `/reload` | nothing |
//! | `GET /api/plugins/{id}/manifest`, `/module` | its description of itself, and its module |
//! | `GET /api/events`, `/api/plugins/{id}/events` | server-sent events: changes, log lines, events |
//! | `GET /metrics` | figures in the text format of Prometheus |
//! | `GET /openapi.json` | a description of all routes |
//! | `POST /mcp` | the Model Context Protocol, with the feature `mcp`: each command is a tool |
//!
//! The answer to a call has the fuel that it used in the header `x-plugin-fuel`, if fuel is
//! counted. A call is ended when its client closes the connection, unless the plugin saves its
//! state, or its last calls took less than a millisecond each: then it ends by its time limit at
//! the latest.
//!
//! The first six are the HTTP API of NeoTalk. Their answers are `{"success": true, "data": …}`, and
//! an error of any route is `{"success": false, "error": {"code", "message", "request_id"}}`.
//!
//! # Safety
//!
//! A server answers only requests whose `Host` is a loopback address or
//! [allowed](ServerOptions::allow_host), so that no page on the web reaches it through a name of
//! its own, and whose `Origin`, if there is one, is the server itself. It bounds the size of
//! bodies, the number of calls at once, the time that a client takes to send its request, and the
//! time in which it reads nothing of its answer. The same bounds hold for `/mcp`.
//! Plugins get no permissions but those that the registry's options grant.
#![forbid(unsafe_code)]

mod answer;
mod api;
mod calls;
mod guard;
mod here;
#[cfg(feature = "mcp")]
mod mcp;
mod metrics;
pub mod openapi;
mod options;
pub mod page;
mod sending;
mod serving;

use std::sync::{Arc, OnceLock};

use axum::Router;
use plugin_sdk_harness::registry::Registry;
use tokio::sync::Semaphore;

use here::Here;
use openapi::SharedDocument;

#[cfg(feature = "mcp")]
pub use mcp::{ToolNameTaken, check_tool_names, serve_stdio};
pub use options::ServerOptions;
pub use serving::serve;

/// The most streams of events at once.
const MAX_STREAMS: usize = 64;

/// The most large bodies of requests that are read at once.
const MAX_LARGE_BODIES: usize = 16;

/// The state that the handlers share: the plugins, and what bounds the work for clients.
struct Server {
    registry: Registry,
    options: ServerOptions,
    /// A permit for each call at once.
    calls: Arc<Semaphore>,
    /// A permit for each call at once on a thread of the runtime, which the first call knows.
    here: OnceLock<Arc<Here>>,
    /// A permit for each stream of events, which keeps a thread.
    streams: Arc<Semaphore>,
    /// A permit for each large body that is being read.
    large_bodies: Semaphore,
    openapi: SharedDocument,
}

impl Server {
    fn new(registry: Registry, options: ServerOptions) -> Arc<Self> {
        Arc::new(Server {
            registry,
            calls: Arc::new(Semaphore::new(options.max_calls)),
            here: OnceLock::new(),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            large_bodies: Semaphore::new(MAX_LARGE_BODIES),
            openapi: SharedDocument::default(),
            options,
        })
    }
}

/// Returns the routes, for a program that serves them itself. [`serve`] also bounds the time that
/// clients take, and ends in order.
///
/// Calls run on the runtime's threads for blocking work. Those of a plugin whose last calls took
/// less than a millisecond each run on the thread of their request, if the plugin is free; at least
/// one thread of the runtime is left for other requests.
pub fn router(registry: Registry, options: ServerOptions) -> Router {
    let server = Server::new(registry, options);
    let routes = api::routes();
    #[cfg(feature = "mcp")]
    let routes = mcp::mounted(routes, &server);
    guard::guarded(routes, &server).with_state(server)
}
