//! `cargo plugin page`

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use plugin_sdk_server::page;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::plugin_file::PluginFile;
use crate::target_host;
use crate::terminal::{GOOD, Report, Terminal, Verdict};
use crate::text;

/// Writes a page on which people try a plugin, with the module inside
///
/// The page needs no server: the plugin runs in the browser, also if the page is opened from a
/// file. It has a form for each command.
#[derive(clap::Args)]
pub struct Page {
    /// The plugin's file, or the folder of its crate
    #[arg(value_name = "FILE", default_value = ".")]
    file: PathBuf,
    /// The page's file [default: the plugin's id with `.html`, in the current folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Page {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let plugin = PluginFile::read_or_build(&self.file, terminal)?;
        let inspection = plugin.inspection()?;
        let manifest = plugin.manifest(&inspection)?;
        target_host::expect_own(&plugin.wasm, "the page cannot run this plugin")?;
        let path = self
            .output
            .unwrap_or_else(|| PathBuf::from(format!("{}.html", manifest.id)));
        let failed = || Error::new(format!("cannot write `{}`", text::path(&path)));
        let manifest = serde_json::to_string(&manifest).map_err(|error| failed().because(error))?;
        let document = page::offline(&plugin.wasm, &manifest);
        fs::write(&path, &document).map_err(|error| failed().because(error))?;
        terminal.show(&Written {
            bytes: document.len(),
            file: path,
        })
    }
}

#[derive(Serialize)]
struct Written {
    file: PathBuf,
    bytes: usize,
}

impl Report for Written {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{GOOD}✓{GOOD:#} {}", text::path(&self.file))
    }
}
