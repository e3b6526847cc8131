//! The texts of failures: the message, further details, and what to do next. `report.rs` formats
//! them.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};
use std::path::Path;

use plugin_sdk::abi;

use super::advice::{is_javascript, is_of_plugins};
use super::context::Stage;
use super::kind::{BuildFailure, FailureKind, Import, Panic, Region, Stack};
use super::problem::Problem;
use super::{Failure, hint};
use crate::permissions::Permission;
use crate::text;

/// The size of a page of linear memory in bytes.
const PAGE: u64 = 64 * 1024;

/// The maximum number of pages of a linear memory with 32-bit addresses.
const MAX_PAGES: u64 = 65_536;

/// The maximum number of names that a message lists.
const MAX_LISTED: usize = 20;

/// The most bytes of a path that are shown.
const MAX_PATH: usize = 500;

/// The texts of a failure, all of them bounded and filtered.
#[derive(Default)]
pub(super) struct Account {
    pub(super) message: String,
    pub(super) notes: Vec<String>,
    pub(super) help: Option<Cow<'static, str>>,
    /// The output of another program, to be shown unchanged.
    pub(super) output: Option<String>,
}

impl Account {
    fn new(message: impl Into<String>) -> Self {
        Account {
            message: message.into(),
            ..Account::default()
        }
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    fn help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Formats the message only. The `Debug` form of a [`Failure`] also names the command.
impl fmt::Debug for FailureKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.account(&Stage::Load).message)
    }
}

/// The subject of a message.
impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Load => f.write_str("the plugin"),
            Stage::Instantiate => f.write_str("the module's instantiation"),
            Stage::Export(name) => write!(f, "`{name}`"),
            Stage::Command(name) => write!(f, "command `{}`", text::name(name)),
        }
    }
}

impl Display for Region {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Region::Arguments => "the buffer that `alloc` gave for the arguments",
            Region::Result => "the result",
            Region::Error => "the error",
            Region::PanicRecord => "the panic record",
            Region::HeapRecord => "the heap record",
        })
    }
}

impl Display for Import {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` of `{}`",
            text::name(&self.name),
            text::name(&self.module)
        )
    }
}

impl Failure {
    pub(super) fn account(&self) -> Account {
        let mut account = self.0.kind.account(&self.0.during);
        if let Some(words) = &self.0.host_says {
            account = account.note(format!("the host itself would say: {words}"));
        }
        if let Some(capsule) = &self.0.capsule {
            account = account.note(match capsule {
                Ok(path) => {
                    let path = text::one_line(&path.display().to_string(), MAX_PATH);
                    format!("`cargo plugin replay {path}` runs it again")
                }
                Err(reason) => format!("no capsule of it could be written: {reason}"),
            });
        }
        match &self.0.hint {
            Some(hint) => account.help(hint.clone()),
            None => account,
        }
    }
}

impl FailureKind {
    fn account(&self, during: &Stage) -> Account {
        match self {
            FailureKind::Plugin(error) => plugin_error(during, error),
            FailureKind::SchemaMismatch { error, problems } => does_not_fit(during, error, problems),
            FailureKind::BadSchema { reason } => Account::new(format!(
                "{during} was not called: the plugin's own schema cannot be used: {}",
                text::from_str(reason)
            ))
            .help("without `.validate_schemas()` the plugin is called all the same, and checks types itself"),
            FailureKind::Panic(panic) => panicked(during, panic),
            FailureKind::OutOfMemory { requested, limit } => out_of_memory(during, *requested, *limit),
            FailureKind::HostOutOfMemory { bytes } => Account::new(format!(
                "{during} gave {bytes} bytes, and the host has no memory for them"
            ))
            .help("`.max_result_bytes(n)` and `.memory_pages(n)` bound what a plugin can give"),
            FailureKind::StackOverflow(Stack::Wasm { limit }) => Account::new(format!(
                "{during} overflowed the wasm stack of {limit} bytes"
            ))
            .help("look for endless recursion; `.stack_bytes(n)` allows deeper recursion"),
            FailureKind::StackOverflow(Stack::Shadow { address }) => Account::new(format!(
                "{during} overflowed the guest's own stack, the one in linear memory: it went down to address {address:#x}, which is below 0"
            ))
            .help(
                "look for endless recursion or very large values: a large field of the plugin belongs in a `Box`, created without a copy by \
                 `vec![0; n].into_boxed_slice()`; a Rust guest gets a larger stack from `-C link-arg=-zstack-size=<bytes>`",
            ),
            FailureKind::OutOfFuel { limit } => {
                Account::new(format!("{during} used up its fuel of {limit}")).help("`.fuel(n)` gives a call more")
            }
            FailureKind::Timeout {
                limit,
                during: Some(function),
            } => Account::new(format!(
                "{during} took longer than {limit:?}: it was in the host function `{}`",
                text::name(function)
            ))
            .help("`.timeout(duration)` allows more; a host function that waits should wait no longer than the call may take"),
            FailureKind::Timeout { limit, .. } => Account::new(format!("{during} took longer than {limit:?}"))
                .help("`.timeout(duration)` allows more, `.no_timeout()` removes the limit"),
            FailureKind::TooManyHostCalls {
                limit,
                during: function,
            } => Account::new(format!(
                "{during} made more than {limit} host calls, the last to `{}`",
                text::name(function)
            ))
            .help("`.max_host_calls(n)` allows more; look for a loop without end"),
            FailureKind::Cancelled => Account::new(format!("{during} was cancelled by the host before it was done")).help(
                "the plugin's state may be half changed, so build a new plugin; spawn a call that must not be cut off as a task of its own",
            ),
            FailureKind::BadHostArgument { function, reason } => Account::new(format!(
                "{during} called the host function `{}` with a bad argument: {}",
                text::name(function),
                text::from_str(reason)
            ))
            .help(
                "the functions that `#[host_functions]` makes for plugins cannot be called like this: is the import declared by hand, or for another \
                 version of the host?",
            ),
            FailureKind::HostFunction { function, error } => host_function(during, function, error),
            FailureKind::Trap { message } => {
                let account = Account::new(format!("{during} trapped: {message}"));
                match hint::trap(message) {
                    Some(help) => account.help(help),
                    None => account,
                }
            }
            // The report continues with the first failure.
            FailureKind::Poisoned { .. } => {
                Account::new(format!("{during} was not called, because an earlier failure has ended the instance"))
                    .help("build a new `Plugin`")
            }
            FailureKind::OutOfBounds {
                region,
                address,
                len,
                memory,
            } => Account::new(format!(
                "{during} gave a pointer out of bounds: {region} would be {len} bytes at address {address:#x}, \
                 but the memory has {memory} bytes"
            )),
            FailureKind::Misaligned { address } => Account::new(format!(
                "{during} could not be given its arguments: `alloc` returned address {address:#x}, which is not a multiple of 16"
            )),
            FailureKind::AllocationFailed { bytes } => Account::new(format!(
                "{during} could not be given its arguments: the plugin's `alloc` has no room for {bytes} bytes"
            )),
            FailureKind::NotUtf8 {
                region,
                valid_up_to,
            } => raw_help(
                *region,
                Account::new(format!(
                    "{during} gave text that is not UTF-8: {region} is malformed after byte {valid_up_to}"
                )),
            ),
            FailureKind::BadBinary { reason } => Account::new(format!(
                "{during} gave an unexpected result in the binary codec: {}",
                text::from_str(reason)
            ))
            .help(
                "the type asked for must have the fields of the type that the command returns, in the same order; a command without \
                 `codec = \"binary\"` is called with `call`",
            ),
            FailureKind::BadBatch { reason } => Account::new(format!(
                "{during} answered a batch with something other than one answer for each input: {reason}"
            )),
            FailureKind::BadJson {
                region,
                reason,
                excerpt,
            } => {
                let account = Account::new(format!(
                    "{during} gave unexpected JSON: {region} does not decode: {}",
                    text::from_str(reason)
                ));
                if excerpt.is_empty() {
                    account.help("there are no bytes at all; a raw command is called with `call_raw`")
                } else if ["f64", "f32"].iter().any(|float| reason.contains(&format!("null, expected {float}"))) {
                    account.note(format!("text: {excerpt}")).help(
                        "JSON has no NaN and no infinity, and many writers put `null` there: make sure in the plugin that the number is finite, or ask for an \
                         `Option`",
                    )
                } else {
                    raw_help(*region, account.note(format!("text: {excerpt}")))
                }
            }
            FailureKind::ResultTooLarge {
                region,
                bytes,
                limit,
            } => Account::new(format!(
                "{during} gave too large an answer: {region} has {bytes} bytes, and at most {limit} are decoded"
            ))
            .help("`.max_result_bytes(n)` allows more; `call_raw` reads a result of any size in place"),
            FailureKind::ArgumentsTooLarge { bytes, limit } => Account::new(format!(
                "{during} was not called: its arguments have {bytes} bytes, and the ABI allows {limit}"
            )),
            FailureKind::BadArguments { reason } => Account::new(format!(
                "{during} was not called: its arguments have no form in JSON: {}",
                text::from_str(reason)
            )),
            FailureKind::UnknownCommand {
                name,
                nearest,
                known,
            } => unknown_command(name, nearest.as_deref(), known),
            FailureKind::NotWasm { found } => {
                Account::new(format!("this is not a WebAssembly module: it is {found}"))
            }
            FailureKind::Truncated { bytes } => Account::new(format!(
                "the WebAssembly module is truncated: it breaks off after {bytes} bytes"
            ))
            .help("build or download it again"),
            FailureKind::Component => Account::new("this is a WebAssembly component, and plugins are core modules").help(
                "build with plain `cargo build --target wasm32-unknown-unknown`, not with `cargo component`, `cargo plugin build --host component` or for a `wasip2` target",
            ),
            FailureKind::InvalidModule { reason } => Account::new(format!(
                "the WebAssembly module is not valid: {}",
                text::from_str(reason)
            )),
            FailureKind::ModuleTooLarge { bytes, limit } => {
                Account::new(format!("the module has {bytes} bytes; the limit is {limit}")).help(
                    "`Source::max_bytes(n)` allows more; a release build is many times smaller than a debug build",
                )
            }
            FailureKind::ModuleLimit {
                setting,
                what,
                limit,
            } => Account::new(format!("the module {what}; the limit is {limit}")).help(format!(
                "`ModuleLimits::{setting}` of `Source::limits` allows more, to a module whose author is trusted"
            )),
            FailureKind::AbiVersion { found, supported } => Account::new(format!(
                "the plugin speaks version {} of the ABI, and this harness version {supported}",
                text::name(found)
            ))
            .help("build the plugin with a `plugin-sdk` of the same version as the harness, or use a harness of the same version as the plugin"),
            FailureKind::MissingExport {
                name,
                expected,
                cause,
            } => {
                let account = Account::new(format!(
                    "the module does not export `{}`, {expected}",
                    text::name(name)
                ));
                match cause {
                    Some(cause) => account.help(cause.clone()),
                    None => account.help(missing_export_help(name)),
                }
            }
            FailureKind::WrongExport {
                name,
                expected,
                found,
            } => Account::new(format!(
                "the export `{}` should be {expected}, but is {found}",
                text::name(name)
            )),
            FailureKind::MissingImports { imports } => missing_imports(imports),
            FailureKind::WrongImport {
                import,
                expected,
                found,
            } => Account::new(format!(
                "{during} imports {import} as {found}, and the host has it as {expected}"
            ))
            .help("declare it with #[host_functions] in one crate that the plugin and its host both use"),
            FailureKind::AsyncHostFunction { function } => Account::new(format!(
                "the host function `{}` is asynchronous, and this call cannot wait for it",
                text::name(function)
            ))
            .help("build the plugin with `.build_async()`, or link an implementation of the plain trait with `provide`"),
            FailureKind::NoSnapshot { reason, help } => {
                Account::new(format!("no snapshot can be taken: {reason}")).help(help.clone())
            }
            FailureKind::ContractViolation { host, rule, found } => Account::new(format!(
                "{during} breaks a rule of the host `{host}`: {}",
                text::from_str(found)
            ))
            .note(format!("the rule: {rule}"))
            .help(format!(
                "a plugin made with the SDK's feature `host-{host}` keeps this rule; for exports written by hand, see docs/hosts/{host}.md"
            )),
            FailureKind::UnsupportedByHost { host, what } => {
                Account::new(format!("{during} was not called: the host `{host}` has no {what}"))
            }
            FailureKind::TableTooLarge { requested, limit } => Account::new(format!(
                "the module's tables need {requested} elements; the limit is {limit}"
            ))
            .help("`.table_elements(n)` allows more"),
            FailureKind::PoolExhausted { limit } => {
                Account::new(format!("all {limit} instances of the pool are in use"))
                    .help("drop a `Plugin`, or make the pool larger with `.pooling(n)`")
            }
            FailureKind::Build(build) => build_failed(build),
            FailureKind::Io { path, reason } => {
                Account::new(format!("cannot use `{}`: {reason}", path.display()))
            }
            FailureKind::Service { service, reason } => {
                Account::new(format!("the service `{service}` cannot be set up: {reason}"))
            }
            FailureKind::NotGranted { permissions } => not_granted(permissions),
            FailureKind::Engine { reason } => Account::new(format!(
                "the WebAssembly engine cannot be set up as asked: {}",
                text::from_str(reason)
            )),
        }
    }
}

fn not_granted(permissions: &[Permission]) -> Account {
    let mut account = Account::new("the plugin needs permissions that are not granted".to_owned());
    for permission in permissions.iter().take(MAX_LISTED) {
        account = account.note(permission.to_string());
    }
    if let Some(more @ 1..) = permissions.len().checked_sub(MAX_LISTED) {
        account = account.note(format!("and {more} more"));
    }
    let grants: String = permissions
        .iter()
        .take(MAX_LISTED)
        .map(|permission| format!(".grant({:?})", text::name(permission.name())))
        .collect();
    account.help(format!(
        "`{grants}` grants them; without `.require_permissions()` only the calls would be denied"
    ))
}

fn plugin_error(during: &Stage, error: &plugin_sdk::Error) -> Account {
    let account = Account::new(format!(
        "{during} failed: {}",
        text::from_str(error.message())
    ));
    with_particulars(account, error)
}

/// Describes arguments that were not passed to the plugin, because they do not match its schema.
fn does_not_fit(during: &Stage, error: &plugin_sdk::Error, problems: &[Problem]) -> Account {
    let first = problems
        .first()
        .map_or(error.message(), |first| &first.message);
    let account = Account::new(format!(
        "{during} was not called: {}",
        text::from_str(first)
    ));
    let others = problems.iter().skip(1);
    others.fold(account, |account, problem| {
        account.note(format!("and: {}", text::from_str(&problem.message)))
    })
}

/// Adds an error's details and its cause.
fn with_particulars(mut account: Account, error: &plugin_sdk::Error) -> Account {
    if let Some(details) = error.details() {
        account = account.note(format!(
            "details: {}",
            text::one_line(&details.to_string(), text::MAX_SHOWN)
        ));
    }
    for cause in error.causes().into_iter().take(MAX_LISTED) {
        account = account.note(format!("caused by: {}", text::from_str(cause)));
    }
    account
}

fn host_function(during: &Stage, function: &str, error: &plugin_sdk::Error) -> Account {
    let account = Account::new(format!(
        "{during} called the host function `{}`, which failed: {}",
        text::name(function),
        text::from_str(error.message())
    ))
    .help("it has no result that could report the error to the plugin; return a `Result` from it");
    with_particulars(account, error)
}

fn panicked(during: &Stage, panic: &Panic) -> Account {
    // The location is in the first line of the report.
    let account = Account::new(format!("{during} panicked: {}", panic.message));
    match hint::panic(panic) {
        Some(help) => account.help(help),
        None => account,
    }
}

fn out_of_memory(during: &Stage, requested: u64, limit: u64) -> Account {
    let account = Account::new(format!(
        "{during} ran out of memory: its linear memory would have grown to {requested} bytes; the limit is {limit} ({} pages)",
        limit / PAGE
    ));
    match requested.div_ceil(PAGE) {
        pages if pages > MAX_PAGES => account.help(format!(
            "no plugin can have more than {MAX_PAGES} pages, which are 4 GiB; look for a size that was computed wrongly"
        )),
        pages => account.help(format!(
            "`.memory_pages({pages})` allows that much; a module that declares a smaller maximum of its own must be linked with a larger one"
        )),
    }
}

fn raw_help(region: Region, account: Account) -> Account {
    match region {
        Region::Result => account.help("a raw command is called with `call_raw`"),
        _ => account,
    }
}

fn unknown_command(name: &str, nearest: Option<&str>, known: &[String]) -> Account {
    let account = Account::new(format!("the plugin has no command `{}`", text::name(name)));
    let account = match nearest {
        Some(nearest) => account.help(format!("did you mean `{}`?", text::name(nearest))),
        None => account,
    };
    match known {
        [] => account.note("it has no commands at all"),
        known => account.note(format!(
            "it has {}",
            list(known.iter().map(|name| format!("`{}`", text::name(name))))
        )),
    }
}

fn missing_export_help(name: &str) -> Cow<'static, str> {
    let hook = match name {
        "plugin_start" => "start",
        "plugin_stop" => "stop",
        "plugin_event" => "event",
        abi::STATE_SAVE_EXPORT | abi::STATE_LOAD_EXPORT => {
            return "it exists if the plugin's struct has `#[plugin(state = \"json\")]`".into();
        }
        abi::PREPARE_EXPORT => {
            return "`cargo plugin build --snapshot` builds a module with it, and so does `Source::crate_dir(…).snapshot()`; \
                    docs/abi.md says what it does in other languages"
                .into();
        }
        abi::HEAP_EXPORT => {
            return "it exists if the plugin's crate is built with `Source::crate_dir(…).count_allocations()`".into();
        }
        _ => {
            return "is it a plugin? One is made by `#[plugin]` on a struct and on its impl".into();
        }
    };
    format!("it exists if a function of the plugin has `#[{hook}]`").into()
}

fn missing_imports(imports: &[Import]) -> Account {
    let account = Account::new(format!(
        "the module imports items that the harness does not offer: {}",
        list(imports.iter())
    ));
    let from = |prefix: &str| {
        imports
            .iter()
            .any(|import| import.module.starts_with(prefix))
    };
    if imports.iter().any(|import| is_javascript(&import.module)) {
        account.help(
            "some dependency was built for JavaScript (`wasm-bindgen`); `cargo plugin validate` names it, and what to write instead",
        )
    } else if from("wasi") {
        account.help("it was built for WASI; build it with `--target wasm32-unknown-unknown`")
    } else {
        account
    }
}

fn build_failed(failure: &BuildFailure) -> Account {
    match failure {
        BuildFailure::NoCrate { dir } => Account::new(format!(
            "there is no crate in `{}`: it has no `Cargo.toml`",
            dir.display()
        ))
        .help("a test of the plugin's own crate passes `env!(\"CARGO_MANIFEST_DIR\")`"),
        BuildFailure::Workspace { dir } => Account::new(format!(
            "`{}` is a workspace without a crate of its own",
            dir.display()
        ))
        .help("name the folder of the plugin's crate"),
        BuildFailure::NotCdylib { manifest } => not_cdylib(manifest),
        BuildFailure::NoFeature { manifest, feature } => no_feature(manifest, feature),
        BuildFailure::MissingTarget { toolchain } => missing_target(toolchain.as_deref()),
        BuildFailure::Clash { symbol, dependency } => clash(symbol, dependency),
        BuildFailure::Failed {
            command,
            output,
            note,
            help,
        } => Account {
            output: Some(output.clone()),
            notes: note.iter().cloned().collect(),
            help: help.clone().map(Into::into),
            ..Account::new(format!(
                "the plugin's crate does not build: `{command}` failed"
            ))
        },
        BuildFailure::NoCargo { program, reason } => Account::new(format!(
            "cannot run `{program}` to build the plugin's crate: {reason}"
        ))
        .help("install Rust with rustup, or set the variable CARGO to the path of cargo"),
    }
}

fn clash(symbol: &str, dependency: &str) -> Account {
    let (symbol, dependency) = (text::name(symbol), text::name(dependency));
    let account = Account::new(format!(
        "the crate `{dependency}` defines `{symbol}`, as the plugin does, and a module can have only one function of each name"
    ));
    let library = format!(
        "a plugin that another one uses as a library is built with its feature `library`: enable that of `{dependency}`"
    );
    match is_of_plugins(&symbol) {
        true => account.help(library),
        false => account.help(format!(
            "hosts call the plugin's `{symbol}`: give the other function another name, as compiling C with `-D{symbol}=own_{symbol}` does; {library}"
        )),
    }
}

fn missing_target(toolchain: Option<&str>) -> Account {
    let (whose, option) = match toolchain {
        Some(toolchain) => (
            format!("the toolchain `{toolchain}`"),
            format!(" --toolchain {toolchain}"),
        ),
        None => ("the active toolchain".to_owned(), String::new()),
    };
    Account::new(format!(
        "{whose} has no standard library for wasm32-unknown-unknown"
    ))
    .help(format!("rustup target add wasm32-unknown-unknown{option}"))
}

fn no_feature(manifest: &Path, feature: &str) -> Account {
    let account = Account::new(format!(
        "`{}` offers no feature `{feature}`",
        manifest.display()
    ));
    match feature.starts_with("host-") {
        true => account.help(format!(
            "a plugin offers a feature for each host that it is made for; add to it:\n\n[features]\n{feature} = [\"plugin-sdk/{feature}\"]\n"
        )),
        false => account,
    }
}

fn not_cdylib(manifest: &Path) -> Account {
    Account::new(format!(
        "`{}` does not make a WebAssembly module of the crate's library",
        manifest.display()
    ))
    .help("add these lines to it:\n\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n")
}

fn list<T: Display>(items: impl ExactSizeIterator<Item = T>) -> String {
    let rest = items.len().saturating_sub(MAX_LISTED);
    let mut listed = items
        .take(MAX_LISTED)
        .map(|item| item.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    if rest > 0 {
        listed.push_str(&format!(" and {rest} more"));
    }
    listed
}
