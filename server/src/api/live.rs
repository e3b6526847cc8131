//! Server-sent events: what happens to the plugins, as it happens.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_core::Stream;
use plugin_sdk_harness::registry::Notice;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Answer, Path};
use crate::Server;

/// The events that wait for a slow client.
const MAX_WAITING: usize = 256;

/// The interval at which the thread behind a stream checks that its client is still there.
const LOOK: Duration = Duration::from_millis(500);

pub(super) async fn of_all(State(server): State<Arc<Server>>) -> Answer {
    stream(&server, None)
}

pub(super) async fn of_plugin(State(server): State<Arc<Server>>, Path(id): Path<String>) -> Answer {
    server.registry.status(&id)?;
    stream(&server, Some(id))
}

/// The events for one client.
struct Events(mpsc::Receiver<Event>);

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}

/// Returns a stream of notices: those of one plugin, with the events of all, or all of them.
fn stream(server: &Server, id: Option<String>) -> Answer {
    let permit = server.stream_permit()?;
    let notices = server.registry.watch();
    let (sender, receiver) = mpsc::channel(MAX_WAITING);
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        while !sender.is_closed() {
            let notice = match notices.recv_timeout(LOOK) {
                Ok(notice) => notice,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let (of, kind, data) = described(notice);
            let wanted = match (&id, &of) {
                (Some(wanted), Some(of)) => wanted == of,
                (None, _) | (_, None) => true,
            };
            if !wanted {
                continue;
            }
            let event = Event::default().event(kind).data(data.to_string());
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    let events = Sse::new(Events(receiver)).keep_alive(KeepAlive::default());
    Ok(events.into_response())
}

/// Returns the plugin of a notice, its kind and its data.
fn described(notice: Notice) -> (Option<String>, &'static str, Value) {
    let (kind, data) = match notice {
        Notice::Loaded { id } => ("loaded", json!({"plugin_id": id})),
        Notice::Reloaded { id } => ("reloaded", json!({"plugin_id": id})),
        Notice::Unloaded { id } => ("unloaded", json!({"plugin_id": id})),
        Notice::State { id, state } => ("state", json!({"plugin_id": id, "state": state})),
        Notice::Failed { id, message } => ("failed", json!({"plugin_id": id, "message": message})),
        Notice::Logged { id, line } => ("log", json!({"plugin_id": id, "line": line})),
        Notice::Emitted { topic, data } => ("event", json!({"topic": topic, "data": data})),
        other => ("other", json!(format!("{other:?}"))),
    };
    let of = data.get("plugin_id").and_then(Value::as_str);
    (of.map(str::to_owned), kind, data)
}
