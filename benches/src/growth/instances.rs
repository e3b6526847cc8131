//! The costs of instances over the number that live already.

use std::time::Instant;

use anyhow::Result;
use plugin_sdk_benches::usage::resident_bytes;
use plugin_sdk_harness::Plugin;

use crate::growth::curve::{self, Curve, Figure};
use crate::jobs::{self, GREET_JSON};
use crate::measure::Spread;
use crate::modules::Modules;
use crate::ours::Ours;
use crate::report;

/// The numbers of live instances.
const COUNTS: [usize; 5] = [1, 10, 100, 1000, 10_000];

/// The number of instances whose times count for a point.
const LATEST: usize = 100;

const AMOUNT: &str = "live instances";

/// Measures the resident memory of instances that have answered a call.
pub fn memory(modules: &Modules) -> Result<Figure> {
    let ours = Ours::load(&modules.ours)?;
    // The first instance also costs what all share.
    let _first = called(&ours)?;
    let before = resident_bytes("self")?;
    let mut points = Vec::new();
    grow(&ours, |count, _| {
        let grown = resident_bytes("self")?.saturating_sub(before);
        points.push((count as f64, grown as f64));
        Ok(())
    })?;
    Ok(Figure {
        title: "The memory of instances over their number",
        amount: AMOUNT,
        cost: "resident memory",
        format: curve::bytes,
        curves: vec![Curve {
            name: "plugin-sdk",
            points,
        }],
    })
}

/// Measures the time of one more instance, up to the end of its first call.
pub fn time(modules: &Modules) -> Result<Figure> {
    let ours = Ours::load(&modules.ours)?;
    drop(called(&ours)?);
    let mut points = Vec::new();
    grow(&ours, |count, times| {
        let latest = times.len().saturating_sub(LATEST);
        let median = Spread::of(times[latest..].to_vec()).median;
        points.push((count as f64, median));
        Ok(())
    })?;
    Ok(Figure {
        title: "The time of one more instance over those that live",
        amount: AMOUNT,
        cost: "time",
        format: report::time,
        curves: vec![Curve {
            name: "plugin-sdk",
            points,
        }],
    })
}

/// Creates instances, and calls `at` with each number in [`COUNTS`] and the times of all so far.
fn grow(ours: &Ours, mut at: impl FnMut(usize, &[f64]) -> Result<()>) -> Result<()> {
    let (mut instances, mut times) = (Vec::new(), Vec::new());
    for count in COUNTS {
        while instances.len() < count {
            let start = Instant::now();
            instances.push(called(ours)?);
            times.push(start.elapsed().as_secs_f64());
        }
        at(count, &times)?;
    }
    Ok(())
}

/// Creates an instance and calls it once.
fn called(ours: &Ours) -> Result<Plugin> {
    let mut plugin = ours.instance()?;
    jobs::check_greeting(plugin.call_raw("greet", GREET_JSON)?)?;
    Ok(plugin)
}
