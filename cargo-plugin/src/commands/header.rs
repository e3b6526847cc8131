//! `cargo plugin header`

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::target_host::{self, Host};
use crate::terminal::{GOOD, Report, Terminal, Verdict};
use crate::text;

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
    /// Writes the header to this file instead of printing it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Header {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
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
