//! The routes.

mod called;
mod commands;
mod live;
mod plugins;

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, extract};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use plugin_sdk::serving::message;
use serde::de::DeserializeOwned;

use crate::answer::ApiError;
use crate::calls::PATIENCE;
use crate::{Server, metrics, openapi, page};

/// The largest body that is read at once with any number of others, in bytes.
const SMALL_BODY: u64 = 64 << 10;

pub(crate) type Answer = Result<Response, ApiError>;

pub(crate) fn routes() -> Router<Arc<Server>> {
    Router::new()
        .route("/", get(page::route))
        .route("/api/plugins", get(plugins::list))
        .route("/api/plugins/{id}", get(plugins::one))
        .route("/api/plugins/{id}/health", get(plugins::health))
        .route(
            "/api/plugins/{id}/config",
            get(plugins::config).put(plugins::set_config),
        )
        .route("/api/plugins/{id}/command", post(commands::named_in_body))
        .route(
            "/api/plugins/{id}/commands/{command}",
            post(commands::named_in_path),
        )
        .route("/api/plugins/{id}/manifest", get(plugins::manifest))
        .route("/api/plugins/{id}/module", get(plugins::module))
        .route("/api/plugins/{id}/start", post(plugins::start))
        .route("/api/plugins/{id}/stop", post(plugins::stop))
        .route("/api/plugins/{id}/reload", post(plugins::reload))
        .route("/api/plugins/{id}/events", get(live::of_plugin))
        .route("/api/events", get(live::of_all))
        .route("/metrics", get(metrics::text))
        .route("/openapi.json", get(openapi::document))
        .fallback(async || ApiError::new(StatusCode::NOT_FOUND, message::NO_ROUTE))
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, message::WRONG_METHOD)
        })
}

/// The parts of a route's path, as axum's extractor has them. Its errors have the envelope of all
/// others.
struct Path<T>(T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match extract::Path::from_request_parts(parts, state).await {
            Ok(extract::Path(path)) => Ok(Path(path)),
            Err(_) => Err(ApiError::bad_request(message::PATH_NOT_TEXT)),
        }
    }
}

impl Server {
    /// Reads the body of a request. All connections together could fill the memory with large ones,
    /// so only some of those are read at once.
    pub(crate) async fn read(&self, body: Body) -> Result<Vec<u8>, ApiError> {
        let limit = self.options.max_body_bytes;
        let small = body
            .size_hint()
            .upper()
            .is_some_and(|bytes| bytes <= SMALL_BODY);
        let _permit = match small {
            true => None,
            false => match tokio::time::timeout(PATIENCE, self.large_bodies.acquire()).await {
                Ok(permit) => permit.ok(),
                Err(_) => {
                    let message = "the server is busy with other large requests";
                    return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message));
                }
            },
        };
        let body = Limited::new(body, limit).collect();
        match tokio::time::timeout(self.options.request_timeout, body).await {
            Ok(Ok(body)) => Ok(body.to_bytes().into()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                let message = message::too_large(limit);
                Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message))
            }
            Ok(Err(_)) => Err(ApiError::bad_request(message::BODY_ENDED)),
            Err(_) => {
                let message = "the body has not arrived in time";
                Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, message))
            }
        }
    }
}
