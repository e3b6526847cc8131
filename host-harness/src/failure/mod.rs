//! The harness's typed failures and the context of each.
//!
//! `display.rs` contains the messages, `hint.rs` the hints for panics and `backtrace.rs` the
//! guest's stack. `report.rs` formats failures for people, `json.rs` for machines.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use annotate_snippets::Renderer;
use serde::Serialize;

use crate::manifest::Problem;
use crate::record::{HostCall, LogLine, Usage};
use crate::services::Permission;
use crate::text;

mod backtrace;
mod display;
mod hint;
mod json;
mod report;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests;

pub use backtrace::Frame;
pub(crate) use backtrace::{Backtrace, WayOut};
pub(crate) use hint::{PRINTING, unsupported};

/// The maximum number of host calls in a failure.
const MAX_HOST_CALLS: usize = 8;

/// The maximum number of log lines in a failure.
pub(crate) const MAX_LOG_LINES: usize = 16;

/// The maximum number of arguments of a host call in a failure.
const MAX_ARGUMENTS: usize = 16;

/// The maximum length, in bytes, of an argument, an outcome or a log message in a failure.
const MAX_VALUE: usize = 300;

/// The failure of a call or of loading a plugin.
///
/// [`kind`](Failure::kind) returns the typed cause and [`code`](Failure::code) a stable word for
/// it. `Display` and `Debug` format a report in the style of the Rust compiler: the message, the
/// source line, the guest's stack, the last host calls and log lines, the resources used, and what
/// to do next. `Debug` does so too because a test's `unwrap` prints it.
/// [`colored`](Failure::colored) formats the report for terminals, [`to_json`](Failure::to_json)
/// for machines.
///
/// ```text
/// error[panic]: command `average` panicked: attempt to divide by zero
///   --> statistics/src/lib.rs:24:9
///    |
/// 24 |         sum(numbers) / numbers.len()
///    |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
///    |
///    = note: the stack, innermost first:
///             0: statistics::average at statistics/src/lib.rs:24:9
///             1: statistics::Statistics::report at statistics/src/lib.rs:12:22
///    = note: used 1.1 MiB of 64 MiB of memory, less than 10ms of 10s
/// ```
///
/// An error that the plugin returned is shown alone, without context. All text from the guest is
/// bounded and free of terminal escapes.
///
/// The context is collected only when a call fails. Source files and debug information are read
/// only when the report is formatted.
///
/// ```
/// use plugin_sdk_harness::{FailureKind, Plugin};
///
/// # const HEAD: &str = r#"(memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
/// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
/// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))"#;
/// # let wat = format!(r#"(module {HEAD} (func (export "command_spin") (param i32 i32) (result i64)
/// #   (loop (br 0)) unreachable))"#);
/// let mut plugin = Plugin::builder(plugin_sdk_harness::Source::wat(wat)).fuel(10_000).build()?;
/// let failure = plugin.call_raw("spin", b"").unwrap_err();
///
/// assert!(matches!(failure.kind(), FailureKind::OutOfFuel { limit: 10_000 }));
/// assert_eq!(failure.code(), "out_of_fuel");
/// assert_eq!(failure.command(), Some("spin"));
/// assert_eq!(failure.message(), "command `spin` used up its fuel of 10000");
/// assert_eq!(failure.hint().unwrap(), "`.fuel(n)` gives a call more");
/// assert!(failure.to_string().starts_with("error[out_of_fuel]: command `spin` used up its fuel of 10000"));
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone)]
pub struct Failure(Arc<Report>);

#[derive(Clone)]
struct Report {
    kind: FailureKind,
    during: Stage,
    context: Context,
    /// A hint that replaces the default one.
    hint: Option<String>,
    /// The message of the real host that is emulated.
    host_says: Option<String>,
}

/// The context of a failure, as far as it is known.
#[derive(Clone, Default)]
pub(crate) struct Context {
    /// The guest's stack, if the guest was running.
    pub(crate) backtrace: Backtrace,
    /// The last host calls of the call, oldest first.
    pub(crate) host_calls: Vec<HostCall>,
    /// The last log lines, oldest first.
    pub(crate) logs: Vec<LogLine>,
    /// The resources that the call had used.
    pub(crate) usage: Option<Usage>,
}

/// The operation that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Reading, checking and compiling the module.
    Load,
    /// Creating an instance, which runs the module's start function if it has one.
    Instantiate,
    /// An export that every plugin has, or a hook, by its name.
    Export(&'static str),
    /// A command, by its name without the export's prefix.
    Command(Arc<str>),
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, during: Stage) -> Self {
        Failure(Arc::new(Report {
            kind,
            during,
            context: Context::default(),
            hint: None,
            host_says: None,
        }))
    }

    /// Adds the context to the failure, truncated to the limits.
    pub(crate) fn with_context(mut self, mut context: Context) -> Self {
        keep_last(&mut context.host_calls, MAX_HOST_CALLS);
        keep_last(&mut context.logs, MAX_LOG_LINES);
        for call in &mut context.host_calls {
            let bound = |value: &mut String| *value = text::one_line(value, MAX_VALUE);
            call.function = text::name(&call.function);
            call.arguments.truncate(MAX_ARGUMENTS);
            call.arguments.iter_mut().for_each(bound);
            if let Some(Ok(value) | Err(value)) = &mut call.outcome {
                bound(value);
            }
        }
        for line in &mut context.logs {
            line.target = text::name(&line.target);
            line.message = text::one_line(&line.message, MAX_VALUE);
        }
        Arc::make_mut(&mut self.0).context = context;
        self
    }

    /// Creates a failure of reading, checking or compiling a module.
    pub(crate) fn load(kind: FailureKind) -> Self {
        Failure::new(kind, Stage::Load)
    }

    /// Returns the typed cause.
    pub fn kind(&self) -> &FailureKind {
        &self.0.kind
    }

    /// Returns the cause as a stable word in `snake_case`, which later versions keep.
    ///
    /// For an error that the plugin returned, this is the error's code, as in
    /// [`plugin_sdk::Error::code`]; use [`kind`](Failure::kind) if the two must not be confused.
    pub fn code(&self) -> &str {
        self.0.kind.code()
    }

    /// Returns the command that was called, or `None` if the call was not to a command.
    pub fn command(&self) -> Option<&str> {
        match &self.0.during {
            Stage::Command(name) => Some(name),
            _ => None,
        }
    }

    /// Returns the plugin's error, if the failure is one.
    ///
    /// If the host validated the arguments against [the plugin's schema](FailureKind::DoesNotFit),
    /// this is the error that the plugin would have returned.
    pub fn plugin_error(&self) -> Option<&plugin_sdk::Error> {
        match &self.0.kind {
            FailureKind::Plugin(error) | FailureKind::DoesNotFit { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Returns the panic, if the failure is one.
    pub fn panic(&self) -> Option<&Panic> {
        match &self.0.kind {
            FailureKind::Panic(panic) => Some(panic),
            _ => None,
        }
    }

    /// Returns the export that was called, if it was not a command: `plugin_init` or a hook.
    pub fn export(&self) -> Option<&str> {
        match self.0.during {
            Stage::Export(name) => Some(name),
            _ => None,
        }
    }

    /// Returns the message without the context, usually one line.
    pub fn message(&self) -> String {
        self.account().message
    }

    /// Returns what to do next, if it is not obvious; usually the setting that raises a limit.
    pub fn hint(&self) -> Option<String> {
        self.account().help.map(Into::into)
    }

    /// Replaces the [`hint`](Failure::hint).
    ///
    /// Use this in a host whose users do not write Rust and know its settings by other names.
    ///
    /// ```
    /// # use plugin_sdk_harness::Plugin;
    /// let failure = Plugin::from_file("missing.wasm").unwrap_err();
    /// let failure = failure.with_hint("`just plugin` builds it");
    /// assert_eq!(failure.hint().unwrap(), "`just plugin` builds it");
    /// ```
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).hint = Some(hint.into());
        self
    }

    /// Returns the message that the real, emulated [host](crate::hosts) reports for such a failure.
    ///
    /// Users who have seen that message find its reason here. Returns `None` if the host's
    /// documentation does not quote one.
    pub fn host_says(&self) -> Option<&str> {
        self.0.host_says.as_deref()
    }

    /// Adds the message of the emulated host.
    pub(crate) fn with_host_says(mut self, words: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).host_says = Some(words.into());
        self
    }

    /// Returns the guest's stack at the failure, innermost frame first, at most 64 calls deep.
    ///
    /// Frames of the panic machinery and of the SDK are omitted. The stack is empty if the guest
    /// was not running.
    pub fn backtrace(&self) -> &[Frame] {
        self.0.context.backtrace.relevant()
    }

    /// Returns the same stack as [`backtrace`](Failure::backtrace), with all frames.
    pub fn full_backtrace(&self) -> &[Frame] {
        self.0.context.backtrace.all()
    }

    /// Returns the last calls of host functions within the failed call, oldest first; at most 8.
    pub fn host_calls(&self) -> &[HostCall] {
        &self.0.context.host_calls
    }

    /// Returns the last lines of the plugin's log, oldest first; at most 16.
    ///
    /// Empty unless the log is a [`RecordedLog`](crate::services::RecordedLog).
    pub fn logs(&self) -> &[LogLine] {
        &self.0.context.logs
    }

    /// Returns the resources that the call had used, with their limits; `None` if there was no
    /// call.
    pub fn usage(&self) -> Option<&Usage> {
        self.0.context.usage.as_ref()
    }

    /// Returns the report like `Display`, with escape sequences that colour it on a terminal.
    ///
    /// ```no_run
    /// # fn example(failure: plugin_sdk_harness::Failure) {
    /// use std::io::IsTerminal;
    ///
    /// if std::io::stderr().is_terminal() {
    ///     eprintln!("{}", failure.colored());
    /// } else {
    ///     eprintln!("{failure}");
    /// }
    /// # }
    /// ```
    pub fn colored(&self) -> impl fmt::Display + '_ {
        struct Colored<'a>(&'a Failure);
        impl fmt::Display for Colored<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                report::render(self.0, &Renderer::styled(), f)
            }
        }
        Colored(self)
    }

    /// Returns the failure as JSON, in the same form as it serialises to.
    ///
    /// Text is bounded and filtered as in the message.
    ///
    /// | member | type | meaning |
    /// |---|---|---|
    /// | `kind` | string | the kind in `snake_case`; `plugin` for an error that the plugin returned |
    /// | `code` | string | [`code`](Failure::code): the same, except for an error that the plugin returned or would have returned |
    /// | `message` | string | [`message`](Failure::message) |
    /// | `command`, `export` | string | the called command or export; omitted if there was no call |
    /// | `panic` | object | `message`, `file`, `line`, `column`; omitted if there was no panic |
    /// | `error` | object | `code`, `message`, `details`?, `source`? of the error that the plugin or a host function returned; omitted if there was no error. Details of more than 4 KiB are omitted |
    /// | `host_says` | string | [`host_says`](Failure::host_says); omitted if there is none |
    /// | `first` | object | the failure that poisoned the instance, in the same form; omitted for other kinds |
    /// | `notes` | array of strings | further details |
    /// | `hint` | string or null | [`hint`](Failure::hint) |
    /// | `output` | string or null | the output of cargo, if a build failed |
    /// | `backtrace` | array | `function`, `function_index`, `module_offset`, `file`, `line`, `column`, `inlined` of each [`Frame`] |
    /// | `host_calls` | array | `function`, `arguments`, `outcome`, `duration_ms` of each [`HostCall`] |
    /// | `logs` | array | `level`, `target`, `message` of each [`LogLine`] |
    /// | `usage` | object or null | `memory_bytes`, `fuel`, `time_ms`: each null or an object with `used` and `limit` |
    ///
    /// Later versions may add members.
    pub fn to_json(&self) -> serde_json::Value {
        // Every value in a failure has a form in JSON.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Has no `source`: the message already includes the failure that caused
/// [`Poisoned`](FailureKind::Poisoned).
impl std::error::Error for Failure {}

/// Formats the whole report, without colours.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        report::render(self, &Renderer::plain(), f)
    }
}

/// Formats the same report as `Display`, because a test's `unwrap` prints it.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The typed cause of a [`Failure`].
#[derive(Clone)]
#[non_exhaustive]
pub enum FailureKind {
    /// The plugin returned an error: for bad arguments, or one that its author defined.
    ///
    /// The instance stays usable.
    Plugin(plugin_sdk::Error),

    /// The arguments, a configuration or an event's data do not match the plugin's schema.
    ///
    /// They were not passed to the plugin. `PluginBuilder::check_arguments` turns this check on.
    DoesNotFit {
        /// The error that the plugin would have returned.
        ///
        /// Its details also contain the path as a JSON Pointer, and all problems if there are
        /// several.
        error: plugin_sdk::Error,
        /// The problems, at most 16.
        problems: Vec<Problem>,
    },
    /// Values cannot be validated: the plugin's schema is invalid or would take too long.
    BadSchema {
        /// The reason.
        reason: String,
    },

    /// The plugin panicked.
    Panic(Panic),
    /// The plugin needed more linear memory than its limit allows.
    OutOfMemory {
        /// The requested size of the memory, in bytes.
        requested: u64,
        /// The maximum size of the memory, in bytes.
        limit: u64,
    },
    /// Calls nested too deeply, or local values were too large.
    StackOverflow(Stack),
    /// The call used all its fuel.
    OutOfFuel {
        /// The fuel limit of a call.
        limit: u64,
    },
    /// The call took too long.
    Timeout {
        /// The time limit of a call.
        limit: Duration,
        /// The host function that was running, as `module.name`; `None` in the plugin's own code.
        during: Option<String>,
    },
    /// The call's future was dropped before it completed.
    Cancelled,
    /// The plugin trapped in another way.
    Trap {
        /// The engine's message.
        message: String,
    },
    /// The instance is unusable because of an earlier trap.
    Poisoned {
        /// The failure that made it unusable.
        first: Failure,
    },

    /// The plugin returned an address and a length that are not within its memory.
    OutOfBounds {
        /// The expected contents.
        region: Region,
        /// The address.
        address: u32,
        /// The length in bytes.
        len: u32,
        /// The size of the memory in bytes.
        memory: u64,
    },
    /// `alloc` returned an address that is not a multiple of 16.
    Misaligned {
        /// The address.
        address: u32,
    },
    /// `alloc` returned 0, which means out of memory, although the memory limit was not reached.
    AllocationFailed {
        /// The requested size in bytes.
        bytes: u32,
    },
    /// Text from the plugin is not valid UTF-8.
    NotUtf8 {
        /// The origin of the text.
        region: Region,
        /// The number of valid bytes at its beginning.
        valid_up_to: usize,
    },
    /// JSON from the plugin is invalid or does not match the requested type.
    BadJson {
        /// The origin of the text.
        region: Region,
        /// The reason and the position.
        reason: String,
        /// The text around that position.
        excerpt: String,
    },
    /// A result in the binary codec is invalid or does not match the requested type.
    BadBinary {
        /// The reason.
        reason: String,
    },
    /// The result of a batch does not contain exactly one answer per input.
    BadBatch {
        /// The reason.
        reason: String,
    },
    /// The plugin's result is larger than the host's limit for decoding.
    ResultTooLarge {
        /// The kind of result.
        region: Region,
        /// The length in bytes.
        bytes: u64,
        /// The maximum length in bytes.
        limit: u64,
    },

    /// The arguments are larger than the ABI allows.
    ArgumentsTooLarge {
        /// The length in bytes.
        bytes: u64,
        /// The maximum length in bytes.
        limit: u64,
    },
    /// The arguments given to the harness cannot be encoded.
    BadArguments {
        /// The reason.
        reason: String,
    },
    /// The plugin has no such command.
    UnknownCommand {
        /// The requested name.
        name: String,
        /// The command with the most similar name.
        nearest: Option<String>,
        /// The plugin's commands.
        known: Vec<String>,
    },

    /// The bytes are not a WebAssembly module.
    NotWasm {
        /// The format that the bytes appear to have.
        found: String,
    },
    /// The module is truncated.
    Truncated {
        /// The number of bytes present.
        bytes: u64,
    },
    /// The bytes are a component, not a module.
    Component,
    /// The module is not valid, or uses a proposal that the harness does not support.
    InvalidModule {
        /// The reason and the byte offset.
        reason: String,
    },
    /// The module exceeds the maximum size.
    ModuleTooLarge {
        /// The module's size in bytes.
        bytes: u64,
        /// The maximum size in bytes.
        limit: u64,
    },
    /// The module exceeds a limit on its contents, or would take too long to compile.
    ModuleLimit {
        /// The limit's name: a field of [`ModuleLimits`](crate::ModuleLimits).
        setting: &'static str,
        /// The excess, as a phrase: `has 200000 functions`.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// The module is for another version of the ABI.
    AbiVersion {
        /// The module's version.
        found: String,
        /// The harness's version.
        supported: u32,
    },
    /// The module lacks an export that every plugin has, or that this call needs.
    MissingExport {
        /// The export's name.
        name: String,
        /// A description of the expected export.
        expected: String,
        /// The likely cause and the fix, if the module gives a clue.
        cause: Option<String>,
    },
    /// An export has a type other than the ABI requires.
    WrongExport {
        /// The export's name.
        name: String,
        /// A description of the expected export.
        expected: String,
        /// A description of the actual export.
        found: String,
    },
    /// The module imports items that the harness does not provide.
    MissingImports {
        /// All missing imports.
        imports: Vec<Import>,
    },
    /// The module imports a host function with a type other than the host's.
    WrongImport {
        /// The import.
        import: Import,
        /// The host's type.
        expected: String,
        /// The module's type.
        found: String,
    },
    /// A host function was called with an invalid argument, such as an address out of bounds.
    BadHostArgument {
        /// The function, as `module.name`.
        function: String,
        /// The reason.
        reason: String,
    },
    /// A host function failed and has no result that could report the error to the plugin.
    HostFunction {
        /// The function, as `module.name`.
        function: String,
        /// The error that it would have returned.
        error: plugin_sdk::Error,
    },
    /// The module imports an asynchronous host function, but the host is synchronous.
    AsyncHostFunction {
        /// The function, as `module.name`.
        function: String,
    },
    /// The plugin violates a rule of the emulated [host](crate::hosts) that it was built for.
    ///
    /// The real host may crash on it or never notice.
    HostContract {
        /// The host's name: `neotalk`.
        host: &'static str,
        /// The rule.
        rule: &'static str,
        /// The plugin's behaviour.
        found: String,
    },
    /// The emulated [host](crate::hosts) does not support the requested operation.
    HostLacks {
        /// The host's name: `neotalk`.
        host: &'static str,
        /// The unsupported facility: `events`.
        what: &'static str,
    },
    /// The module's tables exceed the maximum number of elements.
    TableTooLarge {
        /// The requested number of elements.
        requested: u64,
        /// The maximum number of elements.
        limit: u64,
    },
    /// All instances of the pool are in use.
    PoolExhausted {
        /// The size of the pool.
        limit: u32,
    },

    /// The plugin's crate could not be built.
    Build(BuildFailure),
    /// A file or a folder could not be used.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's message.
        reason: String,
    },
    /// A service could not be set up as requested.
    Service {
        /// The service, by the name of its permission.
        service: &'static str,
        /// The reason.
        reason: String,
    },
    /// The plugin needs permissions that are not granted, and was built
    /// [strictly](crate::PluginBuilder::strict).
    NotGranted {
        /// The permissions that are not granted, with the plugin's reasons.
        permissions: Vec<Permission>,
    },
    /// The engine could not be set up as requested.
    Engine {
        /// The engine's message.
        reason: String,
    },
}

/// A panic in a plugin, from its panic record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Panic {
    /// The message, or in parentheses the reason why there is none.
    pub message: String,
    /// The source file, as the compiler saw it; empty if the plugin did not record it.
    pub file: String,
    /// The line, counted from 1; 0 if the plugin did not record it.
    pub line: u32,
    /// The column, counted from 1; 0 if the plugin did not record it.
    pub column: u32,
}

/// The stack that overflowed, of the two that a plugin has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stack {
    /// The engine's stack, which holds calls and most local values.
    Wasm {
        /// The size in bytes.
        limit: u64,
    },
    /// The guest's own stack in linear memory, which holds local values that have an address.
    ///
    /// It grows down towards address 0.
    Shadow {
        /// The address that was reached, which has wrapped around below 0.
        address: u64,
    },
}

/// A region of a guest's memory with a meaning in the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Region {
    /// The buffer that `alloc` returned for arguments.
    Arguments,
    /// The result of a call.
    Result,
    /// The error that a call returned.
    Error,
    /// The panic record.
    PanicRecord,
    /// The heap record of a plugin that counts its allocations.
    HeapRecord,
}

/// An import of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module to import from.
    pub module: String,
    /// The name within that module.
    pub name: String,
}

/// The reason why a plugin's crate could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildFailure {
    /// There is no crate in the folder.
    NoCrate {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder contains a workspace without a root crate.
    Workspace {
        /// The folder.
        dir: PathBuf,
    },
    /// The crate's library is not a `cdylib`, so the build makes no module.
    NotCdylib {
        /// The crate's `Cargo.toml`.
        manifest: PathBuf,
    },
    /// The crate lacks a requested feature.
    NoFeature {
        /// The crate's `Cargo.toml`.
        manifest: PathBuf,
        /// The feature.
        feature: String,
    },
    /// The toolchain has no standard library for WebAssembly.
    MissingTarget {
        /// The toolchain's name, if known.
        toolchain: Option<String>,
    },
    /// A dependency defines a function under the name of one that hosts call in the plugin.
    ///
    /// A module has at most one function of a name.
    Clash {
        /// The function's name.
        symbol: String,
        /// The dependency's crate name, as in Rust code.
        dependency: String,
    },
    /// The compiler or cargo reported an error.
    Failed {
        /// The command.
        command: String,
        /// The output of the command.
        output: String,
        /// A note on flags of the outer build that did not reach this one, if there are any.
        note: Option<String>,
        /// The fix, if known.
        help: Option<String>,
    },
    /// Cargo could not be run.
    NoCargo {
        /// The program.
        program: String,
        /// The operating system's message.
        reason: String,
    },
}

fn keep_last<T>(list: &mut Vec<T>, kept: usize) {
    list.drain(..list.len().saturating_sub(kept));
}

impl FailureKind {
    fn code(&self) -> &str {
        match self {
            FailureKind::Plugin(error) | FailureKind::DoesNotFit { error, .. } => error.code(),
            kind => kind.word(),
        }
    }

    /// Returns the word for the kind, even if the plugin's error has its own code.
    fn word(&self) -> &'static str {
        match self {
            FailureKind::Plugin(_) => "plugin",
            FailureKind::DoesNotFit { .. } => "does_not_fit",
            FailureKind::BadSchema { .. } => "bad_schema",
            FailureKind::Panic(_) => "panic",
            FailureKind::OutOfMemory { .. } => "out_of_memory",
            FailureKind::StackOverflow(_) => "stack_overflow",
            FailureKind::OutOfFuel { .. } => "out_of_fuel",
            FailureKind::Timeout { .. } => "timeout",
            FailureKind::Cancelled => "cancelled",
            FailureKind::Trap { .. } => "trap",
            FailureKind::Poisoned { .. } => "poisoned",
            FailureKind::OutOfBounds { .. } => "out_of_bounds",
            FailureKind::Misaligned { .. } => "misaligned",
            FailureKind::AllocationFailed { .. } => "allocation_failed",
            FailureKind::NotUtf8 { .. } => "not_utf8",
            FailureKind::BadJson { .. } => "bad_json",
            FailureKind::BadBinary { .. } => "bad_binary",
            FailureKind::BadBatch { .. } => "bad_batch",
            FailureKind::ResultTooLarge { .. } => "result_too_large",
            FailureKind::ArgumentsTooLarge { .. } => "arguments_too_large",
            FailureKind::BadArguments { .. } => "bad_arguments",
            FailureKind::UnknownCommand { .. } => plugin_sdk::code::UNKNOWN_COMMAND,
            FailureKind::NotWasm { .. } => "not_wasm",
            FailureKind::Truncated { .. } => "truncated",
            FailureKind::Component => "component",
            FailureKind::InvalidModule { .. } => "invalid_module",
            FailureKind::ModuleTooLarge { .. } => "module_too_large",
            FailureKind::ModuleLimit { .. } => "module_limit",
            FailureKind::AbiVersion { .. } => "abi_version",
            FailureKind::MissingExport { .. } => "missing_export",
            FailureKind::WrongExport { .. } => "wrong_export",
            FailureKind::MissingImports { .. } => "missing_imports",
            FailureKind::WrongImport { .. } => "wrong_import",
            FailureKind::BadHostArgument { .. } => "bad_host_argument",
            FailureKind::HostFunction { .. } => "host_function",
            FailureKind::AsyncHostFunction { .. } => "async_host_function",
            FailureKind::HostContract { .. } => "host_contract",
            FailureKind::HostLacks { .. } => plugin_sdk::code::UNSUPPORTED,
            FailureKind::TableTooLarge { .. } => "table_too_large",
            FailureKind::PoolExhausted { .. } => "pool_exhausted",
            FailureKind::Build(build) => match build {
                BuildFailure::NoCrate { .. } => "no_crate",
                BuildFailure::Workspace { .. } => "workspace",
                BuildFailure::NotCdylib { .. } => "not_a_cdylib",
                BuildFailure::NoFeature { .. } => "no_feature",
                BuildFailure::MissingTarget { .. } => "missing_target",
                BuildFailure::Clash { .. } => "symbol_clash",
                BuildFailure::Failed { .. } => "build_failed",
                BuildFailure::NoCargo { .. } => "no_cargo",
            },
            FailureKind::Io { .. } => "io",
            FailureKind::Service { .. } => "service",
            FailureKind::NotGranted { .. } => "permissions_not_granted",
            FailureKind::Engine { .. } => "engine",
        }
    }
}
