//! `cargo plugin new`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Makes a new plugin project
#[derive(clap::Args)]
pub struct New {}

impl New {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin new` is not there yet"))
    }
}
