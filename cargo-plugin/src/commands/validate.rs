//! `cargo plugin validate`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Checks a plugin file
#[derive(clap::Args)]
pub struct Validate {}

impl Validate {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin validate` is not there yet"))
    }
}
