//! The options of the host that this tool provides or emulates: its grants, services and limits.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use log::LevelFilter;
use plugin_sdk_harness::hosts;
use plugin_sdk_harness::manifest::Manifest;
#[cfg(feature = "kv-redis")]
use plugin_sdk_harness::services::RedisKv;
use plugin_sdk_harness::services::{
    AllowList, DatabaseKv, DirectoryFiles, ForwardedLog, HttpClient, SystemClock, SystemRandom,
};
use plugin_sdk_harness::{
    Failure, FailureKind, Module, ModuleLimits, PluginBuilder, Source, Warning,
};
use serde_json::Value;

use crate::archive;
use crate::error::{Error, Result};
use crate::flags::document;
use crate::logging;
use crate::named_limits::{self, NamedLimit};
use crate::plugin_file::{self, PluginFile};
use crate::quantities::{MAX_PAGES, PAGE, parse_time};
use crate::target_host::{self, Host};
use crate::terminal::Terminal;
use crate::text;

/// The greatest time limit for a call that a plugin can ask for; the user can allow more.
const MAX_TIMEOUT: Duration = Duration::from_secs(10);

/// The number of hash characters that separate the keys of one module from those of others.
const HASH_LENGTH: usize = 16;

/// More fuel than any call uses, for callers that only want to measure consumption. The harness's
/// reports show no limit as high as this.
const PLENTY: u64 = u64::MAX / 2;

/// The permissions for the SDK's services. Plugins may ask for others, which some hosts define.
const SERVICES: [&str; 5] = ["ai", "events", "files", "http", "kv"];

/// The options for running a plugin.
#[derive(Args)]
#[command(next_help_heading = "Host options")]
pub struct HostOptions {
    #[command(flatten)]
    offer: Offer,
    /// The plugin's configuration: a JSON object, `@FILE`, or `-` for standard input
    #[arg(long, value_name = "JSON", value_parser = document)]
    config: Option<Value>,
    /// The owner of the keys that the plugin uses in the store of `--kv` [default: this exact
    /// module]
    #[arg(long = "as", value_name = "NAME", requires = "kv")]
    kv_owner: Option<String>,
}

/// The grants, limits and services that the host offers to any plugin.
#[derive(Args)]
#[command(next_help_heading = "Host options")]
pub struct Offer {
    /// Grants a permission, such as `kv`; `all` grants all of them
    #[arg(long, value_name = "PERMISSION")]
    grant: Vec<String>,
    /// The most detailed level of the plugin's log that is shown
    #[arg(long, value_name = "LEVEL", default_value = "info", value_parser = level_parser())]
    log_level: LevelFilter,
    /// The fuel of a call: about one unit per WebAssembly instruction [default: what the plugin
    /// asks for, else unlimited]
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
    /// The time limit of a call, such as `500ms`, `30s` or `2m` [default: what the plugin asks for,
    /// 10s at most]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    timeout: Option<Duration>,
    /// The limit of the memory, in pages of 64 KiB [default: what the plugin asks for, 1024 at
    /// most]
    #[arg(long, value_name = "N")]
    memory_pages: Option<u32>,
    /// Sets another limit of calls or of modules, such as `max_result_bytes=1000000`;
    /// docs/limits.md lists all of them
    #[arg(long, value_name = "NAME=N")]
    limit: Vec<NamedLimit>,
    /// Keeps the plugin's key-value store in this file, or on a Redis server: `redis://HOST:PORT`
    /// [default: in memory, for this run]
    #[arg(long, value_name = "FILE")]
    kv: Option<PathBuf>,
    /// Lets the plugin read a folder under its own name or another one: `DIR` or `NAME=DIR`; append
    /// `:rw` to let it write
    #[arg(long, value_name = "DIR")]
    files: Vec<Folder>,
    /// Lets the plugin send requests to this network host, such as `api.example.com`,
    /// `*.example.org` or `localhost:8080`; `*` allows all
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
}

fn level_parser() -> impl TypedValueParser<Value = LevelFilter> {
    PossibleValuesParser::new(["off", "error", "warn", "info", "debug", "trace"]).try_map(|name| {
        name.parse::<LevelFilter>()
            .map_err(|error| error.to_string())
    })
}

/// A folder that a plugin can see.
#[derive(Clone, Debug, PartialEq)]
struct Folder {
    name: String,
    path: PathBuf,
    writable: bool,
}

impl std::str::FromStr for Folder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (text, writable) = match text.strip_suffix(":rw") {
            Some(rest) => (rest, true),
            None => (text.strip_suffix(":ro").unwrap_or(text), false),
        };
        let (name, path) = match text.split_once('=') {
            Some((name, path)) => (name.to_owned(), PathBuf::from(path)),
            None => {
                let path = PathBuf::from(text);
                let name = path
                    .file_name()
                    .ok_or_else(|| format!("the folder has no name; `NAME={text}` gives it one"))?;
                (name.to_string_lossy().into_owned(), path)
            }
        };
        if name.is_empty() || name.contains('/') {
            return Err(
                "the name before the `=` is one part of a path, such as `assets`".to_owned(),
            );
        }
        Ok(Folder {
            name,
            path,
            writable,
        })
    }
}

/// A plugin's file, ready to run.
pub struct Loaded {
    pub module: Module,
    pub wasm: Arc<[u8]>,
    /// The host that the module is made for and runs on.
    pub host: Host,
}

/// Loads a plugin's file for a host; without one, for the host that the module is made for.
pub fn load(
    path: &Path,
    host: Option<Host>,
    limits: ModuleLimits,
    terminal: &Terminal,
) -> Result<Loaded> {
    let wasm: Arc<[u8]> = PluginFile::read(path)?.wasm.into();
    let source = Source::bytes(Arc::clone(&wasm)).symbols(path).path(path);
    let source = source.limits(limits);
    load_from(source, wasm, host, &text::path(path), terminal)
}

/// Like [`load`], for a module that was already read or built.
pub fn load_built(
    wasm: Arc<[u8]>,
    host: Option<Host>,
    limits: ModuleLimits,
    file: &str,
    terminal: &Terminal,
) -> Result<Loaded> {
    let source = Source::bytes(Arc::clone(&wasm)).limits(limits);
    load_from(source, wasm, host, file, terminal)
}

fn load_from(
    source: Source,
    wasm: Arc<[u8]>,
    host: Option<Host>,
    file: &str,
    terminal: &Terminal,
) -> Result<Loaded> {
    if let Some(host) = host {
        target_host::expect(host, &wasm, file)?;
    }
    let host = host.or_else(|| target_host::host(&wasm));
    let host = host.unwrap_or_else(|| hosts::native());
    let loaded = match host.feature {
        None => Module::load(source),
        Some(_) => Module::load_for(host, source),
    };
    let module = loaded.map_err(|failure| {
        let failure = in_our_words(failure, None);
        plugin_file::not_loaded(Error::new(format!("cannot load `{file}`")), &wasm, &failure)
    })?;
    for warning in module.warnings() {
        // Other warnings are for the plugin's author, and `validate` reports them.
        if let Warning::Manifest { .. } = warning {
            terminal.warning(&warning.to_string());
        }
    }
    Ok(Loaded { module, wasm, host })
}

/// Returns a builder for a plugin of this module with the limits that it asks for, and with `fuel`
/// if it asks for none. A plugin can only lower the limits; only the user can raise them.
///
/// All services are in memory and the same in every run: the clock does not advance, and random
/// numbers repeat. An emulated host has its own limits.
pub fn as_asked(module: &Module, host: Host, fuel: Option<u64>) -> PluginBuilder {
    if host.feature.is_some() {
        return module.plugin();
    }
    let mut builder = module.plugin();
    if let Some(fuel) = fuel {
        builder = builder.fuel(fuel);
    }
    match module.manifest() {
        Some(manifest) => builder.asked_limits(&manifest.limits),
        // A module without a manifest asks for nothing.
        None => builder,
    }
}

impl HostOptions {
    /// Returns a builder for a plugin of this module, with the clock, the random numbers and the
    /// log of this computer, and with the services that the options ask for.
    ///
    /// An emulated host offers only the services that the real host has.
    pub fn builder(
        &self,
        loaded: &Loaded,
        count_fuel: bool,
        terminal: &Terminal,
    ) -> Result<PluginBuilder> {
        let Loaded { module, wasm, host } = loaded;
        let host = *host;
        self.offer.show_log();
        self.offer.check_grants(module.manifest())?;
        let fuel = count_fuel.then_some(PLENTY);
        let mut builder = as_asked(module, host, fuel);
        if let Some(config) = &self.config {
            builder = builder.config(config);
        }
        let owner = || self.namespace(module, wasm, terminal);
        Ok(self
            .offer
            .prepare()?
            .give(builder.logs(ForwardedLog), owner))
    }

    /// Returns the owner of the keys that the plugin uses: the name that the user gives, else this
    /// module.
    ///
    /// A module's id is only a claim: any other file can make the same.
    fn namespace(&self, module: &Module, wasm: &[u8], terminal: &Terminal) -> String {
        if let Some(owner) = &self.kv_owner {
            return owner.clone();
        }
        let id = module
            .manifest()
            .map_or("", |manifest| manifest.id.as_str());
        let mut hash = archive::sha256(wasm);
        hash.truncate(HASH_LENGTH);
        if !id.is_empty() {
            terminal.warning(&format!(
                "the keys belong to this exact module; `--as {}` keeps them for later builds",
                text::line(id, 60)
            ));
        }
        format!("{id}@{hash}")
    }

    /// Returns the limits for modules.
    pub fn module_limits(&self) -> ModuleLimits {
        self.offer.module_limits()
    }

    /// Returns the plugin's configuration.
    pub fn configuration(&self) -> Option<&Value> {
        self.config.as_ref()
    }
}

impl Offer {
    /// Shows the plugins' log from now on.
    pub fn show_log(&self) {
        logging::show(self.log_level);
    }

    /// Returns the limits for modules.
    pub fn module_limits(&self) -> ModuleLimits {
        named_limits::of_modules(&self.limit)
    }

    /// Opens the files, folders and addresses that the options name.
    pub fn prepare(&self) -> Result<Prepared> {
        let kv = self.kv.as_deref().map(Store::open);
        Ok(Prepared {
            grant: self.grant.clone(),
            fuel: self.fuel,
            timeout: self.timeout,
            memory_pages: self.memory_pages,
            limits: self.limit.clone(),
            kv: kv.transpose()?,
            files: self.folders()?,
            http: HttpClient::new(self.allowed_hosts()?).proxy_from_environment(),
        })
    }

    /// Rejects permissions that no service has and no plugin asks for.
    pub fn check_grants<'a>(
        &self,
        manifests: impl IntoIterator<Item = &'a Manifest>,
    ) -> Result<()> {
        let asked = manifests
            .into_iter()
            .flat_map(|manifest| &manifest.permissions);
        let known: Vec<&str> = SERVICES
            .into_iter()
            .chain(asked.map(|permission| permission.name()))
            .collect();
        let is_known = |grant: &str| grant == "all" || known.contains(&grant);
        let Some(unknown) = self.grant.iter().find(|grant| !is_known(grant)) else {
            return Ok(());
        };
        let shown = text::line(unknown, 60);
        let nearest = text::nearest(unknown, known);
        Err(Error::new(format!("there is no permission `{shown}`"))
            .because("no service has it, and the plugin does not ask for it")
            .help(match nearest {
                Some(name) => format!("did you mean `--grant {}`?", text::line(name, 60)),
                None => format!("the services have {}", SERVICES.join(", ")),
            }))
    }

    fn folders(&self) -> Result<DirectoryFiles> {
        let mut files = DirectoryFiles::new();
        for folder in &self.files {
            let granted = match folder.writable {
                true => files.read_write(&folder.name, &folder.path),
                false => files.read_only(&folder.name, &folder.path),
            };
            files = granted.map_err(|failure| service("files", &folder.path, &failure))?;
        }
        Ok(files)
    }

    fn allowed_hosts(&self) -> Result<AllowList> {
        if self.allow_host.iter().any(|host| host == "*") {
            return Ok(AllowList::any());
        }
        AllowList::new(&self.allow_host)
            .map_err(|failure| Error::new("`--allow-host` is invalid").because(failure.message()))
    }
}

/// The offer of the host, ready to be given to any number of instances.
pub struct Prepared {
    grant: Vec<String>,
    fuel: Option<u64>,
    timeout: Option<Duration>,
    memory_pages: Option<u32>,
    limits: Vec<NamedLimit>,
    kv: Option<Store>,
    files: DirectoryFiles,
    http: HttpClient,
}

impl Prepared {
    /// Adds everything to a builder. `owner` returns the owner of the keys.
    pub fn give(&self, builder: PluginBuilder, owner: impl FnOnce() -> String) -> PluginBuilder {
        let mut builder = builder
            .grant_hint(|permission| format!("--grant {permission}"))
            .clock(SystemClock)
            .random(SystemRandom)
            .files(self.files.clone())
            .http(self.http.clone());
        for permission in &self.grant {
            builder = match permission.as_str() {
                "all" => builder.grant_all(),
                permission => builder.grant(permission),
            };
        }
        if let Some(fuel) = self.fuel {
            builder = builder.fuel(fuel);
        }
        if let Some(timeout) = self.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(pages) = self.memory_pages {
            builder = builder.memory_pages(pages);
        }
        builder = named_limits::set(builder, &self.limits);
        match &self.kv {
            Some(Store::File(store)) => builder.kv(store.namespace(&owner())),
            #[cfg(feature = "kv-redis")]
            Some(Store::Redis(store)) => builder.kv(store.namespace(&owner())),
            None => builder,
        }
    }
}

/// The key-value store of `--kv`.
enum Store {
    File(DatabaseKv),
    #[cfg(feature = "kv-redis")]
    Redis(RedisKv),
}

impl Store {
    /// Opens a file, or connects to the server of a URL.
    fn open(at: &Path) -> Result<Self> {
        match at.to_str() {
            Some(url) if is_redis(url) => Self::connect(url),
            _ => DatabaseKv::open(at)
                .map(Store::File)
                .map_err(|failure| service("kv", at, &failure)),
        }
    }

    #[cfg(feature = "kv-redis")]
    fn connect(url: &str) -> Result<Self> {
        // The URL may contain a password.
        RedisKv::connect(url)
            .map(Store::Redis)
            .map_err(|failure| match failure.kind() {
                FailureKind::Service { reason, .. } => Error::new(NO_SERVER).because(reason),
                _ => Error::new(NO_SERVER).because(failure.message()),
            })
    }

    #[cfg(not(feature = "kv-redis"))]
    fn connect(_url: &str) -> Result<Self> {
        Err(Error::new(NO_SERVER)
            .because("this program was built without Redis")
            .help("`cargo install --features kv-redis` builds it with Redis"))
    }
}

const NO_SERVER: &str = "the Redis server of `--kv` cannot be used";

/// Returns whether the value of `--kv` is the URL of a Redis server.
fn is_redis(kv: &str) -> bool {
    ["redis://", "rediss://", "redis+unix://"]
        .iter()
        .any(|scheme| kv.starts_with(scheme))
}

fn service(option: &str, path: &Path, failure: &Failure) -> Error {
    let wrong = Error::new(format!("`--{option} {}` cannot be used", path.display()));
    match failure.kind() {
        FailureKind::Io { reason, .. } => wrong.because(reason),
        _ => wrong.because(failure.message()),
    }
}

/// Returns the same failure with hints that name options instead of methods.
pub fn in_our_words(failure: Failure, manifest: Option<&Manifest>) -> Failure {
    let more = |name: &str| format!("`--limit {name}=N` of `call` allows more");
    let hint = match failure.kind() {
        FailureKind::OutOfFuel { .. } => Some("`--fuel N` gives a call more".to_owned()),
        FailureKind::Timeout { .. } => {
            let asked = manifest
                .and_then(|manifest| manifest.limits.timeout_ms)
                .filter(|asked| u128::from(*asked) > MAX_TIMEOUT.as_millis());
            let more = match asked {
                Some(asked) => {
                    format!("; the plugin asks for {asked} ms, which only you can allow")
                }
                None => String::new(),
            };
            Some(format!("`--timeout TIME` allows more{more}"))
        }
        FailureKind::OutOfMemory { requested, .. } => Some(requested.div_ceil(PAGE))
            .filter(|pages| *pages <= MAX_PAGES)
            .map(|pages| format!("`--memory-pages {pages}` allows that much")),
        FailureKind::ResultTooLarge { .. } => Some(more("max_result_bytes")),
        FailureKind::TableTooLarge { .. } => Some(more("table_elements")),
        FailureKind::TooManyHostCalls { .. } => Some(more("max_host_calls")),
        FailureKind::ModuleLimit { setting, .. } => Some(format!(
            "{}, to a module whose author you trust",
            more(setting)
        )),
        FailureKind::StackOverflow(_) => Some(
            "look for infinite recursion, or for very large values, which belong in a `Box`"
                .to_owned(),
        ),
        FailureKind::Poisoned { .. } => {
            Some("run it again: every run has an instance of its own".to_owned())
        }
        FailureKind::Plugin(error) | FailureKind::HostFunction { error, .. }
            if error.code() == "permission_denied" =>
        {
            let details = error.details();
            details.and_then(|details| permission(&details, manifest))
        }
        _ => None,
    };
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

/// Returns the hint for granting a denied permission and its purpose, if the error does not contain
/// it.
fn permission(details: &Value, manifest: Option<&Manifest>) -> Option<String> {
    let text = |member: &str| Some(text::line(details.get(member)?.as_str()?, 200));
    let name = text("permission")?;
    if let Some(host) = text("host") {
        return Some(format!("`--allow-host {host}` allows requests to it"));
    }
    if let Some(folder) = text("folder") {
        let writable = details.get("grant")?.as_str()?.contains("read_write");
        let writable = if writable { ":rw" } else { "" };
        return Some(format!(
            "`--files {folder}=DIR{writable}` lets the plugin see a folder by this name"
        ));
    }
    let declared = manifest?
        .permissions
        .iter()
        .find(|permission| permission.name() == name);
    let reason = declared.and_then(|permission| permission.reason())?;
    Some(format!(
        "the plugin asks for `{name}` with this reason: {}",
        text::line(reason, 200)
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn folders_keep_their_names_or_get_the_given_ones() {
        let folder = |text: &str| {
            let folder: Folder = text.parse()?;
            Ok::<_, String>((
                folder.name,
                folder.path.display().to_string(),
                folder.writable,
            ))
        };
        let seen =
            |name: &str, path: &str, writable| Ok((name.to_owned(), path.to_owned(), writable));
        assert_eq!(folder("some/assets"), seen("assets", "some/assets", false));
        assert_eq!(folder("out=/tmp/x:rw"), seen("out", "/tmp/x", true));
        assert_eq!(folder("assets:ro"), seen("assets", "assets", false));
        assert!(folder("/").is_err() && folder("a/b=c").is_err() && folder("=c").is_err());
    }
}
