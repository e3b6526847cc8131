//! What people and programs see: text in colours where there is a terminal, or one JSON document.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::error::{Error, Result};
use crate::text;

/// How results are shown.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    Text,
    Json,
}

/// What came of a command that was done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    Yes,
    No,
}

pub const GOOD: Style = AnsiColor::Green.on_default().bold();
pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const NOTE: Style = AnsiColor::Cyan.on_default().bold();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const HEADING: Style = Style::new().bold().underline();

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(100);

/// Turns while something is going on. Where standard error is no terminal, nothing is seen of it.
pub struct Spinner(ProgressBar);

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// What a command tells: to programs by being serialised, to people by writing itself out.
pub trait Report: Serialize {
    /// Writes itself for people; styles of `anstyle` are removed where there are no colours.
    fn text(&self, out: &mut dyn Write) -> std::io::Result<()>;
}

/// What a command tells of each of some things: a program reads one document if it is one thing, and a list if it is several.
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

    /// Shows what a command has to tell, once in its run.
    pub fn show(&mut self, report: &impl Report) -> Result<()> {
        let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
        let written = match self.form {
            Form::Text => report.text(&mut out),
            Form::Json => write_json(&mut out, report),
        };
        finished(written.and_then(|()| out.flush()))
    }

    /// Shows a document to programs, for a command that shows people something else.
    pub fn document(&mut self, document: &impl Serialize) -> Result<()> {
        let mut out = std::io::stdout().lock();
        finished(write_json(&mut out, document).and_then(|()| out.flush()))
    }

    /// Writes bytes on standard output as they are: what a plugin gave is not ours to change.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut out = std::io::stdout().lock();
        finished(out.write_all(bytes).and_then(|()| out.flush()))
    }

    /// Tells people what is being done, on standard error, as cargo does: `  Building greeter`.
    pub fn status(&self, verb: &str, what: &str) {
        if self.form == Form::Text {
            anstream::eprintln!("{GOOD}{verb:>12}{GOOD:#} {what}");
        }
    }

    /// Shows that something is going on, until it is dropped: only to people at a terminal.
    pub fn spinner(&self, what: &str) -> Spinner {
        let target = match self.form {
            Form::Text => ProgressDrawTarget::stderr(),
            Form::Json => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target).with_message(what.to_owned());
        bar.enable_steady_tick(TICK);
        Spinner(bar)
    }

    /// Tells people of something that keeps nothing from being done, on standard error.
    pub fn warning(&self, what: &str) {
        if self.form == Form::Text {
            anstream::eprintln!("{WARNING}warning{WARNING:#}: {what}");
        }
    }

    /// Ends the run: shows an error, and gives the exit code.
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

    fn failed(&self, error: &Error) {
        if self.form == Form::Json {
            let document = json!({"error": {
                "message": error.message(), "causes": error.causes(), "help": error.advice(),
            }});
            anstream::println!("{}", text::safe_json(&format!("{document:#}")));
            return;
        }
        anstream::eprintln!("{BAD}error{BAD:#}: {}", error.message());
        if !error.causes().is_empty() {
            anstream::eprintln!("\nCaused by:");
            for cause in error.causes() {
                anstream::eprintln!("  {}", cause.replace('\n', "\n  "));
            }
        }
        if let Some(help) = error.advice() {
            anstream::eprintln!("\n{NOTE}help{NOTE:#}: {help}");
        }
    }
}

fn write_json(out: &mut impl Write, document: &impl Serialize) -> std::io::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    writeln!(out, "{}", text::safe_json(&text))
}

/// Whoever closes the pipe has seen enough.
fn finished(written: std::io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new("cannot write to standard output").because(error))
        }
        _ => Ok(()),
    }
}
