//! The harness's typed failures and the context of each.
//!
//! `display.rs` contains the messages, `hint.rs` the hints for panics and `backtrace.rs` the
//! guest's stack. `report.rs` formats failures for people, `json.rs` for machines.

mod advice;
mod backtrace;
mod caught;
mod context;
mod display;
mod hint;
mod json;
mod kind;
mod problem;
mod report;
#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests;
pub(crate) mod ways;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::Renderer;

use crate::text;

pub use advice::is_javascript;
pub(crate) use advice::is_of_plugins;
pub use backtrace::Frame;
pub(crate) use backtrace::{Backtrace, RawFrame};
pub(crate) use caught::{caught, is_unwinding, message, outside};
pub(crate) use context::{Context, Stage};
pub use context::{HostCall, LogLine, Quota, Usage};
pub(crate) use hint::{PRINTING, unsupported};
pub use kind::{BuildFailure, FailureKind, Import, Panic, Region, Stack};
pub use problem::Problem;
pub(crate) use ways::WayOut;

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
/// let title = "error[out_of_fuel]: command `spin` used up its fuel of 10000";
/// assert!(failure.to_string().starts_with(title));
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
    /// The file in which the failure is kept, or why it could not be written.
    capsule: Option<Result<PathBuf, String>>,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, during: Stage) -> Self {
        Failure(Arc::new(Report {
            kind,
            during,
            context: Context::default(),
            hint: None,
            host_says: None,
            capsule: None,
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

    /// Creates a failure of the engine that no guest caused.
    pub(crate) fn engine(error: impl fmt::Display) -> Self {
        Failure::load(FailureKind::Engine {
            reason: format!("{error:#}"),
        })
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
    /// If the host validated the arguments against [the plugin's
    /// schema](FailureKind::SchemaMismatch), this is the error that the plugin would have returned.
    pub fn plugin_error(&self) -> Option<&plugin_sdk::Error> {
        match &self.0.kind {
            FailureKind::Plugin(error) | FailureKind::SchemaMismatch { error, .. } => Some(error),
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

    /// Returns the [capsule](crate::capsule) in which the failure is kept, if it is: a file that
    /// `cargo plugin replay` runs again.
    pub fn capsule(&self) -> Option<&Path> {
        self.0.capsule.as_ref()?.as_deref().ok()
    }

    /// Adds the file in which the failure is kept, or why it could not be written.
    pub(crate) fn with_capsule(mut self, capsule: Result<PathBuf, String>) -> Self {
        Arc::make_mut(&mut self.0).capsule = Some(capsule);
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

    /// Returns the last lines that the plugin logged, oldest first; at most 16.
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
    /// | `host_says` | string | [`host_says`](Failure::host_says); omitted if the host says nothing |
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
        serde_json::to_value(self).unwrap_or_else(|error| {
            let message = format!("{} (no details: {error})", self.message());
            serde_json::json!({"kind": self.0.kind.word(), "code": self.code(), "message": message})
        })
    }
}

/// There is no `source`: the message already includes the failure that caused
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

fn keep_last<T>(list: &mut Vec<T>, kept: usize) {
    list.drain(..list.len().saturating_sub(kept));
}
