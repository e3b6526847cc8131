//! `cargo plugin build`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Builds the plugin and the files that go with it
#[derive(clap::Args)]
pub struct Build {}

impl Build {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin build` is not there yet"))
    }
}
