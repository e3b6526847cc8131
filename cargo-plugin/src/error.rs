//! The reason why a command failed.

use std::fmt;

use plugin_sdk_harness::Failure;

use crate::text;

/// An error for people: the fault, its causes, and a hint.
#[derive(Debug)]
pub struct Error {
    message: String,
    causes: Vec<String>,
    help: Option<String>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Creates an error from a message in lower case and without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Error {
            message: message.into(),
            causes: Vec::new(),
            help: None,
        }
    }

    /// Adds a cause; further causes follow below it.
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Adds a failure of the harness as a cause, with its hint.
    pub fn because_of(mut self, failure: &Failure) -> Self {
        self.help = failure.hint().or(self.help);
        self.because(failure.message())
    }

    /// Sets the hint.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Creates the error for a command that a plugin with these commands does not have.
    pub fn no_command(name: &str, commands: &[&str]) -> Self {
        let error = Error::new(format!(
            "the plugin has no command `{}`",
            text::line(name, 100)
        ));
        let nearest = text::nearest(name, commands.iter().copied());
        error.help(match nearest {
            Some(nearest) => format!("did you mean `{}`?", text::line(nearest, 100)),
            None if commands.is_empty() => "it has no commands at all".to_owned(),
            None => format!("it has {}", text::line(&commands.join(", "), 500)),
        })
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}
