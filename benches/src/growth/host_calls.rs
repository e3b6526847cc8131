//! The time of a call over the number of host calls that the guest makes in it.

use anyhow::Result;

use crate::growth::curve::{BY_HAND, Curve, Figure};
use crate::host_calls::HostCalls;
use crate::measure;
use crate::modules::Modules;
use crate::report;

const COUNTS: [u32; 7] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/// Measures calls with host calls of short texts.
pub fn time(modules: &Modules) -> Result<Figure> {
    let host_calls = HostCalls::compile(modules)?;
    let mut curves = [BY_HAND, "plugin-sdk"].map(Curve::new);
    for count in COUNTS {
        let times = measure::race_briefly(host_calls.line_up(count)?);
        for (at, curve) in curves.iter_mut().enumerate() {
            curve.points.push((f64::from(count), times.median(at)));
        }
    }
    Ok(Figure {
        title: "The time of a call over the host calls in it",
        amount: "host calls",
        cost: "time",
        format: report::time,
        curves: curves.into(),
    })
}
