//! The time of a call over the length of its argument.

use anyhow::Result;

use crate::engine;
use crate::growth::curve::{BY_HAND, Curve, Figure};
use crate::measure::{self, Contestant};
use crate::modules::Modules;
use crate::ours::{self, Ours};
use crate::peers::raw::Raw;
use crate::report;

/// The lengths, in bytes.
const LENGTHS: [usize; 8] = [
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    64 << 20,
];

/// Measures a command that returns its input.
pub fn echo(modules: &Modules) -> Result<Figure> {
    figure(
        modules,
        "echo: the time of a call over the bytes of its input",
        "echo",
        |length| vec![b'x'; length],
    )
}

/// Measures a command that reads a text from JSON and writes another.
pub fn greet(modules: &Modules) -> Result<Figure> {
    figure(
        modules,
        "greet: the time of a call over the bytes of its text, in JSON",
        "greet",
        |length| {
            let name = "x".repeat(length);
            format!(r#"{{"name":"{name}","times":1}}"#).into_bytes()
        },
    )
}

fn figure(
    modules: &Modules,
    title: &'static str,
    command: &str,
    input: impl Fn(usize) -> Vec<u8>,
) -> Result<Figure> {
    let raw = Raw::compile(&engine::plain()?, &modules.raw)?;
    let ours = Ours::load(&modules.ours)?;
    let mut curves = [BY_HAND, "plugin-sdk, in place", "plugin-sdk, copied"].map(Curve::new);
    for length in LENGTHS {
        let input = input(length);
        let call = || ours::Call::new(ours.roomy()?, command);
        let (mut raw, mut in_place, mut copied) = (raw.instance(command)?, call()?, call()?);
        let times = measure::race_briefly(vec![
            Contestant::new("raw", || raw.call(&input)),
            Contestant::new("ours, in place", || in_place.view(&input)),
            Contestant::new("ours, copied", || copied.copy(&input)),
        ]);
        for (at, curve) in curves.iter_mut().enumerate() {
            curve.points.push((length as f64, times.median(at)));
        }
    }
    Ok(Figure {
        title,
        amount: "bytes",
        cost: "time",
        format: report::time,
        curves: curves.into(),
    })
}
