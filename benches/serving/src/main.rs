//! Measures the server under load, next to bare axum handlers that do the same work, and prints one
//! table.
//!
//! Each server runs in a process of its own, which is this program again; the client runs here.

mod client;
mod glue;
mod load;
mod many;
mod memory;
mod modules;
mod process;
mod servers;

use std::env;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use plugin_sdk_benches::report;

use crate::servers::Contestant;

const USAGE: &str = "\
cargo bench -p serving [-- [--seconds N] [--table] [FILTER]]
  --seconds N  how long each server is under load; 10 unless set
  --table      no effect: there is only a table
  FILTER       only the figures whose name contains it";

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut options = Options {
        seconds: 10,
        filter: None,
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // This program as one of the processes under measurement.
            process::SERVE => {
                let contestant = arguments.next().context("no contestant")?;
                return servers::run(Contestant::named(&contestant)?);
            }
            process::LOAD_MANY => {
                let folder = arguments.next().context("no folder")?;
                return many::run(Path::new(&folder));
            }
            "--seconds" => {
                let seconds = arguments.next().context("`--seconds` needs a number")?;
                options.seconds = seconds.parse().context("`--seconds` needs a number")?;
            }
            // From cargo, and from habit.
            "--bench" | "--table" => {}
            filter if !filter.starts_with('-') && options.filter.is_none() => {
                options.filter = Some(argument);
            }
            _ => bail!("unexpected argument `{argument}`\n{USAGE}"),
        }
    }
    run(&options)
}

struct Options {
    seconds: u64,
    filter: Option<String>,
}

impl Options {
    fn wants(&self, figure: &str) -> bool {
        self.filter
            .as_deref()
            .is_none_or(|filter| figure.contains(filter))
    }
}

fn run(options: &Options) -> Result<()> {
    eprintln!("building the guests");
    modules::build()?;
    let mut rows = Vec::new();
    if options.wants(load::NAME) {
        rows.extend(load::measure(options.seconds)?);
    }
    if options.wants(memory::NAME) {
        rows.extend(memory::measure()?);
    }
    if options.wants(many::NAME) {
        rows.extend(many::measure()?);
    }
    report::print(&rows);
    Ok(())
}
