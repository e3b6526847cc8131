//! `cargo plugin info`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Tells what a plugin says of itself
#[derive(clap::Args)]
pub struct Info {}

impl Info {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin info` is not there yet"))
    }
}
