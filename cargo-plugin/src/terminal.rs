//! Output for people and programs: text, coloured on a terminal, or one JSON document.

use std::cell::Cell;
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::error::{Error, Result};
use crate::text;

/// The form in which results are shown.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    Text,
    Json,
}

/// The outcome of a command that completed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Yes,
    No,
}

impl From<bool> for Verdict {
    fn from(is_yes: bool) -> Self {
        match is_yes {
            true => Verdict::Yes,
            false => Verdict::No,
        }
    }
}

pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const NOTE: Style = AnsiColor::Cyan.on_default().bold();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const HEADING: Style = Style::new().bold().underline();

/// The interval between frames of a spinner.
const TICK: Duration = Duration::from_millis(100);

/// A spinner that turns during an operation. Invisible if standard error is not a terminal.
pub struct Spinner(ProgressBar);

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The interval between lines about progress where no bar can be shown.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// The progress of a long operation: a bar on a terminal, a line from time to time otherwise.
pub struct Progress {
    bar: ProgressBar,
    form: Form,
    /// The time of the last line.
    last: Cell<Instant>,
}

impl Progress {
    /// Shows how far the operation is, if it is time for that.
    pub fn show(&self, at: u64, line: impl FnOnce() -> String) {
        let is_plain = self.bar.is_hidden();
        let interval = if is_plain { PLAIN_INTERVAL } else { TICK };
        if self.form == Form::Json || self.last.get().elapsed() < interval {
            return;
        }
        self.last.set(Instant::now());
        match is_plain {
            true => status(self.form, "Running", &line()),
            false => {
                self.bar.set_position(at);
                self.bar.set_message(line());
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The report of a command: serialised for programs, written as text for people.
pub trait Report: Serialize {
    /// Writes the report for people; the terminal removes `anstyle` styles if it shows no colours.
    fn text(&self, out: &mut dyn Write) -> std::io::Result<()>;

    /// Returns the answer of the command, which decides the exit code.
    fn verdict(&self) -> Verdict {
        Verdict::Yes
    }
}

/// Reports on several items: a program reads one document for one item, and a list for several.
pub struct Several<R>(pub Vec<R>);

impl<R: Serialize> Serialize for Several<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [only] => only.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<R: Report> Report for Several<R> {
    fn text(&self, out: &mut dyn Write) -> std::io::Result<()> {
        for (nth, report) in self.0.iter().enumerate() {
            if nth > 0 {
                writeln!(out)?;
            }
            report.text(out)?;
        }
        Ok(())
    }
}

/// Standard output and standard error.
pub struct Terminal {
    form: Form,
}

impl Terminal {
    pub fn new(form: Form) -> Self {
        Terminal { form }
    }

    pub fn form(&self) -> Form {
        self.form
    }

    /// Shows a command's report, once per run, and returns its verdict.
    pub fn show(&mut self, report: &impl Report) -> Result<Verdict> {
        let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
        let written = match self.form {
            Form::Text => report.text(&mut out),
            Form::Json => write_json(&mut out, report),
        };
        finished(written.and_then(|()| out.flush()))?;
        Ok(report.verdict())
    }

    /// Shows a document to programs, for a command that shows people something else.
    pub fn document(&mut self, document: &impl Serialize) -> Result<()> {
        let mut out = std::io::stdout().lock();
        finished(write_json(&mut out, document).and_then(|()| out.flush()))
    }

    /// Writes bytes to standard output unchanged: the plugin's output is passed on as it is.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut out = std::io::stdout().lock();
        finished(out.write_all(bytes).and_then(|()| out.flush()))
    }

    /// Reports progress to people on standard error, in cargo's style: `  Building greeter`.
    pub fn status(&self, verb: &str, what: &str) {
        status(self.form, verb, what);
    }

    /// Shows a spinner until it is dropped, only to people at a terminal.
    pub fn spinner(&self, what: &str) -> Spinner {
        let bar = ProgressBar::with_draw_target(None, self.target()).with_message(what.to_owned());
        bar.enable_steady_tick(TICK);
        Spinner(bar)
    }

    /// Shows people the progress of an operation until it is dropped; `end` is its last position,
    /// if it is known.
    pub fn progress(&self, end: Option<u64>) -> Progress {
        let bar = ProgressBar::with_draw_target(end, self.target());
        // The words are constant, so the style is always valid.
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}") {
            bar.set_style(style);
        }
        Progress {
            bar,
            form: self.form,
            last: Cell::new(Instant::now()),
        }
    }

    fn target(&self) -> ProgressDrawTarget {
        match self.form {
            Form::Text => ProgressDrawTarget::stderr(),
            Form::Json => ProgressDrawTarget::hidden(),
        }
    }

    /// Shows people a warning on standard error.
    pub fn warning(&self, what: &str) {
        if self.form == Form::Text {
            anstream::eprintln!("{WARNING}warning{WARNING:#}: {}", text::shown(what));
        }
    }

    /// Ends the run: shows an error, and returns the exit code.
    pub fn finish(&mut self, outcome: Result<Verdict>) -> ExitCode {
        match outcome {
            Ok(Verdict::Yes) => ExitCode::SUCCESS,
            Ok(Verdict::No) => ExitCode::from(1),
            Err(error) => {
                self.failed(&error);
                ExitCode::from(3)
            }
        }
    }

    /// Shows an error.
    pub fn failed(&self, error: &Error) {
        if self.form == Form::Json {
            let document = json!({"error": {
                "message": error.message(), "causes": error.causes(), "help": error.advice(),
            }});
            let document = text::safe_json(&format!("{document:#}"));
            // If the error cannot be shown, there is still the exit code.
            let _ = writeln!(std::io::stdout(), "{document}");
            return;
        }
        anstream::eprintln!("{BAD}error{BAD:#}: {}", text::shown(error.message()));
        if !error.causes().is_empty() {
            anstream::eprintln!("\nCaused by:");
            for cause in error.causes() {
                anstream::eprintln!("  {}", text::shown(cause).replace('\n', "\n  "));
            }
        }
        if let Some(help) = error.advice() {
            anstream::eprintln!("\n{NOTE}help{NOTE:#}: {}", text::shown(help));
        }
    }
}

/// Writes a line in cargo's style to people on standard error.
fn status(form: Form, verb: &str, what: &str) {
    if form == Form::Text {
        anstream::eprintln!("{GOOD}{verb:>12}{GOOD:#} {}", text::shown(what));
    }
}

fn write_json(out: &mut impl Write, document: &impl Serialize) -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    writeln!(out, "{}", text::safe_json(&text))
}

/// Ignores a closed pipe: its reader has seen enough.
fn finished(written: std::io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new("cannot write to standard output").because(error))
        }
        _ => Ok(()),
    }
}
