//! The size of a guest: its module, its crates, and its build time.

use anyhow::Result;

use crate::commands::{self, Few};
use crate::compiling;
use crate::guests::{self, Jobs, Profile};
use crate::hosts;
use crate::loading;
use crate::measure::{Spread, Times};
use crate::peers::component;
use crate::report::{self, Check, Row};

const CONTESTANTS: [&str; 4] = ["raw", "ours", "component", "extism"];

/// A figure without a race: its name, and the function that measures it.
pub type Weighing = (&'static str, fn(&'static str) -> Result<Vec<Row>>);

/// The figures that take seconds, once their guests are built.
pub const QUICK: [Weighing; 6] = [
    ("module to first instance", loading::first_instance),
    ("greet alone at z, bytes", greet_alone),
    ("each further command, bytes", further_commands),
    (
        "each further command of types at hand, bytes",
        further_commands_alike,
    ),
    ("crates compiled / in the guest", crates),
    ("the greeter, by host, bytes", hosts::sizes),
];

/// The figures that take minutes every time.
pub const SLOW: [Weighing; 2] = [
    ("first build of a guest", first_build),
    ("build of 50 commands", compiling::many_commands),
];

fn package(contestant: &str) -> String {
    format!("guest-{contestant}")
}

/// Measures the module with only `greet`, at `opt-level = "z"`, stripped.
fn greet_alone(name: &'static str) -> Result<Vec<Row>> {
    let mut figure = Figure::new(name);
    for contestant in CONTESTANTS {
        let module = guests::build(&package(contestant), Jobs::GreetAlone, Profile::Small)?;
        let size = match contestant {
            "component" => component::encode(&module)?.len(),
            _ => module.len(),
        };
        figure.add(contestant, size as f64, size.to_string());
    }
    Ok(figure.ours_at_most(0.75))
}

/// Measures the size of each command with two arguments after the first, at `opt-level = "z"`,
/// stripped.
fn further_commands(name: &'static str) -> Result<Vec<Row>> {
    commands_after(name, Few::One, 1.2 * 1024.0)
}

/// Measures the same for commands whose types others have.
fn further_commands_alike(name: &'static str) -> Result<Vec<Row>> {
    commands_after(name, Few::EachShape, 600.0)
}

/// Measures the size of each command after the first few, in bytes.
fn commands_after(name: &'static str, few: Few, at_most: f64) -> Result<Vec<Row>> {
    let mut figure = Figure::new(name);
    let raw = commands::raw(few)?;
    figure.add("raw", raw, format!("{raw:.0}"));
    let ours = commands::ours(few)?;
    figure.add("ours", ours, format!("{ours:.0}"));
    for row in &mut figure.rows {
        if row.contestant == "ours" {
            row.checks.push(Check {
                found: format!("{ours:.0}"),
                asked: format!("<= {at_most:.0}"),
                met: ours <= at_most,
            });
        }
    }
    Ok(figure.rows)
}

/// Counts the crates that a guest depends on.
fn crates(name: &'static str) -> Result<Vec<Row>> {
    let mut figure = Figure::new(name);
    for contestant in CONTESTANTS {
        let guests::Crates {
            compiled,
            in_the_guest,
        } = guests::crates(&package(contestant))?;
        figure.add(
            contestant,
            compiled as f64,
            format!("{compiled} / {in_the_guest}"),
        );
    }
    Ok(figure.rows)
}

/// Measures the first build of a guest with only `greet`, in turns.
fn first_build(name: &'static str) -> Result<Vec<Row>> {
    const ROUNDS: usize = 3;
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        let mut taken = Vec::new();
        for contestant in CONTESTANTS {
            eprintln!("building {contestant} from nothing, {round} of {ROUNDS}");
            taken.push(guests::time_first_build(&package(contestant))?.as_secs_f64());
        }
        rounds.push(taken);
    }
    let times = Times::new(rounds);
    let mut figure = Figure::new(name);
    for (at, contestant) in CONTESTANTS.into_iter().enumerate() {
        figure.rows.push(Row {
            figure: name.to_owned(),
            contestant: contestant.to_owned(),
            value: report::time(times.median(at)),
            ratio: Some(times.ratio(at, 0)),
            checks: Vec::new(),
        });
    }
    Ok(figure.ours_at_most(1.15))
}

/// The rows of one figure; raw comes first.
struct Figure {
    name: &'static str,
    raw: Option<f64>,
    rows: Vec<Row>,
}

impl Figure {
    fn new(name: &'static str) -> Self {
        Figure {
            name,
            raw: None,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, contestant: &str, value: f64, text: String) {
        let raw = *self.raw.get_or_insert(value);
        self.rows.push(Row {
            figure: self.name.to_owned(),
            contestant: contestant.to_owned(),
            value: text,
            ratio: Some(Spread::of(vec![value / raw])),
            checks: Vec::new(),
        });
    }

    /// Requires that ours is at most `at_most` times raw's.
    fn ours_at_most(mut self, at_most: f64) -> Vec<Row> {
        for row in &mut self.rows {
            if let ("ours", Some(ratio)) = (row.contestant.as_str(), row.ratio) {
                row.checks.push(Check::ratio(ratio.median, at_most, "raw"));
            }
        }
        self.rows
    }
}
