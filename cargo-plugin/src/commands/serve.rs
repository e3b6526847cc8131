//! `cargo plugin serve`

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plugin_sdk::abi::INIT_EXPORT;
use plugin_sdk_harness::manifest::Manifest;
use plugin_sdk_harness::registry::{PluginOptions, Registry, RegistryError};
use plugin_sdk_harness::{Failure, Source};
use plugin_sdk_server::{ServerOptions, check_tool_names, serve, serve_stdio};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::error::{Error, Result};
use crate::flags::document;
use crate::host_options::{Offer, Prepared};
use crate::terminal::{Terminal, Verdict};
use crate::text;

/// The interval at which `--watch` looks at the files.
const LOOK: Duration = Duration::from_millis(300);

/// Serves plugins over HTTP, and as tools of language models
///
/// Each command is a route, described at /openapi.json, and a tool of the Model Context Protocol at
/// /mcp. Nothing is granted unless an option grants it, and only this computer can reach the server
/// unless `--host-address` says otherwise.
#[derive(clap::Args)]
pub struct Serve {
    /// Plugins' files, and folders of plugins [default: the current folder]
    #[arg(value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Another folder of plugins
    #[arg(long, value_name = "DIR")]
    dir: Vec<PathBuf>,
    #[command(flatten)]
    listen: Listen,
    /// A plugin's configuration: `ID=JSON` or `ID=@FILE`
    #[arg(long, value_name = "ID=JSON", value_parser = configuration)]
    config: Vec<(String, Value)>,
    /// Keeps configurations that clients set in this folder
    #[arg(long, value_name = "DIR")]
    config_dir: Option<PathBuf>,
    /// Reloads a plugin when its file changes, and loads new files of folders
    #[arg(long)]
    watch: bool,
    /// Serves tools on standard input and output, in place of HTTP
    #[arg(long)]
    mcp: bool,
    /// Lets calls of tools share a plugin's state; without it, each has an instance of its own
    #[arg(long)]
    shared: bool,
    #[command(flatten)]
    offer: Offer,
}

/// The address of a server, and the clients that it answers.
#[derive(clap::Args)]
pub struct Listen {
    /// The port of the server; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    port: u16,
    /// The address of this computer to which clients connect
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host_address: IpAddr,
    /// The name of this server for its clients, if it is neither `localhost` nor a loopback address
    #[arg(long, value_name = "HOST")]
    server_name: Vec<String>,
    /// Requires the token in this file of every request, as `Authorization: Bearer TOKEN`
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

fn configuration(text: &str) -> Result<(String, Value), String> {
    let (id, config) = text
        .split_once('=')
        .ok_or_else(|| "a configuration is `ID=JSON` or `ID=@FILE`".to_owned())?;
    Ok((id.to_owned(), document(config)?))
}

impl Serve {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        self.offer.show_log();
        let registry = match &self.config_dir {
            Some(dir) => Registry::with_config_dir(dir),
            None => Registry::new(),
        };
        self.load(&registry, terminal)?;
        let mut options = self.listen.options()?;
        if self.shared {
            options = options.shared_tools();
        }
        check_tool_names(&registry)
            .map_err(|taken| Error::new("the plugins cannot be served").because(taken))?;
        if self.watch {
            watch(registry.clone());
        }
        let runtime = runtime()?;
        match self.mcp {
            true => {
                let args = std::env::args().skip(1).collect::<Vec<_>>();
                let client = json!({"command": "cargo-plugin", "args": args});
                announce_tools(terminal, &client);
                runtime
                    .block_on(serve_stdio(registry, &options))
                    .map_err(|error| Error::new("the tools cannot be served").because(error))?;
                // A thread that waits for standard input would keep the runtime from ending.
                runtime.shutdown_background();
            }
            false => runtime.block_on(self.listen.serve(registry, options, terminal))?,
        }
        Ok(Verdict::Yes)
    }

    /// Loads all plugins. One that cannot be loaded is reported, and the others run.
    fn load(&self, registry: &Registry, terminal: &Terminal) -> Result<()> {
        let prepared = Arc::new(self.offer.prepare()?);
        // The plugins get their configurations at once: some cannot begin without one.
        let options = || {
            let options = plugin_options(&prepared).module_limits(self.offer.module_limits());
            let configs = self.config.iter();
            configs.fold(options, |options, (id, config)| {
                options.config_for(id, config.clone())
            })
        };
        let here = [PathBuf::from(".")];
        let given = [self.paths.as_slice(), self.dir.as_slice()].concat();
        let paths = if given.is_empty() { &here[..] } else { &given };
        for path in paths {
            let loaded = match path.is_dir() {
                true => registry.add_folder(path, options()).map(drop),
                false => {
                    let source = Source::file(path).limits(self.offer.module_limits());
                    registry.load(source, options()).map(drop)
                }
            };
            loaded.map_err(|error| self.not_loaded(path, &error))?;
        }
        let plugins = registry.list();
        for plugin in &plugins {
            if let Some(error) = &plugin.error {
                let file = plugin.file.as_deref().map_or_else(String::new, text::path);
                terminal.warning(&format!("`{file}` is left out: {error}"));
            }
        }
        self.offer.check_grants(&manifests(registry))?;
        let configs: BTreeMap<&String, &Value> = self
            .config
            .iter()
            .map(|(id, config)| (id, config))
            .collect();
        for (id, config) in configs {
            let left_out = plugins
                .iter()
                .find(|plugin| plugin.id == *id)
                .and_then(|plugin| plugin.error.as_ref());
            if let Some(error) = left_out {
                return Err(not_configured(id, error));
            }
            // A client may have set another one earlier, which was saved: the option counts now.
            let current = registry.config(id);
            if current.map_err(|error| not_configured(id, &error))? != *config {
                let set = registry.set_config(id, config);
                set.map_err(|error| not_configured(id, &error))?;
            }
        }
        Ok(())
    }

    /// Returns the error of a file that cannot be loaded: it is the configuration's if the plugin
    /// has one and refuses to begin.
    fn not_loaded(&self, path: &Path, error: &RegistryError) -> Error {
        let refused = error.failure().and_then(Failure::export) == Some(INIT_EXPORT);
        let stem = path.file_stem().and_then(OsStr::to_str);
        let configured = self.config.iter().find(|(id, _)| Some(&**id) == stem);
        match configured {
            Some((id, _)) if refused => not_configured(id, error),
            _ => Error::new(format!("cannot load `{}`", text::path(path))).because(error),
        }
    }
}

fn not_configured(id: &str, error: &RegistryError) -> Error {
    Error::new(format!("cannot configure `{}`", text::line(id, 60))).because(error)
}

/// Returns the manifests of all plugins that describe themselves.
pub fn manifests(registry: &Registry) -> Vec<Manifest> {
    let plugins = registry.list().into_iter();
    plugins
        .filter_map(|plugin| registry.module(&plugin.id).ok()?.manifest().cloned())
        .collect()
}

impl Listen {
    /// Returns the options of the server.
    pub fn options(&self) -> Result<ServerOptions> {
        let mut options = ServerOptions::new();
        for name in &self.server_name {
            options = options.allow_host(name);
        }
        Ok(match &self.token_file {
            Some(file) => options.bearer_token(token(file)?),
            None => options,
        })
    }

    /// Returns an address for clients, which the server answers for.
    fn url(&self, address: SocketAddr) -> String {
        match self.server_name.first() {
            Some(name) => format!("http://{name}:{}", address.port()),
            // It means all addresses of this computer, and is not one of them.
            None if address.ip().is_unspecified() => format!("http://localhost:{}", address.port()),
            None => format!("http://{address}"),
        }
    }

    /// Serves until the process is asked to end.
    pub async fn serve(
        &self,
        registry: Registry,
        options: ServerOptions,
        terminal: &Terminal,
    ) -> Result<()> {
        let address = SocketAddr::new(self.host_address, self.port);
        let failed = |error: std::io::Error| {
            Error::new(format!("cannot listen at {address}"))
                .because(error)
                .help("`--port PORT` takes another port, and `--port 0` a free one")
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        // The first line below may already be answered by a signal.
        let ending = ending().map_err(failed)?;
        let ids: Vec<String> = registry
            .list()
            .into_iter()
            .map(|plugin| plugin.id)
            .collect();
        if !self.host_address.is_loopback() && self.token_file.is_none() {
            terminal.warning(
                "every computer that reaches this one can call the plugins; `--token-file FILE` requires a token",
            );
        }
        let url = self.url(address);
        let plugins = match ids.is_empty() {
            true => "no plugins".to_owned(),
            false => ids.join(", "),
        };
        terminal.status("Serving", &format!("{plugins} at {url}"));
        announce_tools(terminal, &json!({"url": format!("{url}/mcp")}));
        serve(listener, registry, options, ending).await;
        Ok(())
    }
}

/// Returns the options of a plugin that gets what the host offers.
pub fn plugin_options(prepared: &Arc<Prepared>) -> PluginOptions {
    let prepared = Arc::clone(prepared);
    PluginOptions::new().setup(move |id, builder| prepared.give(builder, || id.to_owned()))
}

/// Returns a runtime for a server.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.map_err(|error| Error::new("the server cannot start").because(error))
}

/// Shows what adds the tools to a client.
fn announce_tools(terminal: &Terminal, server: &Value) {
    let entry = json!({"mcpServers": {"plugins": server}});
    terminal.status("Tools", &format!("in a client's configuration: {entry}"));
}

fn token(file: &Path) -> Result<String> {
    let failed = || Error::new(format!("cannot use the token in `{}`", text::path(file)));
    let token = std::fs::read_to_string(file).map_err(|error| failed().because(error))?;
    match token.trim() {
        "" => Err(failed().because("the file is empty")),
        token => Ok(token.to_owned()),
    }
}

/// Looks at the files again and again, in a thread that ends with the process.
fn watch(registry: Registry) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(LOOK);
            for (id, outcome) in registry.refresh() {
                match outcome {
                    Ok(()) => log::info!(target: "plugin:serve", "{id} has been loaded"),
                    Err(error) => log::warn!(target: "plugin:serve", "{id}: {error}"),
                }
            }
        }
    });
}

/// Listens for requests to end the process from now on, and returns a future that ends with the
/// first.
#[cfg(unix)]
fn ending() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    })
}

/// Listens for requests to end the process from now on, and returns a future that ends with the
/// first.
#[cfg(windows)]
fn ending() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupted = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupted.recv().await;
    })
}
