//! Makes, checks, describes, calls and packs WebAssembly plugins: `cargo plugin`.
//!
//! Each command is a module of [`commands`] and gives back a report; `terminal` shows reports to people, or as one JSON document to programs. Beneath them:
//!
//! | a project | |
//! |---|---|
//! | `template` | what a new project consists of |
//! | `project` | a plugin's crate: finding it, and cargo building and testing it |
//! | `bundle` | what is made of a crate: the module as it is shipped, and its sidecars |
//! | `sidecar` | the files beside a module that other hosts read |
//! | `reference` | the manifest as a reference for people |
//! | `archive` | all of it in one file |
//! | `smoke` | whether a built plugin does what it says of itself |
//! | `made_for` | the hosts that a plugin can be made for |
//!
//! | a module | |
//! |---|---|
//! | `plugin_file` | a file, read and not run |
//! | `wasm` | its binary form: sections, functions, and what can be left out |
//! | `wasm_opt` | Binaryen, which makes it smaller |
//! | `size` | what takes the space in it |
//! | `validation` | what its hosts will ask of it |
//! | `compatibility` | what a new version changes for callers |
//!
//! | a call | |
//! |---|---|
//! | `host` | the host that this tool is to a plugin, itself or by playing another |
//! | `running` | a plugin in the hands of its host |
//! | `flags` | a command's arguments as flags |
//! | `bench` | what calls cost, and the lock of it |
//! | `logging` | what plugins log |
//!
//! | what is read and said | |
//! |---|---|
//! | `schema` | what a schema means, in words and by example |
//! | `text` | what a plugin's author wrote, made fit to show |
//! | `units` | amounts |
//! | `error` | why a command could not be done |
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
mod made_for;
mod plugin_file;
mod project;
mod reference;
mod running;
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
