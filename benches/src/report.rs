//! The table at the end of a run.

use std::fmt;

use crate::measure::{Contestant, Spread, Times};

/// One line of the table: the result of one contestant in one figure.
pub struct Row {
    pub figure: String,
    pub contestant: String,
    /// With its unit.
    pub value: String,
    /// The multiple of raw, or of the first contestant if raw takes no part.
    pub ratio: Option<Spread>,
    pub checks: Vec<Check>,
}

/// A target of a contestant, and its outcome.
pub struct Check {
    pub found: String,
    /// The bound, with its direction.
    pub asked: String,
    pub met: bool,
}

impl Check {
    /// Requires at most `at_most` times the value of `rival`.
    pub fn ratio(found: f64, at_most: f64, rival: &str) -> Self {
        Check {
            found: format!("{found:.3}x {rival}"),
            asked: format!("<= {at_most:.2}x"),
            met: found <= at_most,
        }
    }

    /// Requires at least `at_least` times the value of `rival`.
    pub fn ratio_at_least(found: f64, at_least: f64, rival: &str) -> Self {
        Check {
            found: format!("{found:.3}x {rival}"),
            asked: format!(">= {at_least:.2}x"),
            met: found >= at_least,
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Check { found, asked, met } = self;
        let verdict = if *met { "met" } else { "MISSED" };
        write!(out, "{found} {asked}: {verdict}")
    }
}

/// Returns the rows of a race.
pub fn rows(figure: &str, contestants: &[Contestant], times: &Times) -> Vec<Row> {
    let position = |name: &str| contestants.iter().position(|other| other.name == name);
    let base = position("raw").unwrap_or_default();
    let row = |(at, contestant): (usize, &Contestant)| Row {
        figure: figure.to_owned(),
        contestant: contestant.name.to_owned(),
        value: time(times.median(at)),
        ratio: Some(times.ratio(at, base)),
        checks: contestant
            .targets
            .iter()
            .filter_map(|target| {
                let found = times.ratio(at, position(target.rival)?).median;
                Some(Check::ratio(found, target.ratio, target.rival))
            })
            .collect(),
    };
    contestants.iter().enumerate().map(row).collect()
}

/// Formats seconds with a suitable unit.
pub fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "us"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    let decimals = if value < 10.0 {
        2
    } else if value < 100.0 {
        1
    } else {
        0
    };
    format!("{value:.decimals$} {unit}")
}

/// Writes the table in Markdown, with the number of targets that were met.
pub fn print(rows: &[Row]) {
    let mut lines =
        vec![["figure", "who", "median", "ratio (quartiles)", "targets"].map(String::from)];
    for (at, row) in rows.iter().enumerate() {
        let new = at == 0 || rows[at - 1].figure != row.figure;
        let ratio = row.ratio.map(|ratio| {
            if ratio.quartile_1 == ratio.quartile_3 {
                format!("{:.2}", ratio.median)
            } else {
                format!(
                    "{:.2} ({:.2}-{:.2})",
                    ratio.median, ratio.quartile_1, ratio.quartile_3
                )
            }
        });
        lines.push([
            if new {
                row.figure.clone()
            } else {
                String::new()
            },
            row.contestant.clone(),
            row.value.clone(),
            ratio.unwrap_or_default(),
            row.checks
                .iter()
                .map(Check::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        ]);
    }
    let mut widths = [0; 5];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    println!();
    for (at, line) in lines.iter().enumerate() {
        let cells: Vec<_> = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        println!("| {} |", cells.join(" | "));
        if at == 0 {
            println!("|{}|", widths.map(|width| "-".repeat(width + 2)).join("|"));
        }
    }
    let checks: Vec<_> = rows.iter().flat_map(|row| &row.checks).collect();
    let met = checks.iter().filter(|check| check.met).count();
    println!("\n{met} of {} targets met.", checks.len());
}
