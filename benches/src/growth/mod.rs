//! The growth of costs: with the length of arguments, and with the number of commands, of live
//! instances, and of host calls in one call. Each figure becomes a chart in `docs/growth`.

mod arguments;
mod chart;
mod commands;
mod curve;
mod host_calls;
mod instances;

use anyhow::Result;

use crate::growth::curve::Figure;
use crate::guests;
use crate::modules::Modules;
use crate::report::Row;

/// Measures the figures whose name `wants` accepts, writes their charts, and returns their rows.
pub fn run(modules: &Modules, wants: impl Fn(&str) -> bool) -> Result<Vec<Row>> {
    // Instances come first: what the others leave in the process would be taken for their memory.
    let figures: [(&str, fn(&Modules) -> Result<Figure>); 7] = [
        ("instances-memory", instances::memory),
        ("instances-time", instances::time),
        ("echo", arguments::echo),
        ("greet", arguments::greet),
        ("commands-size", commands::size),
        ("commands-time", commands::time),
        ("host-calls", host_calls::time),
    ];
    let folder = guests::folder().with_file_name("docs").join("growth");
    std::fs::create_dir_all(&folder)?;
    let mut rows = Vec::new();
    for (name, measure) in figures {
        if wants(name) {
            eprintln!("growing: {name}");
            let figure = measure(modules)?;
            chart::write(&figure, &folder.join(name).with_extension("svg"))?;
            rows.extend(figure.rows());
        }
    }
    Ok(rows)
}
