//! Options of a server.

use std::time::Duration;

use plugin_sdk::serving;

/// The options of a server.
///
/// ```
/// use plugin_sdk_server::ServerOptions;
///
/// let options = ServerOptions::new().bearer_token("a long secret").allow_host("plugins.example");
/// ```
#[derive(Clone)]
pub struct ServerOptions {
    pub(crate) token: Option<String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) max_body_bytes: usize,
    pub(crate) max_calls: usize,
    pub(crate) call_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) send_timeout: Duration,
    pub(crate) max_connections: usize,
    #[cfg(feature = "mcp")]
    pub(crate) shared_tools: bool,
}

impl ServerOptions {
    /// Creates the default options.
    pub fn new() -> Self {
        ServerOptions {
            token: None,
            hosts: Vec::new(),
            max_body_bytes: serving::MAX_BODY,
            max_calls: 64,
            call_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(10),
            send_timeout: Duration::from_secs(30),
            max_connections: 4096,
            #[cfg(feature = "mcp")]
            shared_tools: false,
        }
    }

    /// Requires the header `Authorization: Bearer <token>` of every request, except for the page at
    /// `/`, which has no data in it and asks for the token.
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Answers requests for this host in addition to `localhost` and loopback addresses: the value
    /// of the header `Host` without its port.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Sets the largest body of a request, in bytes; 16 MiB unless set. A larger one is refused
    /// with status 413.
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Sets how many calls run or wait for their plugin at once; 64 unless set. A call that finds
    /// no room within a second is refused with status 503.
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.max_calls = calls.max(1);
        self
    }

    /// Sets how long a request waits for its call; 30 s unless set. After that its status is 504,
    /// and the call is ended. That of a plugin which saves its state ends by
    /// [its own time limit](plugin_sdk_harness::PluginBuilder::timeout).
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// Sets how long a client may take to send the head of a request, and again its body; 10 s
    /// unless set.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Sets how long a client may read nothing of an answer that waits for it; 30 s unless set.
    /// Then its connection is closed. Only [`serve`](crate::serve) limits this, because the
    /// connections of a [`router`](crate::router) belong to its program.
    pub fn send_timeout(mut self, timeout: Duration) -> Self {
        self.send_timeout = timeout;
        self
    }

    /// Sets how many connections are open at once; 4096 unless set. Others wait.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// Lets calls of tools share the plugins' instances, so that a plugin's state lasts from one
    /// call to the next. Unless set, each call of a tool has an instance of its own, as the
    /// protocol asks for.
    #[cfg(feature = "mcp")]
    pub fn shared_tools(mut self) -> Self {
        self.shared_tools = true;
        self
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerOptions")
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("hosts", &self.hosts)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("max_calls", &self.max_calls)
            .field("call_timeout", &self.call_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("send_timeout", &self.send_timeout)
            .field("max_connections", &self.max_connections)
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn table_of_limits_has_the_defaults_of_the_code() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/limits.md");
        let table = std::fs::read_to_string(file).unwrap();
        let options = ServerOptions::new();
        for (setting, default) in [
            (
                "max_body_bytes",
                format!("{} MiB", options.max_body_bytes >> 20),
            ),
            ("max_calls", options.max_calls.to_string()),
            ("call_timeout", format!("{:?}", options.call_timeout)),
            ("request_timeout", format!("{:?}", options.request_timeout)),
            ("send_timeout", format!("{:?}", options.send_timeout)),
            ("max_connections", options.max_connections.to_string()),
        ] {
            let setting = format!("`ServerOptions::{setting}`");
            let default = default.replace('s', " s");
            let is_row = |row: &str| {
                let mut cells = row.split('|').map(str::trim);
                let is_default = |limit: &str| {
                    let rest = limit.strip_prefix(&default);
                    rest.is_some_and(|rest| {
                        !rest.starts_with(|next: char| next.is_alphanumeric() || next == ',')
                    })
                };
                cells.nth(2).is_some_and(is_default) && cells.next() == Some(&setting)
            };
            assert!(
                table.lines().any(is_row),
                "docs/limits.md has no row for {setting} with the default {default}"
            );
        }
    }
}
