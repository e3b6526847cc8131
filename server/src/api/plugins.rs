//! Plugins: their state, their health and their configuration.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use plugin_sdk_harness::Module;
use plugin_sdk_harness::registry::{PluginState, PluginStatus};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Answer, Path};
use crate::Server;
use crate::answer::{ApiError, Data};

/// A plugin as NeoTalk's API shows it.
#[derive(Serialize)]
struct Shown {
    id: String,
    name: String,
    plugin_type: String,
    category: String,
    state: PluginState,
    enabled: bool,
    version: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    required_version: String,
    stats: Stats,
    loaded_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    running: bool,
    /// The host whose rules it runs by.
    host: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reload_error: Option<String>,
}

#[derive(Serialize)]
struct Stats {
    start_count: u64,
    stop_count: u64,
    error_count: u64,
    total_execution_ms: u64,
    avg_response_time_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_start_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_stop_time: Option<u64>,
    call_count: u64,
    p99_response_time_ms: f64,
    memory_bytes: usize,
    restart_count: u64,
    swap_count: u64,
}

impl From<PluginStatus> for Shown {
    fn from(status: PluginStatus) -> Self {
        let figures = status.figures;
        let plugin_type = status.plugin_type.unwrap_or_else(|| "tool".to_owned());
        Shown {
            category: plugin_type.clone(),
            plugin_type,
            state: status.state,
            enabled: status.state != PluginState::Stopped,
            running: status.state == PluginState::Running,
            author: match status.authors.as_slice() {
                [] => None,
                authors => Some(authors.join(", ")),
            },
            required_version: String::new(),
            stats: Stats {
                start_count: figures.starts,
                stop_count: figures.stops,
                error_count: figures.errors,
                total_execution_ms: u64::try_from(figures.total.as_millis()).unwrap_or(u64::MAX),
                avg_response_time_ms: milliseconds(figures.mean),
                last_start_time: figures.last_start.map(seconds),
                last_stop_time: figures.last_stop.map(seconds),
                call_count: figures.calls,
                p99_response_time_ms: milliseconds(figures.p99),
                memory_bytes: figures.memory_bytes,
                restart_count: figures.restarts,
                swap_count: figures.swaps,
            },
            loaded_at: seconds(status.loaded_at),
            path: status.file.map(|file| file.display().to_string()),
            host: status.host,
            error: status.error.map(|error| error.to_string()),
            reload_error: status.reload_error.map(|error| error.to_string()),
            id: status.id,
            name: status.name,
            version: status.version,
            description: status.description,
        }
    }
}

/// Returns a time in seconds since 1970.
fn seconds(time: SystemTime) -> u64 {
    // A clock before 1970 is wrong, and its times are shown as 1970.
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

pub(super) async fn list(
    State(server): State<Arc<Server>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let wants = |name: &str, value: &str| query.get(name).is_none_or(|wanted| wanted == value);
    let plugins: Vec<Shown> = server
        .registry
        .list()
        .into_iter()
        .map(Shown::from)
        .filter(|plugin| {
            wants("type", &plugin.plugin_type)
                && wants("state", &plugin.state.to_string())
                && wants("enabled", &plugin.enabled.to_string())
        })
        .collect();
    let count = plugins.len();
    Ok(Data(json!({"plugins": plugins, "count": count})).into_response())
}

pub(super) async fn one(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer {
    let plugin = Shown::from(server.registry.status(&id)?);
    Ok(Data(json!({"plugin": plugin})).into_response())
}

pub(super) async fn health(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer {
    let health = server.registry.health(&id)?;
    if health.is_healthy() {
        let data = json!({"status": "healthy", "plugin_id": id, "state": health.state});
        return Ok(Data(data).into_response());
    }
    let why = match health.failure {
        Some(failure) => format!(
            "the plugin `{id}` is {}: {}",
            health.state,
            failure.message()
        ),
        None => format!("the plugin `{id}` is {}", health.state),
    };
    Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, why))
}

/// Answers with the plugin's description of itself; `null` if it has none.
pub(super) async fn manifest(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer {
    let module = server.registry.module(&id)?;
    Ok(Data(module.manifest()).into_response())
}

/// The bytes of a module, which all answers share.
struct ModuleBytes(Module);

impl AsRef<[u8]> for ModuleBytes {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// Answers with the module's bytes.
pub(super) async fn module(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer {
    let module = server.registry.module(&id)?;
    let media = [(header::CONTENT_TYPE, "application/wasm")];
    Ok((media, Bytes::from_owner(ModuleBytes(module))).into_response())
}

pub(super) async fn config(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer {
    let config = server.registry.config(&id)?;
    Ok(Data(json!({"plugin_id": id, "config": config})).into_response())
}

pub(super) async fn set_config(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    body: Body,
) -> Answer {
    let body = server.read(body).await?;
    let config: Value = serde_json::from_slice(&body)
        .map_err(|error| ApiError::bad_request(format!("the body is not valid JSON: {error}")))?;
    let config = bare_config(config);
    server
        .run(move |registry| registry.set_config(&id, &config))
        .await?;
    Ok(Data(json!({"message": "the configuration has been replaced"})).into_response())
}

/// Returns the configuration in `{"config": …, "reload": …}`, or a bare configuration as it is.
/// Clients send both. A new configuration always takes effect at once.
fn bare_config(body: Value) -> Value {
    match body {
        Value::Object(mut members)
            if members.contains_key("config")
                && members
                    .keys()
                    .all(|name| name == "config" || name == "reload") =>
        {
            members.remove("config").unwrap_or(Value::Null)
        }
        body => body,
    }
}

pub(super) async fn start(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer {
    server.run(move |registry| registry.start(&id)).await?;
    Ok(Data(json!({"message": "the plugin has been started"})).into_response())
}

pub(super) async fn stop(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer {
    server.run(move |registry| registry.stop(&id)).await?;
    Ok(Data(json!({"message": "the plugin has been stopped"})).into_response())
}

pub(super) async fn reload(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer {
    server.run(move |registry| registry.reload(&id)).await?;
    Ok(Data(json!({"message": "the plugin has been reloaded"})).into_response())
}
