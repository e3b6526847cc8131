//! Calls of commands.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use plugin_sdk::serving::{self, message};
use plugin_sdk_harness::manifest::Codec;
use plugin_sdk_harness::registry::{Registry, RegistryError};
use plugin_sdk_harness::{Failure, Plugin};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::called::Called;
use super::{Answer, Path};
use crate::Server;
use crate::answer::{ApiError, Data, json_text};
use crate::calls::call_bytes;

/// The body of a call that names its command.
#[derive(Deserialize)]
struct Call {
    command: String,
    args: Option<Box<RawValue>>,
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
    let Call { command, args } = serde_json::from_slice(&body).map_err(|error| {
        ApiError::bad_request(format!("the body is not a call: {error}")).hint(message::CALL_HINT)
    })?;
    if raw(&server.registry, &id, &command)?.is_some() {
        let hint = message::bytes_hint(&id, &command);
        return Err(ApiError::bad_request(message::takes_bytes(&command)).hint(hint));
    }
    let called = Called::of(&server, id, json_call(command, args)).await;
    Ok(called.answer(|result| Data(Answered { result }).into_response()))
}

pub(super) async fn named_in_path(
    State(server): State<Arc<Server>>,
    Path((id, command)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let body = server.read(body).await?;
    Ok(match raw(&server.registry, &id, &command)? {
        Some(Raw { media, in_place }) => {
            let call = move |plugin: &mut Plugin| call_bytes(plugin, &command, body, in_place);
            let called = Called::of(&server, id, call).await;
            called.answer(|bytes| ([(header::CONTENT_TYPE, media)], bytes).into_response())
        }
        None => {
            let call = json_call(command, arguments(&body)?);
            let called = Called::of(&server, id, call).await;
            called.answer(|text| json_text(String::from(Box::<str>::from(text))))
        }
    })
}

/// Returns the call of a command with these arguments, or with none.
fn json_call(
    command: String,
    args: Option<Box<RawValue>>,
) -> impl FnOnce(&mut Plugin) -> Result<Box<RawValue>, Failure> {
    move |plugin| match args {
        Some(args) => plugin.call(&*command, args),
        None => plugin.call(&*command, ()),
    }
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
        false => Err(ApiError::bad_request(message::NO_OBJECT)),
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
            media: serving::media(command.returns_text()),
            in_place: command.answers_in_place(),
        }))
}
