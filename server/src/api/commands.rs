//! Calls of commands.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use plugin_sdk_harness::manifest::Codec;
use plugin_sdk_harness::registry::{Registry, RegistryError};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Answer;
use crate::Server;
use crate::answer::{ApiError, Data, json_text};

/// The body of a call that names its command.
#[derive(Deserialize)]
struct Call {
    command: String,
    args: Option<Box<RawValue>>,
}

/// A result: JSON text, or the bytes of a raw command.
enum Outcome {
    Json(Box<RawValue>),
    Bytes(Vec<u8>, &'static str),
}

pub(super) async fn named_in_body(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
    body: Body,
) -> Answer {
    #[derive(serde::Serialize)]
    struct Answered {
        result: Box<RawValue>,
    }
    let body = server.read(body).await?;
    let call: Call = serde_json::from_slice(&body).map_err(|error| {
        ApiError::bad_request(format!("the body is not a call: {error}"))
            .hint(r#"send `{"command": "…", "args": {…}}`"#)
    })?;
    let command = call.command.clone();
    if raw(&server.registry, &id, &command)?.is_some() {
        let message = format!("the command `{command}` takes and returns bytes, not JSON");
        let hint = format!("send the bytes to `/api/plugins/{id}/commands/{command}`");
        return Err(ApiError::bad_request(message).hint(hint));
    }
    let result = server
        .run(move |registry| match call.args {
            Some(args) => registry.call::<Box<RawValue>>(&id, &*call.command, args),
            None => registry.call(&id, &*call.command, ()),
        })
        .await?;
    Ok(Data(Answered { result }).into_response())
}

pub(super) async fn named_in_path(
    State(server): State<Arc<Server>>,
    Path((id, command)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let mut body = server.read(body).await?;
    let outcome = match raw(&server.registry, &id, &command)? {
        Some(Raw { media, in_place }) => {
            let call = move |registry: &Registry| match in_place {
                true => registry.with_instance(&id, |plugin| {
                    plugin.call_in_place(&*command, &mut body)?;
                    Ok(body)
                }),
                false => registry.call_raw(&id, &*command, &body),
            };
            Outcome::Bytes(server.run(call).await?, media)
        }
        None => {
            let args = arguments(&body)?;
            let call = move |registry: &Registry| match args {
                Some(args) => registry.call(&id, &*command, args),
                None => registry.call(&id, &*command, ()),
            };
            Outcome::Json(server.run(call).await?)
        }
    };
    Ok(match outcome {
        Outcome::Json(text) => json_text(String::from(Box::<str>::from(text))),
        Outcome::Bytes(bytes, media) => ([(header::CONTENT_TYPE, media)], bytes).into_response(),
    })
}

/// Returns the arguments in a body: an object, or nothing.
fn arguments(body: &[u8]) -> Result<Option<Box<RawValue>>, ApiError> {
    if body.is_empty() {
        return Ok(None);
    }
    let args: Box<RawValue> = serde_json::from_slice(body).map_err(|error| {
        ApiError::bad_request(format!("the arguments must be valid JSON: {error}"))
    })?;
    match args.get().starts_with('{') {
        true => Ok(Some(args)),
        false => Err(ApiError::bad_request(
            "the arguments are an object with a member for each, or nothing",
        )),
    }
}

/// A command that takes and returns bytes.
struct Raw {
    /// The media type of the result.
    media: &'static str,
    /// `true` if the answer is the changed input.
    in_place: bool,
}

/// Returns how to call the command, if it takes and returns bytes.
fn raw(registry: &Registry, id: &str, command: &str) -> Result<Option<Raw>, RegistryError> {
    let module = registry.module(id)?;
    let described = module
        .manifest()
        .and_then(|manifest| manifest.command(command));
    Ok(described
        .filter(|command| command.codec != Codec::Json)
        .map(|command| Raw {
            media: match (command.codec, command.output.as_deref()) {
                (Codec::Raw, Some("text")) => "text/plain; charset=utf-8",
                _ => "application/octet-stream",
            },
            in_place: command.answers_in_place(),
        }))
}
