//! Calls on behalf of a client: they end when it goes away, and report their fuel.

use std::sync::{Arc, OnceLock};

use axum::http::HeaderName;
use axum::response::{IntoResponse, Response};
use plugin_sdk_harness::{Failure, Interrupt, Plugin};

use crate::Server;
use crate::answer::ApiError;
use crate::calls::Abandoned;

/// The header with the fuel that a call used.
const FUEL: HeaderName = HeaderName::from_static("x-plugin-fuel");

/// The outcome of a call.
pub(super) struct Called<R> {
    result: Result<R, ApiError>,
    /// The fuel that it used, if the plugin's fuel is counted.
    fuel: Option<u64>,
}

impl<R: Send + 'static> Called<R> {
    /// Calls a plugin. If the client goes away, or the call takes too long, it is ended: see
    /// [`Plugin::interruptible_unless_stateful`].
    pub(super) async fn of(
        server: &Arc<Server>,
        id: String,
        call: impl FnOnce(&mut Plugin) -> Result<R, Failure> + Send + 'static,
    ) -> Self {
        let interrupt = Interrupt::new();
        // The server drops this future when its client has closed the connection.
        let _abandoned = Abandoned(interrupt.clone());
        let fuel = Arc::new(OnceLock::new());
        let used = Arc::clone(&fuel);
        let call = move |plugin: &mut Plugin| {
            let result = plugin.interruptible_unless_stateful(&interrupt, call);
            if let Some(fuel) = plugin.fuel_used() {
                used.get_or_init(|| fuel);
            }
            result
        };
        Called {
            result: server.call(id, call).await,
            fuel: fuel.get().copied(),
        }
    }

    /// Returns the response, which has the fuel in a header.
    pub(super) fn answer(self, response: impl FnOnce(R) -> Response) -> Response {
        let mut response = match self.result {
            Ok(result) => response(result),
            Err(error) => error.into_response(),
        };
        if let Some(fuel) = self.fuel {
            response.headers_mut().insert(FUEL, fuel.into());
        }
        response
    }
}
