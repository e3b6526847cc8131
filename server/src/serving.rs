//! The server's loop: connections, their limits, and an end in order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use plugin_sdk_harness::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::options::ServerOptions;
use crate::router;
use crate::sending::Sending;

/// The pause after a connection could not be accepted, for example because the process has too many
/// open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves the plugins of a registry until `stop` ends. Then it accepts no more requests, waits for
/// those in progress, and calls the stop and cleanup hooks of all plugins.
pub async fn serve(
    listener: TcpListener,
    registry: Registry,
    options: ServerOptions,
    stop: impl Future<Output = ()>,
) {
    let service = TowerToHyperService::new(router(registry.clone(), options.clone()));
    let connections = Arc::new(Semaphore::new(options.max_connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(options.request_timeout);
    let open = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let permit = tokio::select! {
            () = &mut stop => break,
            permit = Arc::clone(&connections).acquire_owned() => permit,
        };
        let stream = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    log::warn!("a connection cannot be accepted: {error}");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        let stream = TokioIo::new(Sending::new(stream, options.send_timeout));
        let connection = http.serve_connection(stream, service.clone());
        let connection = open.watch(connection);
        tokio::spawn(async move {
            // The client's fault: it broke off, or was too slow.
            if let Err(error) = connection.await {
                log::debug!("a connection has ended: {error}");
            }
            drop(permit);
        });
    }
    drop(listener);
    // A client that keeps its connection open for events does not keep the server from ending.
    let _ = tokio::time::timeout(options.call_timeout, open.shutdown()).await;
    let ended = tokio::task::spawn_blocking(move || registry.shut_down()).await;
    for (id, error) in ended.unwrap_or_default() {
        log::warn!("the plugin `{id}`: {error}");
    }
}
