//! The time from the bytes of a module to its first instance.

use anyhow::Result;
use plugin_sdk_harness::{Module, Plugin, PluginBuilder};

use crate::engine;
use crate::guests::{self, Jobs, Profile};
use crate::measure::{Contestant, Times};
use crate::peers::component::{self, Compiled};
use crate::peers::raw::Raw;
use crate::report::{self, Check, Row};

/// Each compiles a module, which takes some tens of milliseconds.
const ROUNDS: usize = 15;

/// The maximum time with compiled code in the cache, in seconds.
const FROM_CACHE: f64 = 0.001;

/// Measures modules with every job, compiled and from the cache on disk. All engines exist before.
pub fn first_instance(name: &'static str) -> Result<Vec<Row>> {
    let build = |package| guests::build(package, Jobs::Every, Profile::Fast);
    let (raw, ours) = (build("guest-raw")?, build("guest-ours")?);
    let component = component::encode(&build("guest-component")?)?;
    let (plain, lean) = (engine::plain()?, engine::lean()?);
    let cache = guests::scratch().join("compiled");
    let cold = |builder: PluginBuilder| builder.no_timeout().no_cache();
    let cached = |builder: PluginBuilder| builder.no_timeout().cache_dir(&cache);
    // An engine lasts as long as its plugins.
    let _kept = [plugin(&ours, cold)?, plugin(&ours, cached)?];
    let mut contestants = [
        Contestant::new("raw", || Raw::compile(&plain, &raw)?.instance("greet")),
        Contestant::new("ours", || plugin(&ours, cold)).at_most(1.0, "raw"),
        Contestant::new("ours, from the cache", || plugin(&ours, cached)),
        Contestant::new("component, lean", || {
            Compiled::compile(&lean, &component)?
                .instance::<(&str, Option<u32>), (component::Greeting,)>("greet")
        }),
    ];
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let times = contestants.iter_mut();
        rounds.push(times.map(|it| it.time(1).as_secs_f64()).collect());
    }
    let times = Times::new(rounds);
    let mut rows = report::rows(name, &contestants, &times);
    for (at, row) in rows.iter_mut().enumerate() {
        if row.contestant == "ours, from the cache" {
            row.checks.push(Check {
                found: report::time(times.median(at)),
                asked: format!("<= {}", report::time(FROM_CACHE)),
                met: times.median(at) <= FROM_CACHE,
            });
        }
    }
    Ok(rows)
}

fn plugin(wasm: &[u8], with: impl Fn(PluginBuilder) -> PluginBuilder) -> Result<Plugin> {
    Ok(with(Module::load(wasm)?.plugin()).build()?)
}
