//! `cargo plugin client`

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::client::{self, Lang};
use crate::error::{Error, Result};
use crate::plugin_file::PluginFile;
use crate::target_host;
use crate::terminal::{GOOD, NOTE, Report, Terminal, Verdict};
use crate::text;

/// Writes a typed client of a plugin: code that loads the plugin and calls its commands
///
/// The client has a class with a method for each command, and types for all arguments and results.
/// Its only dependency is a WebAssembly engine.
#[derive(clap::Args)]
pub struct Client {
    /// The plugin's file, or the folder of its crate
    #[arg(value_name = "FILE", default_value = ".")]
    file: PathBuf,
    /// The language of the client
    #[arg(long, value_name = "LANGUAGE")]
    lang: Lang,
    /// The folder to write to; existing files of the same names are replaced
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
}

impl Client {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let plugin = PluginFile::read_or_build(&self.file, terminal)?;
        let inspection = plugin.inspection()?;
        let manifest = plugin.manifest(&inspection)?;
        target_host::expect_own(&plugin.wasm, "a client cannot load this plugin")?;
        let client = client::write(&manifest, &inspection, self.lang)?;
        let mut files = Vec::new();
        for file in client.files {
            let path = self.output.join(&file.path);
            let failed =
                |error| Error::new(format!("cannot write `{}`", text::path(&path))).because(error);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).map_err(failed)?;
            }
            fs::write(&path, &file.text).map_err(failed)?;
            files.push(Written {
                bytes: file.text.len(),
                file: path,
            });
        }
        terminal.show(&ClientReport {
            files,
            omitted: client.omitted,
        })
    }
}

#[derive(Serialize)]
struct ClientReport {
    files: Vec<Written>,
    /// The commands that the client lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    omitted: Vec<String>,
}

#[derive(Serialize)]
struct Written {
    file: PathBuf,
    bytes: usize,
}

impl Report for ClientReport {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for written in &self.files {
            writeln!(out, "{GOOD}✓{GOOD:#} {}", text::path(&written.file))?;
        }
        if !self.omitted.is_empty() {
            writeln!(
                out,
                "{NOTE}note{NOTE:#}: the client lacks {}: values in the SDK's binary codec are for hosts in Rust",
                text::listed(&self.omitted)
            )?;
        }
        Ok(())
    }
}
