//! `cargo plugin completions`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Prints completions for a shell
#[derive(clap::Args)]
pub struct Completions {}

impl Completions {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin completions` is not there yet"))
    }
}
