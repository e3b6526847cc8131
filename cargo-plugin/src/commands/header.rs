//! `cargo plugin header`

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::plugin_file::PluginFile;
use crate::target_host::{self, Host};
use crate::terminal::{GOOD, Report, Terminal, Verdict};
use crate::text;
use crate::wasmedge;

/// The headers by host, which `tests/header.rs` generates.
const HEADERS: [(&str, &str); 8] = [
    ("native", include_str!("../../include/plugin_sdk.h")),
    (
        "neotalk",
        include_str!("../../include/neotalk/plugin_sdk.h"),
    ),
    ("cis", include_str!("../../include/cis/plugin_sdk.h")),
    ("toolfs", include_str!("../../include/toolfs/plugin_sdk.h")),
    (
        "musicfox",
        include_str!("../../include/musicfox/plugin_sdk.h"),
    ),
    ("extism", include_str!("../../include/extism/plugin_sdk.h")),
    (
        "neomind",
        include_str!("../../include/neomind/plugin_sdk.h"),
    ),
    ("typst", include_str!("../../include/typst/plugin_sdk.h")),
];

/// Prints the C header `plugin_sdk.h`, for plugins in C and C++
///
/// The header declares the host's functions and, for the native host, NeoTalk, CIS, go-musicfox and
/// ToolFS, a plugin's exports. It is valid C11 and C++, and needs no C library.
#[derive(clap::Args)]
pub struct Header {
    /// The host that will run the plugin
    #[arg(long, value_name = "HOST", default_value = "native", value_parser = target_host::parser())]
    host: Host,
    /// The language; `cpp` is for `--host-functions` only, since the header is valid C++
    #[arg(long, value_name = "LANGUAGE", value_parser = ["c", "cpp"], default_value = "c", requires_if("cpp", "host_functions"))]
    lang: String,
    /// Writes the C++ registration of the functions that this module imports, as a WasmEdge plugin,
    /// into the folder that `--output` names
    #[arg(
        long,
        value_name = "FILE",
        requires = "output",
        conflicts_with = "host"
    )]
    host_functions: Option<PathBuf>,
    /// Writes the header to this file instead of printing it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Header {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        if let (Some(module), Some(folder)) = (&self.host_functions, &self.output) {
            return registration(module, folder, terminal);
        }
        let host = self.host;
        let header = HEADERS
            .into_iter()
            .find_map(|(name, header)| (name == host.name).then_some(header))
            .ok_or_else(|| {
                Error::new(format!("there is no C header for the host `{}`", host.name))
            })?;
        if let Some(path) = &self.output {
            fs::write(path, header).map_err(|error| {
                Error::new(format!("cannot write `{}`", text::path(path))).because(error)
            })?;
        }
        terminal.show(&HeaderReport {
            host: host.name,
            header,
            output: self.output,
        })
    }
}

/// Writes the files of a WasmEdge plugin, but not its implementation.
fn registration(module: &Path, folder: &Path, terminal: &mut Terminal) -> Result<Verdict> {
    let file = PluginFile::read(module)?;
    file.inspection()?;
    let failed = |path: &Path, error: io::Error| {
        Error::new(format!("cannot write `{}`", text::path(path))).because(error)
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut files = Vec::new();
    for (name, contents) in wasmedge::files(&file.wasm)? {
        let path = folder.join(name);
        fs::write(&path, contents).map_err(|error| failed(&path, error))?;
        files.push(path);
    }
    terminal.show(&Registration { files })
}

#[derive(Serialize)]
struct Registration {
    files: Vec<PathBuf>,
}

impl Report for Registration {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for file in &self.files {
            writeln!(out, "{GOOD}✓{GOOD:#} {}", text::path(file))?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct HeaderReport {
    host: &'static str,
    header: &'static str,
    /// The path of the written file.
    output: Option<PathBuf>,
}

impl Report for HeaderReport {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.output {
            Some(path) => writeln!(out, "{GOOD}✓{GOOD:#} {}", text::path(path)),
            None => out.write_all(self.header.as_bytes()),
        }
    }
}
