//! `cargo plugin test`

use crate::error::{Error, Result};
use crate::terminal::{Terminal, Verdict};

/// Tests the plugin
#[derive(clap::Args)]
pub struct Test {}

impl Test {
    pub fn run(self, _terminal: &mut Terminal) -> Result<Verdict> {
        Err(Error::new("`cargo plugin test` is not there yet"))
    }
}
