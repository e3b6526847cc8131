//! `cargo plugin list`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Lists the plugins of a folder
#[derive(clap::Args)]
pub struct List {}

impl List {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin list` is not there yet"))
    }
}
