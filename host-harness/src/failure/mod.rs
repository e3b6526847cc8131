//! What can go wrong, each kind told apart, and what was going on when it did.
//!
//! `display.rs` has the words, `hint.rs` what to do about a panic, `backtrace.rs` the guest's stack, `report.rs` lays all of it out for
//! people and `json.rs` for machines.

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

/// The most host calls that a failure tells of.
const MAX_HOST_CALLS: usize = 8;

/// The most lines of a log that a failure tells of.
pub(crate) const MAX_LOG_LINES: usize = 16;

/// The most arguments of a host call that a failure tells of.
const MAX_ARGUMENTS: usize = 16;

/// The most bytes of an argument, an outcome or a log message that a failure tells.
const MAX_VALUE: usize = 300;

/// What a call, or loading a plugin, came to when it did not succeed.
///
/// [`kind`](Failure::kind) tells what happened with all its particulars and [`code`](Failure::code) the same as a stable word. `Display`,
/// and `Debug`, so that a test's `unwrap` reads well, explain it as the Rust compiler explains a mistake: what happened, the line of source
/// where it did, the guest's stack, the last calls of the host and lines of the log, what was used of what there was, and what to do next.
/// [`colored`](Failure::colored) does so for terminals, [`to_json`](Failure::to_json) for machines.
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
/// An error that the plugin answered with is shown alone, without what was going on. Whatever text came from the guest is bounded and free
/// of terminal escapes.
///
/// Nothing of this is gathered before a call fails, and source files and debug information are not read before somebody looks.
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
    /// What to do next in the words of whoever shows it.
    hint: Option<String>,
    /// What the host that is played would have said.
    host_says: Option<String>,
}

/// What was going on around a failure, as far as it is known.
#[derive(Clone, Default)]
pub(crate) struct Context {
    /// The guest's stack, where the guest was running.
    pub(crate) backtrace: Backtrace,
    /// The call's host calls, oldest first. Only the last of them are kept.
    pub(crate) host_calls: Vec<HostCall>,
    /// The log lines, oldest first. Only the last of them are kept.
    pub(crate) logs: Vec<LogLine>,
    /// What the call had used.
    pub(crate) usage: Option<Usage>,
}

/// What was going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Reading, checking and compiling the module.
    Load,
    /// Making an instance, which runs the module's start function if it has one.
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

    /// The same failure, and what was going on around it, in bounds.
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

    /// While reading, checking or compiling a module.
    pub(crate) fn load(kind: FailureKind) -> Self {
        Failure::new(kind, Stage::Load)
    }

    /// What went wrong, with its particulars.
    pub fn kind(&self) -> &FailureKind {
        &self.0.kind
    }

    /// What went wrong as a word in `snake_case` that later versions keep.
    ///
    /// For an error that the plugin answered with, this is the error's own code, as in
    /// [`plugin_sdk::Error::code`]; look at [`kind`](Failure::kind) where the two must not be confused.
    pub fn code(&self) -> &str {
        self.0.kind.code()
    }

    /// The command that was called, if it was one.
    pub fn command(&self) -> Option<&str> {
        match &self.0.during {
            Stage::Command(name) => Some(name),
            _ => None,
        }
    }

    /// The error that the plugin answered with, if that is what the failure is, or would have answered with, where the host has held its arguments against
    /// [its own schema](FailureKind::DoesNotFit).
    pub fn plugin_error(&self) -> Option<&plugin_sdk::Error> {
        match &self.0.kind {
            FailureKind::Plugin(error) | FailureKind::DoesNotFit { error, .. } => Some(error),
            _ => None,
        }
    }

    /// The panic, if that is what the failure is.
    pub fn panic(&self) -> Option<&Panic> {
        match &self.0.kind {
            FailureKind::Panic(panic) => Some(panic),
            _ => None,
        }
    }

    /// The export that was called, if it was no command: `plugin_init` or a hook.
    pub fn export(&self) -> Option<&str> {
        match self.0.during {
            Stage::Export(name) => Some(name),
            _ => None,
        }
    }

    /// What happened, without all that was going on around it: mostly one line.
    pub fn message(&self) -> String {
        self.account().message
    }

    /// What to do next, if it is not obvious: mostly the setting that allows more.
    pub fn hint(&self) -> Option<String> {
        self.account().help.map(Into::into)
    }

    /// The same failure with another [`hint`](Failure::hint), for a host whose users do not write Rust: theirs has other names for its settings.
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

    /// What the [host](crate::hosts) that was played says of such a failure in its own words, where its documents tell: whoever has seen that finds its reason here.
    pub fn host_says(&self) -> Option<&str> {
        self.0.host_says.as_deref()
    }

    /// The same failure, and what the host that is played says of it.
    pub(crate) fn with_host_says(mut self, words: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).host_says = Some(words.into());
        self
    }

    /// The guest's stack where it failed, innermost frame first, without what panics go through and without the SDK's part; no frames where
    /// the guest was not running. At most 64 calls deep.
    pub fn backtrace(&self) -> &[Frame] {
        self.0.context.backtrace.relevant()
    }

    /// As [`backtrace`](Failure::backtrace), with all frames.
    pub fn full_backtrace(&self) -> &[Frame] {
        self.0.context.backtrace.all()
    }

    /// The last calls of host functions before the failure and within the same call, oldest first: at most 8.
    pub fn host_calls(&self) -> &[HostCall] {
        &self.0.context.host_calls
    }

    /// The last lines of the plugin's log, oldest first: at most 16, and none where the log is no
    /// [`RecordedLog`](crate::services::RecordedLog).
    pub fn logs(&self) -> &[LogLine] {
        &self.0.context.logs
    }

    /// What the call had used, against its limits; `None` where there was no call.
    pub fn usage(&self) -> Option<&Usage> {
        self.0.context.usage.as_ref()
    }

    /// As `Display`, with the escape sequences that colour it on a terminal.
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

    /// The failure as JSON, which it also serialises to. Text is bounded and filtered as in the message.
    ///
    /// | member | type | what it is |
    /// |---|---|---|
    /// | `kind` | string | the kind in `snake_case`; `plugin` for an error that the plugin answered with |
    /// | `code` | string | [`code`](Failure::code): the same but for a plugin's own error, or what would have been one |
    /// | `message` | string | [`message`](Failure::message) |
    /// | `command`, `export` | string | what was called; left out where it was neither |
    /// | `panic` | object | `message`, `file`, `line`, `column`; left out where there was none |
    /// | `error` | object | `code`, `message`, `details`?, `source`? of the plugin's or a host function's error; left out where there was none. Details of more than 4 KiB are left out |
    /// | `host_says` | string | [`host_says`](Failure::host_says); left out where there is nothing |
    /// | `first` | object | what a poisoned instance died of, in the same form; left out for other kinds |
    /// | `notes` | array of strings | further particulars |
    /// | `hint` | string or null | [`hint`](Failure::hint) |
    /// | `output` | string or null | what cargo wrote, where a build failed |
    /// | `backtrace` | array | `function`, `function_index`, `module_offset`, `file`, `line`, `column`, `inlined` of each [`Frame`] |
    /// | `host_calls` | array | `function`, `arguments`, `outcome`, `duration_ms` of each [`HostCall`] |
    /// | `logs` | array | `level`, `target`, `message` of each [`LogLine`] |
    /// | `usage` | object or null | `memory_bytes`, `fuel`, `time_ms`: each null or an object with `used` and `limit` |
    ///
    /// Later versions may add members.
    pub fn to_json(&self) -> serde_json::Value {
        // Nothing in it has no form in JSON.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Without a `source`: what a [`Poisoned`](FailureKind::Poisoned) instance died of is part of the message already.
impl std::error::Error for Failure {}

/// The whole report, without colours.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        report::render(self, &Renderer::plain(), f)
    }
}

/// The same as `Display`, so that what a test's `unwrap` prints reads well.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The kinds of [`Failure`].
#[derive(Clone)]
#[non_exhaustive]
pub enum FailureKind {
    /// The plugin answered with an error: bad arguments, or an error of its own. The instance lives on.
    Plugin(plugin_sdk::Error),

    /// The arguments, a configuration or an event's data do not fit the plugin's own schema, and were not given to it: what
    /// `PluginBuilder::check_arguments` asks for.
    DoesNotFit {
        /// The error that the plugin would have answered with. Its details have the place as a JSON Pointer too, and all problems if there are several.
        error: plugin_sdk::Error,
        /// What is wrong, at most 16 things.
        problems: Vec<Problem>,
    },
    /// Values cannot be held against the plugin's own schema, because it is none or would take too long.
    BadSchema {
        /// What is wrong with it.
        reason: String,
    },

    /// The plugin panicked.
    Panic(Panic),
    /// The plugin needed more linear memory than it may have.
    OutOfMemory {
        /// What the memory would have grown to, in bytes.
        requested: u64,
        /// What it may grow to, in bytes.
        limit: u64,
    },
    /// Calls nested too deeply, or local values were too large.
    StackOverflow(Stack),
    /// The call used all its fuel.
    OutOfFuel {
        /// The fuel of a call.
        limit: u64,
    },
    /// The call took too long.
    Timeout {
        /// The time of a call.
        limit: Duration,
        /// The host function that it was in, as `module.name`, if not in the plugin's own code.
        during: Option<String>,
    },
    /// The call's future was dropped before it was done.
    Cancelled,
    /// The plugin trapped in another way.
    Trap {
        /// The engine's words.
        message: String,
    },
    /// The instance is dead since an earlier trap.
    Poisoned {
        /// What killed it.
        first: Failure,
    },

    /// The plugin gave an address and a length that do not lie within its memory.
    OutOfBounds {
        /// What should be there.
        region: Region,
        /// The address.
        address: u32,
        /// The length in bytes.
        len: u32,
        /// The size of the memory in bytes.
        memory: u64,
    },
    /// `alloc` gave an address that is not a multiple of 16.
    Misaligned {
        /// The address.
        address: u32,
    },
    /// `alloc` gave 0, which means that it has no room, although the memory limit did not stop it.
    AllocationFailed {
        /// What it was asked for.
        bytes: u32,
    },
    /// Text that the plugin gave is not UTF-8.
    NotUtf8 {
        /// Which text.
        region: Region,
        /// How many of its bytes are UTF-8.
        valid_up_to: usize,
    },
    /// JSON that the plugin gave is not JSON, or not of the type asked for.
    BadJson {
        /// Which text.
        region: Region,
        /// What is wrong, and where.
        reason: String,
        /// The text around that place.
        excerpt: String,
    },
    /// A result in the binary codec that is not one, or not of the type asked for.
    BadBinary {
        /// What is wrong.
        reason: String,
    },
    /// The answer to a batch is not one answer for each input.
    BadBatch {
        /// What is wrong.
        reason: String,
    },
    /// The plugin's answer is larger than the host decodes.
    ResultTooLarge {
        /// Which answer.
        region: Region,
        /// Its length in bytes.
        bytes: u64,
        /// The largest length in bytes.
        limit: u64,
    },

    /// The arguments are larger than the ABI allows.
    ArgumentsTooLarge {
        /// Their length in bytes.
        bytes: u64,
        /// The largest length in bytes.
        limit: u64,
    },
    /// The arguments given to the harness cannot be encoded.
    BadArguments {
        /// What is wrong with them.
        reason: String,
    },
    /// The plugin has no such command.
    UnknownCommand {
        /// What was asked for.
        name: String,
        /// The command with the most similar name.
        nearest: Option<String>,
        /// The commands that there are.
        known: Vec<String>,
    },

    /// The bytes are no WebAssembly module but something else.
    NotWasm {
        /// What they look like.
        found: String,
    },
    /// The module breaks off.
    Truncated {
        /// The number of bytes that there are.
        bytes: u64,
    },
    /// The bytes are a component, not a module.
    Component,
    /// The module is not valid, or uses a proposal that the harness does not support.
    InvalidModule {
        /// What is wrong, and at which byte.
        reason: String,
    },
    /// The module has more bytes than it may have.
    ModuleTooLarge {
        /// The module's size in bytes.
        bytes: u64,
        /// The largest size in bytes.
        limit: u64,
    },
    /// The module has more of something than it may have, or would take too long to compile.
    ModuleLimit {
        /// The limit's name: a field of [`ModuleLimits`](crate::ModuleLimits).
        setting: &'static str,
        /// What the module has or does that is too much: `has 200000 functions`.
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
        /// What it should be.
        expected: String,
        /// Why it is not there and what to do about that, where the module shows it.
        cause: Option<String>,
    },
    /// An export is not what the ABI says.
    WrongExport {
        /// The export's name.
        name: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The module imports what the harness does not offer.
    MissingImports {
        /// All of them.
        imports: Vec<Import>,
    },
    /// The module imports a function of the host's with another type than the host has it.
    WrongImport {
        /// The import.
        import: Import,
        /// The host's type.
        expected: String,
        /// The module's type.
        found: String,
    },
    /// A host function was called with an argument that is none: an address out of bounds, say.
    BadHostArgument {
        /// The function, as `module.name`.
        function: String,
        /// What is wrong.
        reason: String,
    },
    /// A host function failed, and returns nothing that could say so to the plugin.
    HostFunction {
        /// The function, as `module.name`.
        function: String,
        /// The error that it would have returned.
        error: plugin_sdk::Error,
    },
    /// The module imports a host function whose implementation is asynchronous, and the host is not.
    AsyncHostFunction {
        /// The function, as `module.name`.
        function: String,
    },
    /// The plugin breaks a rule of the [host](crate::hosts) that it was built for and that is played here. That host itself may crash on it, or never notice.
    HostContract {
        /// The host's name: `neotalk`.
        host: &'static str,
        /// The rule.
        rule: &'static str,
        /// What the plugin does instead.
        found: String,
    },
    /// The [host](crate::hosts) that is played here never does what was asked for.
    HostLacks {
        /// The host's name: `neotalk`.
        host: &'static str,
        /// What it has not: `events`.
        what: &'static str,
    },
    /// The module's tables have more elements than they may have.
    TableTooLarge {
        /// The number of elements that they would have had.
        requested: u64,
        /// The largest number.
        limit: u64,
    },
    /// As many instances as the pool holds are in use.
    PoolExhausted {
        /// The number of instances that the pool holds.
        limit: u32,
    },

    /// The plugin's crate could not be built.
    Build(BuildFailure),
    /// A file or a folder could not be used.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// A service could not be set up as asked.
    Service {
        /// Which, by the name of its permission.
        service: &'static str,
        /// What is wrong with what was asked for.
        reason: String,
    },
    /// The plugin needs permissions that are not granted, and was built [strictly](crate::PluginBuilder::strict).
    NotGranted {
        /// Those that are not granted, with the plugin's reasons.
        permissions: Vec<Permission>,
    },
    /// The engine could not be set up as asked.
    Engine {
        /// The engine's words.
        reason: String,
    },
}

/// A panic in a plugin, as its panic record tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Panic {
    /// The message; in parentheses, why there is none.
    pub message: String,
    /// The source file, as the compiler saw it; empty where the plugin did not note it.
    pub file: String,
    /// The line, counted from 1; 0 where the plugin did not note it.
    pub line: u32,
    /// The column, counted from 1; 0 where the plugin did not note it.
    pub column: u32,
}

/// Which of a plugin's two stacks overflowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stack {
    /// The engine's, which holds calls and most local values.
    Wasm {
        /// Its size in bytes.
        limit: u64,
    },
    /// The guest's own, in linear memory, which holds local values that have an address. It grows down towards address 0.
    Shadow {
        /// How far down it went: an address that has wrapped around below 0.
        address: u64,
    },
}

/// A part of a guest's memory that the ABI gives a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Region {
    /// The buffer that `alloc` gave for arguments.
    Arguments,
    /// The result of a call.
    Result,
    /// The error that a call answered with.
    Error,
    /// The panic record.
    PanicRecord,
    /// The heap record, where the plugin counts its allocations.
    HeapRecord,
}

/// An import of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module that it should come from.
    pub module: String,
    /// Its name there.
    pub name: String,
}

/// Why a plugin's crate could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildFailure {
    /// There is no crate in the folder.
    NoCrate {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder holds a workspace without a crate of its own.
    Workspace {
        /// The folder.
        dir: PathBuf,
    },
    /// The crate's library is not built as a `cdylib`, so that there is no module.
    NotCdylib {
        /// The crate's `Cargo.toml`.
        manifest: PathBuf,
    },
    /// The crate does not offer a feature that it should be built with.
    NoFeature {
        /// The crate's `Cargo.toml`.
        manifest: PathBuf,
        /// The feature.
        feature: String,
    },
    /// The toolchain has no standard library for WebAssembly.
    MissingTarget {
        /// The toolchain's name, where it is known.
        toolchain: Option<String>,
    },
    /// A dependency defines a function that hosts call in the plugin, and a module has one function of a name.
    Clash {
        /// The function's name.
        symbol: String,
        /// The dependency, as Rust code calls it.
        dependency: String,
    },
    /// The compiler, or cargo, refused.
    Failed {
        /// The command.
        command: String,
        /// What it wrote.
        output: String,
        /// Which flags of the outer build did not reach this one, if there are any.
        note: Option<String>,
        /// What to do about it, where that is known.
        help: Option<String>,
    },
    /// Cargo could not be run.
    NoCargo {
        /// The program.
        program: String,
        /// The operating system's words.
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

    /// The kind, even where the plugin has a word of its own.
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
