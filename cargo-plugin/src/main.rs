//! Makes, checks, describes, calls and packs WebAssembly plugins: `cargo plugin`.
//!
//! Each command is a module of [`commands`] and gives back a report; `terminal` shows reports to people, or as one JSON document to programs.
#![forbid(unsafe_code)]

mod archive;
mod bench;
mod bundle;
mod commands;
mod compatibility;
mod error;
mod flags;
mod host;
mod logging;
mod plugin_file;
mod project;
mod reference;
mod schema;
mod sidecar;
mod size;
mod smoke;
mod template;
mod terminal;
mod text;
mod units;
mod validation;
mod wasm;
mod wasm_opt;

use std::process::ExitCode;

use clap::Parser;

use crate::terminal::{Form, Terminal};

/// Cargo calls `cargo-plugin plugin …` for `cargo plugin …`.
#[derive(Parser)]
#[command(name = "cargo", bin_name = "cargo", disable_help_subcommand = true)]
enum Cargo {
    Plugin(Plugin),
}

/// Makes, checks, describes, calls and packs WebAssembly plugins
#[derive(clap::Args)]
#[command(version, propagate_version = true, after_help = EXIT_CODES)]
struct Plugin {
    /// Prints one JSON document on standard output, and nothing else there
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: commands::Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done, and the answer is yes
  1  done, and the answer is no: invalid, a breaking change, a failed test, a call that failed
  2  the command line is wrong
  3  could not be done: a file that is not there, a build that failed";

fn main() -> ExitCode {
    let Cargo::Plugin(Plugin { json, command }) = Cargo::parse();
    let mut terminal = Terminal::new(match json {
        true => Form::Json,
        false => Form::Text,
    });
    let outcome = command.run(&mut terminal);
    terminal.finish(outcome)
}
