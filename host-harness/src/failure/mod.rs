//! What can go wrong, each kind told apart, and what was going on when it did.
//!
//! `display.rs` has the words, `hint.rs` what to do about a panic, `backtrace.rs` the guest's stack, `report.rs` lays all of it out for
//! people and `json.rs` for machines.

mod advice;
mod backtrace;
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

use std::fmt;
use std::sync::Arc;

use annotate_snippets::Renderer;

use crate::text;

pub use advice::is_javascript;
pub(crate) use advice::is_of_plugins;
pub use backtrace::Frame;
pub(crate) use backtrace::{Backtrace, WayOut};
pub(crate) use context::{Context, Stage};
pub use context::{HostCall, LogLine, Usage, Used};
pub(crate) use hint::{PRINTING, unsupported};
pub use kind::{BuildFailure, FailureKind, Import, Panic, Region, Stack};
pub use problem::Problem;

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

    /// A failure of the engine in which no guest had a part.
    pub(crate) fn engine(error: wasmtime::Error) -> Self {
        Failure::load(FailureKind::Engine {
            reason: format!("{error:#}"),
        })
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

fn keep_last<T>(list: &mut Vec<T>, kept: usize) {
    list.drain(..list.len().saturating_sub(kept));
}
