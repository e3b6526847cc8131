//! Figures in the text format of Prometheus.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use plugin_sdk_harness::registry::{PluginState, PluginStatus};

use crate::Server;

/// A metric: its name, its type, its meaning, and its value for one plugin.
type Metric = (
    &'static str,
    &'static str,
    &'static str,
    fn(&PluginStatus) -> f64,
);

#[allow(clippy::cast_precision_loss, reason = "figures of this size are exact")]
const METRICS: [Metric; 9] = [
    (
        "plugin_up",
        "gauge",
        "1 if the plugin takes calls",
        |plugin| f64::from(u8::from(plugin.state == PluginState::Running)),
    ),
    ("plugin_calls_total", "counter", "Calls", |plugin| {
        plugin.figures.calls as f64
    }),
    (
        "plugin_errors_total",
        "counter",
        "Calls that failed",
        |plugin| plugin.figures.errors as f64,
    ),
    (
        "plugin_call_seconds_total",
        "counter",
        "Time of all calls",
        |plugin| plugin.figures.total.as_secs_f64(),
    ),
    (
        "plugin_call_seconds_mean",
        "gauge",
        "Mean time of a call",
        |plugin| plugin.figures.mean.as_secs_f64(),
    ),
    (
        "plugin_call_seconds_p99",
        "gauge",
        "Time that 99 of 100 calls did not exceed",
        |plugin| plugin.figures.p99.as_secs_f64(),
    ),
    (
        "plugin_memory_bytes",
        "gauge",
        "Linear memory of an instance",
        |plugin| plugin.figures.memory_bytes as f64,
    ),
    (
        "plugin_restarts_total",
        "counter",
        "Instances replaced after a trap",
        |plugin| plugin.figures.restarts as f64,
    ),
    (
        "plugin_swaps_total",
        "counter",
        "Modules and configurations that took over",
        |plugin| plugin.figures.swaps as f64,
    ),
];

pub(crate) async fn text(State(server): State<Arc<Server>>) -> Response {
    let plugins = server.registry.list();
    let mut text = String::new();
    for (name, kind, meaning, value) in METRICS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {meaning}\n# TYPE {name} {kind}");
        for plugin in &plugins {
            let _ = writeln!(
                text,
                "{name}{{plugin=\"{}\"}} {}",
                label(&plugin.id),
                value(plugin)
            );
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// Escapes a label's value. The name of a broken file may contain anything.
fn label(value: &str) -> String {
    value
        .replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('\n', r"\n")
}
