//! Checks of a request before its handler: host, origin, token.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use crate::Server;
use crate::answer::ApiError;

/// Adds the checks to all routes.
pub(crate) fn guarded(routes: Router<Arc<Server>>, server: &Arc<Server>) -> Router<Arc<Server>> {
    routes.layer(from_fn_with_state(Arc::clone(server), check))
}

async fn check(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    match refusal(&server, &request) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

fn refusal(server: &Server, request: &Request) -> Option<ApiError> {
    let headers = request.headers();
    let Some(host) = host(request) else {
        return Some(ApiError::bad_request(
            "the request has no `Host` header, or several",
        ));
    };
    let own = |name: &str| {
        let mut hosts = server.options.hosts.iter();
        is_loopback(name) || hosts.any(|allowed| allowed.eq_ignore_ascii_case(name))
    };
    // A request to a proxy names its host in its first line.
    let named = request.uri().authority().map(|authority| authority.host());
    if !own(without_port(host)) || named.is_some_and(|name| !own(name)) {
        let message = "this server does not answer for the host of this request";
        let hint = "name the host when you start the server, or use `localhost`";
        return Some(ApiError::new(StatusCode::MISDIRECTED_REQUEST, message).hint(hint));
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        // A page of another origin must not use the server of the person who looks at it.
        let same = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.split_once("://"));
        if same.is_none_or(|(_, authority)| !authority.eq_ignore_ascii_case(host)) {
            let message = "pages of other origins cannot use this server";
            return Some(ApiError::new(StatusCode::FORBIDDEN, message));
        }
    }
    if request.uri().path() == "/" {
        // The page has nothing of the plugins in it. It asks for the token, which a browser cannot
        // send with the request for a page.
        return None;
    }
    let token = server.options.token.as_deref()?;
    match bearer(headers) {
        Some(given) if bool::from(given.as_bytes().ct_eq(token.as_bytes())) => None,
        _ => Some(
            ApiError::new(StatusCode::UNAUTHORIZED, "the server requires its token")
                .hint("send the header `Authorization: Bearer <token>`"),
        ),
    }
}

/// Returns the host that a request is for, with its port.
fn host(request: &Request) -> Option<&str> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, _) => request
            .uri()
            .authority()
            .map(|authority| authority.as_str()),
        // Programs before this one may have looked at the other.
        (Some(_), Some(_)) => None,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The colons of an IPv6 address are within brackets.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_loopback(name: &str) -> bool {
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let address = bare.unwrap_or(name).parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
