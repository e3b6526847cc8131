//! `cargo plugin validate`

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use plugin_sdk_harness::hosts;

use crate::error::{Error, Result};
use crate::plugin_file::PluginFile;
use crate::terminal::{Terminal, Verdict};
use crate::validation::{Expectations, validate};

/// Checks a plugin file, without running it
///
/// Looks at its format, the exports and imports, the limits that it asks for, what it says of itself, the files beside it, and what its dependencies
/// brought in.
#[derive(clap::Args)]
pub struct Validate {
    /// The plugin: a `.wasm` file
    file: PathBuf,
    /// Shows all that was found out
    #[arg(short, long)]
    verbose: bool,
    /// The host that the plugin is to run on
    #[arg(long, value_name = "HOST", default_value = "native", value_parser = PossibleValuesParser::new(hosts::all().iter().map(|host| host.name)))]
    host: String,
    /// A module of functions that the host offers beside its own; may be given several times
    #[arg(long, value_name = "MODULE")]
    provides: Vec<String>,
    /// How much memory the host gives, in pages of 64 KiB
    #[arg(long, value_name = "PAGES")]
    memory_pages: Option<u32>,
    /// How much fuel the host gives to a call
    #[arg(long, value_name = "FUEL")]
    max_fuel: Option<u64>,
    /// How long the host lets a call take, in milliseconds
    #[arg(long, value_name = "MS")]
    timeout_ms: Option<u64>,
    /// The plugin's crate, to tell the way to a dependency that does not belong into it
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

impl Validate {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let file = PluginFile::read(&self.file)?;
        let host = hosts::find(&self.host)
            .ok_or_else(|| Error::new(format!("there is no host `{}`", self.host)))?;
        let mut validation = validate(
            &file,
            &Expectations {
                host,
                provides: self.provides,
                memory_pages: self.memory_pages,
                max_fuel: self.max_fuel,
                timeout_ms: self.timeout_ms,
                manifest_path: self.manifest_path,
            },
        );
        validation.verbose = self.verbose;
        terminal.show(&validation)?;
        Ok(match validation.passed {
            true => Verdict::Yes,
            false => Verdict::No,
        })
    }
}
