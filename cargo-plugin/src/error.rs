//! Why a command could not be done.

use std::fmt;

/// An error as people read it: what is wrong, why, and what to do about it.
#[derive(Debug)]
pub struct Error {
    message: String,
    causes: Vec<String>,
    help: Option<String>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What could not be done, in lower case and without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Error {
            message: message.into(),
            causes: Vec::new(),
            help: None,
        }
    }

    /// Why not; further causes stand below.
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// What to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
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
