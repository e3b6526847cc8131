//! The Model Context Protocol: each command is a tool for language models.
//!
//! `tools.rs` makes tools of commands, and results of answers; this file serves them, on standard
//! input and output or over HTTP. The crate `rmcp` speaks the protocol, in the revisions up to
//! 2025-11-25, which begin with `initialize`, and in that of 2026-07-28, which has no sessions.

mod tools;

use std::io;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::any;
use plugin_sdk_harness::Interrupt;
use plugin_sdk_harness::registry::{Notice, Registry};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, SubscriptionFilter,
};
use rmcp::service::{NotificationContext, Peer, RequestContext, SubscriptionContext};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use tokio::sync::watch;

use crate::Server;
use crate::answer::ApiError;
use crate::api::Answer;
use crate::calls::Abandoned;
use crate::options::ServerOptions;
use tools::Tools;

pub use tools::ToolNameTaken;

/// The interval at which the thread behind a server checks that the server is still there.
const LOOK: Duration = Duration::from_millis(500);

/// The time that a client may keep the list of tools, in milliseconds. A changed list is announced.
const KEEP_TOOLS: u64 = 60_000;

/// The plugins of a registry as tools. Clones share the tools.
#[derive(Clone)]
pub(crate) struct Mcp {
    server: Arc<Server>,
    tools: Arc<Mutex<Arc<Tools>>>,
    /// Changes with each new list of tools.
    version: watch::Receiver<u64>,
}

/// Serves the plugins of a registry as tools on standard input and output, until the input ends.
///
/// Nothing else may write to standard output.
///
/// # Errors
///
/// [`ToolNameTaken`] if two commands would be tools of one name, and an error of the streams.
pub async fn serve_stdio(registry: Registry, options: &ServerOptions) -> io::Result<()> {
    let server = Server::new(registry.clone(), options.clone());
    let mcp = Mcp::new(server).map_err(io::Error::other)?;
    let served = mcp.serve(rmcp::transport::stdio()).await;
    if let Ok(service) = served {
        service.waiting().await.map_err(io::Error::other)?;
    }
    for (id, error) in registry.shut_down() {
        log::warn!("the plugin `{id}`: {error}");
    }
    Ok(())
}

/// Checks that no two commands would be tools of the same name.
///
/// # Errors
///
/// [`ToolNameTaken`], which names both commands.
pub fn check_tool_names(registry: &Registry) -> Result<(), ToolNameTaken> {
    Tools::of(registry).map(drop)
}

/// Adds the route of the protocol, unless two tools have the same name.
pub(crate) fn mounted(routes: Router<Arc<Server>>, server: &Arc<Server>) -> Router<Arc<Server>> {
    let mcp = match Mcp::new(Arc::clone(server)) {
        Ok(mcp) => mcp,
        Err(taken) => {
            log::error!("there is no route `/mcp`: {taken}");
            return routes;
        }
    };
    let endpoint = mcp.http();
    let answer = async move |State(server): State<Arc<Server>>, request: Request| -> Answer {
        let (head, body) = request.into_parts();
        let body = Body::from(server.read(body).await?);
        let answer = endpoint.handle(Request::from_parts(head, body)).await;
        Ok(answer.map(Body::new))
    };
    routes.route("/mcp", any(answer))
}

impl Mcp {
    /// Makes tools of all commands, and again whenever a plugin changes.
    pub(crate) fn new(server: Arc<Server>) -> Result<Self, ToolNameTaken> {
        let registry = server.registry.clone();
        let tools = Arc::new(Mutex::new(Arc::new(Tools::of(&registry)?)));
        let (changed, version) = watch::channel(0);
        let notices = registry.watch();
        let remade = Arc::downgrade(&tools);
        std::thread::spawn(move || {
            while let Some(tools) = remade.upgrade() {
                match notices.recv_timeout(LOOK) {
                    Ok(
                        Notice::Loaded { .. } | Notice::Reloaded { .. } | Notice::Unloaded { .. },
                    ) => match Tools::of(&registry) {
                        Ok(new) => {
                            *tools.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                            changed.send_modify(|version| *version += 1);
                        }
                        Err(taken) => log::warn!("the tools stay as they were: {taken}"),
                    },
                    Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        });
        Ok(Mcp {
            server,
            tools,
            version,
        })
    }

    /// Returns the endpoint of the protocol over HTTP, without sessions. The server's guard has
    /// checked the host and the origin of each request.
    pub(crate) fn http(self) -> StreamableHttpService<Mcp, NeverSessionManager> {
        let mut config = StreamableHttpServerConfig::default();
        config.legacy_session_mode = false;
        config.json_response = true;
        config.allowed_hosts = Vec::new();
        config.max_request_body_bytes = self.server.options.max_body_bytes;
        StreamableHttpService::new(move || Ok(self.clone()), Arc::default(), config)
    }

    fn tools(&self) -> Arc<Tools> {
        let tools = self.tools.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&tools)
    }

    /// Notifies a client of an earlier revision whenever the tools change, while it is connected.
    fn announce(&self, peer: Peer<RoleServer>) {
        let mut version = self.version.clone();
        tokio::spawn(async move {
            while version.changed().await.is_ok() {
                if peer.notify_tool_list_changed().await.is_err() {
                    return;
                }
            }
        });
    }
}

impl ServerHandler for Mcp {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        let mut info = ServerConfig::new(capabilities);
        info.server_info = Implementation::new("plugin-sdk", env!("CARGO_PKG_VERSION"));
        info
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.announce(context.peer);
    }

    fn accepted_subscription_filter(&self, _: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(SubscriptionFilter::builder().tools_list_changed().build())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let _permit = self.server.stream_permit().map_err(internal)?;
        let mut version = self.version.clone();
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                changed = version.changed() => {
                    if changed.is_err() || context.sink().notify_tool_list_changed().await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut list = ListToolsResult::with_all_items(self.tools().list());
        list.ttl_ms = Some(KEEP_TOOLS);
        Ok(list)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tools = self.tools();
        let Some(tool) = tools.find(&request.name) else {
            let message = format!("there is no tool `{}`", request.name);
            return Err(ErrorData::invalid_params(message, None));
        };
        let tool = Arc::clone(tool);
        let shared = self.server.options.shared_tools;
        let arguments = request.arguments.unwrap_or_default();
        let interrupt = Interrupt::new();
        let _abandoned = Abandoned(interrupt.clone());
        let call = self
            .server
            .run(move |registry| Ok(tool.call(registry, arguments, &interrupt, shared)));
        tokio::select! {
            result = call => Ok(result.map_err(internal)?.into()),
            () = context.ct.cancelled() => {
                Err(ErrorData::internal_error("the call was cancelled", None))
            }
        }
    }
}

fn internal(error: ApiError) -> ErrorData {
    ErrorData::internal_error(error.into_message(), None)
}
