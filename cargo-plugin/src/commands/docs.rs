//! `cargo plugin docs`

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::error::Result;
use crate::plugin_file::PluginFile;
use crate::reference;
use crate::terminal::{GOOD, Report, Terminal, Verdict};
use crate::text;
use crate::write::replace_all;

/// Writes the reference of a plugin, as HTML and as Markdown
///
/// Both are written from the plugin's description of itself: its commands with their arguments,
/// results and errors, its configuration, events, permissions and types. The HTML is one file,
/// without scripts.
#[derive(clap::Args)]
pub struct Docs {
    /// The plugin's file, or the folder of its crate
    #[arg(value_name = "FILE", default_value = ".")]
    file: PathBuf,
    /// The folder for the files, `ID.html` and `ID.md`
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
}

impl Docs {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let plugin = PluginFile::read_or_build(&self.file, terminal)?;
        let inspection = plugin.inspection()?;
        let manifest = plugin.manifest(&inspection)?;
        let id = &manifest.id;
        let files = [
            (
                format!("{id}.html"),
                reference::page(&manifest).into_bytes(),
            ),
            (
                format!("{id}.md"),
                reference::markdown(&manifest).into_bytes(),
            ),
        ];
        replace_all(&self.output, &files)?;
        let files = files.iter().map(|(name, _)| self.output.join(name));
        terminal.show(&Written {
            files: files.collect(),
        })
    }
}

#[derive(Serialize)]
struct Written {
    files: Vec<PathBuf>,
}

impl Report for Written {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for file in &self.files {
            writeln!(out, "{GOOD}✓{GOOD:#} {}", text::path(file))?;
        }
        Ok(())
    }
}
