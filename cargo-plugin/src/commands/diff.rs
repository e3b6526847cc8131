//! `cargo plugin diff`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Tells what a new version of a plugin changes for its users
#[derive(clap::Args)]
pub struct Diff {}

impl Diff {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin diff` is not there yet"))
    }
}
