//! The costs of a plugin over the number of its commands.

use std::time::Instant;

use anyhow::Result;
use plugin_sdk_harness::{Module, PluginBuilder};
use serde_json::json;

use crate::commands;
use crate::growth::curve::{self, Curve, Figure};
use crate::guests;
use crate::measure::{self, Contestant, Spread};
use crate::modules::Modules;
use crate::report;

const COUNTS: [usize; 4] = [1, 10, 100, 1000];

const AMOUNT: &str = "commands";

/// The number of times that a module is loaded; the median counts.
const LOADS: usize = 5;

/// Measures the module, at `opt-level = "z"`, stripped.
pub fn size(_: &Modules) -> Result<Figure> {
    let mut points = Vec::new();
    for count in COUNTS {
        points.push((count as f64, commands::plugin(count)?.len() as f64));
    }
    Ok(Figure {
        title: "The module over the number of its commands",
        amount: AMOUNT,
        cost: "size",
        format: curve::bytes,
        curves: vec![Curve {
            name: "plugin-sdk",
            points,
        }],
    })
}

/// Measures a module from its bytes to an instance, compiled or from the cache, a new instance up
/// to its first call, and a call of the last command.
pub fn time(_: &Modules) -> Result<Figure> {
    let [mut compiled, mut cached, mut instance, mut call] = [
        "from bytes to an instance, compiled",
        "the same, from the cache",
        "a further instance up to the end of its first call",
        "a call of the last command",
    ]
    .map(Curve::new);
    let cache = guests::scratch().join("cache");
    for count in COUNTS {
        let wasm = commands::plugin(count)?;
        let load = |configure: &dyn Fn(PluginBuilder) -> PluginBuilder| -> Result<f64> {
            let mut times = Vec::new();
            for _ in 0..LOADS {
                let start = Instant::now();
                drop(configure(Module::load(&wasm[..])?.plugin()).build()?);
                times.push(start.elapsed().as_secs_f64());
            }
            Ok(Spread::of(times).median)
        };
        let amount = count as f64;
        let times = load(&PluginBuilder::no_cache)?;
        compiled.points.push((amount, times));
        let times = load(&|builder| builder.cache_dir(&cache))?;
        cached.points.push((amount, times));

        let module = Module::load(&wasm[..])?;
        let last = commands::last_like_first(count);
        let name = format!("command_{last}");
        let arguments = json!({format!("first_{last}"): "Ada", format!("second_{last}"): 1});
        let arguments = serde_json::to_vec(&arguments)?;
        let build = || module.plugin().no_timeout().no_cache().build();
        let mut called = build()?;
        let times = measure::race_briefly(vec![
            Contestant::new("instance", || {
                Ok(build()?.call_raw(name.as_str(), &arguments)?.to_vec())
            }),
            Contestant::new("call", || {
                Ok(called.call_raw(name.as_str(), &arguments)?.to_vec())
            }),
        ]);
        instance.points.push((amount, times.median(0)));
        call.points.push((amount, times.median(1)));
    }
    Ok(Figure {
        title: "Times over the number of commands",
        amount: AMOUNT,
        cost: "time",
        format: report::time,
        curves: vec![compiled, cached, instance, call],
    })
}
