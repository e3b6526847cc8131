//! Answers: data in an envelope, and errors with their status.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plugin_sdk::serving;
use plugin_sdk_harness::registry::RegistryError;
use plugin_sdk_harness::{Failure, FailureKind};
use serde::Serialize;
use serde_json::{Value, json};

/// The reason why a request has no answer.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    /// The code of the plugin error or of the failure.
    reason: Option<String>,
    /// In a box, because every answer has room for an error.
    details: Option<Box<Value>>,
    hint: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        ApiError {
            status,
            message: message.into(),
            reason: None,
            details: None,
            hint: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    #[cfg(feature = "mcp")]
    pub(crate) fn into_message(self) -> String {
        self.message
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        let status = match &error {
            RegistryError::UnknownPlugin { .. } => StatusCode::NOT_FOUND,
            RegistryError::NotRunning { .. } => StatusCode::SERVICE_UNAVAILABLE,
            RegistryError::Service(_) | RegistryError::InvalidId { .. } => StatusCode::BAD_REQUEST,
            RegistryError::Plugin(failure) => status_of(failure),
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let Explained {
            message,
            details,
            hint,
        } = Explained::of(&error);
        ApiError {
            status,
            message,
            reason: Some(error.code().to_owned()),
            details: details.map(Box::new),
            hint,
        }
    }
}

/// The parts of an error that a client sees in addition to its code.
pub(crate) struct Explained {
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
    pub(crate) hint: Option<String>,
}

impl Explained {
    pub(crate) fn of(error: &RegistryError) -> Self {
        let failure = match error {
            RegistryError::Plugin(failure) => Some(failure),
            _ => None,
        };
        let own = failure.and_then(Failure::plugin_error);
        Explained {
            message: match own {
                // The error's own message, which is about the arguments or the plugin's work.
                Some(own) => own.message().to_owned(),
                None => error.to_string(),
            },
            details: own.and_then(plugin_sdk::Error::details),
            hint: failure.and_then(Failure::hint),
        }
    }
}

fn status_of(failure: &Failure) -> StatusCode {
    match failure.kind() {
        FailureKind::SchemaMismatch { .. } | FailureKind::BadArguments { .. } => {
            StatusCode::BAD_REQUEST
        }
        FailureKind::Plugin(error) => StatusCode::from_u16(serving::status(error.code()))
            .unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
        FailureKind::UnknownCommand { .. } => StatusCode::NOT_FOUND,
        FailureKind::ArgumentsTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        FailureKind::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
        FailureKind::Poisoned { .. } => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let id = request_id();
        if self.status.is_server_error() {
            log::warn!("request {id}: {}", self.message);
        }
        let mut error = json!({
            "code": serving::word(self.status.as_u16()),
            "message": self.message,
            "request_id": id,
        });
        if let Value::Object(members) = &mut error {
            members.extend(
                self.reason
                    .map(|reason| ("reason".to_owned(), reason.into())),
            );
            members.extend(self.details.map(|details| ("details".to_owned(), *details)));
            members.extend(self.hint.map(|hint| ("hint".to_owned(), hint.into())));
        }
        let body = json!({"success": false, "error": error});
        let mut response = (self.status, json_body(&body)).into_response();
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("x-request-id", id);
        }
        response
    }
}

/// Returns the next request's id: unique in this process.
fn request_id() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("{:08x}", LAST.fetch_add(1, Ordering::Relaxed) + 1)
}

/// Data in an envelope.
pub(crate) struct Data<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Data<T> {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Envelope<T> {
            success: bool,
            data: T,
        }
        json_body(&Envelope {
            success: true,
            data: self.0,
        })
    }
}

/// Returns a response of status 200 with a JSON body.
pub(crate) fn json_body(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(text) => json_text(text),
        // No value here has a map whose keys are not strings.
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Returns a response of status 200 with JSON text.
pub(crate) fn json_text(text: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, serving::JSON)], text.into()).into_response()
}
