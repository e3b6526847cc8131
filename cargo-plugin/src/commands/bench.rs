//! `cargo plugin bench`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Measures the plugin's commands
#[derive(clap::Args)]
pub struct Bench {}

impl Bench {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin bench` is not there yet"))
    }
}
