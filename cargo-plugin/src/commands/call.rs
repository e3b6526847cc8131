//! `cargo plugin call`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Calls a command of a plugin
#[derive(clap::Args)]
pub struct Call {}

impl Call {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin call` is not there yet"))
    }
}
