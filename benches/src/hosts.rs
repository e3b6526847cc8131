//! What the contract of each host costs a plugin: the example `greeter`, with its source unchanged, made for every host that there is an emulator of.

use std::path::Path;

use anyhow::{Result, anyhow};
use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_harness::{CrateSource, Plugin, Source};

use crate::jobs::{self, GREET_JSON};
use crate::measure::{Contestant, Spread};
use crate::report::Row;

/// The example, at `opt-level = "z"`, in folders of the benches' own.
fn greeter() -> CrateSource {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Source::crate_dir(root.join("examples/greeter"))
        .profile("guest")
        .cdylib_alone()
        .target_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/hosts"))
}

/// A call of `greet` on each host's emulator, which checks as much of one host as of another.
pub fn greet<'a>() -> Result<Vec<Contestant<'a>>> {
    let contestant = |host: &'static HostContract| {
        let mut plugin = Plugin::builder(greeter())
            .build_on(host)
            .map_err(|failure| anyhow!("{failure}"))?;
        let mut greet = move || {
            let answer = plugin.call_raw("greet", GREET_JSON);
            answer.map_err(|failure| anyhow!("{failure}"))
        };
        jobs::check_greeting(&greet()?)?;
        Ok(Contestant::new(host.name, greet))
    };
    hosts::all().iter().map(contestant).collect()
}

/// The module for each host.
pub fn sizes(name: &'static str) -> Result<Vec<Row>> {
    let size = |host: &HostContract| {
        let source = greeter().features(host.feature);
        let compiled = source.compile().map_err(|failure| anyhow!("{failure}"))?;
        anyhow::Ok(compiled.wasm.len())
    };
    let sizes: Vec<_> = hosts::all().iter().map(size).collect::<Result<_>>()?;
    let native = sizes.first().copied().unwrap_or_default();
    let row = |(host, size): (&HostContract, usize)| {
        let ratio = size as f64 / native as f64;
        Row {
            figure: name.to_owned(),
            contestant: host.name.to_owned(),
            value: size.to_string(),
            ratio: Some(Spread::of(vec![ratio])),
            checks: Vec::new(),
        }
    };
    Ok(hosts::all().iter().zip(sizes).map(row).collect())
}
