//! Creates, checks, describes, calls and packages WebAssembly plugins: `cargo plugin`.
//!
//! Each command is a module of [`commands`] and returns a report. `terminal` prints reports as
//! text, or as one JSON document. The modules below them:
//!
//! | a project | |
//! |---|---|
//! | `template` | the files of a new project |
//! | `project` | a plugin's crate: finding it, building it and testing it with cargo |
//! | `artifact` | the results of a build: the module as shipped, and its sidecars |
//! | `sidecar` | the files next to a module that other hosts read |
//! | `implementations` | modules in other languages, which such a file lists |
//! | `reference` | the reference for people, written from the manifest |
//! | `interface` | a plugin in terms that every language has |
//! | `client` | code in other languages that loads and calls a plugin |
//! | `component` | the module as a component, for runtimes of the component model |
//! | `archive` | an archive of the module and its sidecars |
//! | `conformance` | calls that check a built plugin against its own description |
//! | `target_host` | the host that a plugin is made for |
//! | `host_folder` | the folders in which hosts look for plugins |
//!
//! | a module | |
//! |---|---|
//! | `plugin_file` | a file, read but not run |
//! | `wasm` | its binary format: sections, functions, and parts that can be stripped |
//! | `wasm_opt` | Binaryen, which makes it smaller |
//! | `size` | the parts of a module by size |
//! | `wasmedge` | the registration of its imports in WasmEdge, in C++ |
//! | `validation` | the requirements of hosts |
//! | `compatibility` | the changes that a new version makes for callers |
//!
//! | a call | |
//! |---|---|
//! | `host_options` | options of the host that the tool provides or emulates |
//! | `flags` | a command's arguments as flags |
//! | `bench` | the cost of calls, and the lock file that records it |
//! | `fuzz` | random calls, the properties that hold for all of them, and tests made from failures |
//! | `logging` | the plugin's log |
//! | `twin_test` | the native side of a project's twin tests |
//!
//! | input and output | |
//! |---|---|
//! | `schema` | the meaning of a schema, as type notation and by example |
//! | `text` | an author's text, made safe to print |
//! | `toml` | TOML as JSON and back |
//! | `quantities` | bytes, pages, counts and times |
//! | `regular_file` | reading files that may be pipes, devices, or very large |
//! | `write` | files that are never half written |
//! | `error` | the reason why a command failed |
#![forbid(unsafe_code)]
// Help of the command line is written as documentation, and has `[default: …]`.
#![allow(rustdoc::broken_intra_doc_links)]

mod archive;
mod artifact;
mod bench;
mod client;
mod commands;
mod compatibility;
mod component;
mod conformance;
mod error;
mod flags;
mod fuzz;
mod host_folder;
mod host_options;
mod implementations;
mod interface;
mod logging;
mod named_limits;
mod plugin_file;
mod project;
mod quantities;
mod reference;
mod regular_file;
mod schema;
mod sidecar;
mod size;
mod target_host;
mod template;
mod terminal;
mod text;
mod toml;
mod twin_test;
mod validation;
mod wasm;
mod wasm_opt;
mod wasmedge;
mod write;

use std::process::ExitCode;

use clap::Parser;

use crate::terminal::{Form, Terminal};

/// Cargo calls `cargo-plugin plugin …` for `cargo plugin …`.
#[derive(Parser)]
#[command(name = "cargo", bin_name = "cargo", disable_help_subcommand = true)]
enum Cargo {
    Plugin(Plugin),
}

/// Creates, checks, describes, calls and packages WebAssembly plugins
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
  1  done, and the answer is no: invalid, a breaking change, a failed test, a failed call
  2  the command line is wrong
  3  could not be done: a missing file, a failed build";

fn main() -> ExitCode {
    let Cargo::Plugin(Plugin { json, command }) = Cargo::parse();
    let mut terminal = Terminal::new(match json {
        true => Form::Json,
        false => Form::Text,
    });
    let outcome = command.run(&mut terminal);
    terminal.finish(outcome)
}
