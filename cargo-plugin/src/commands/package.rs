//! `cargo plugin package`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Packs the plugin into one archive
#[derive(clap::Args)]
pub struct Package {}

impl Package {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin package` is not there yet"))
    }
}
