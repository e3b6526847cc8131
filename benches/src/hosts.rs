//! The cost of each host's contract: the example `greeter`, from unchanged source, built for every
//! emulated host.

use std::path::Path;

use anyhow::{Result, anyhow};
use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_harness::{CrateSource, Plugin, Source};

use crate::jobs::{self, GREET_JSON};
use crate::measure::{Contestant, Spread};
use crate::report::Row;

/// Builds the example at `opt-level = "z"`, in folders of the benches.
fn greeter() -> CrateSource {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Source::crate_dir(root.join("examples/greeter"))
        .profile("guest")
        .cdylib_only()
        .target_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/hosts"))
}

/// Compares calls of `greet` on the emulators of all hosts, which check equally much.
pub fn greet<'a>() -> Result<Vec<Contestant<'a>>> {
    let contestant = |host: &'static HostContract| {
        let mut plugin = Plugin::builder(greeter())
            .build_for(host)
            .map_err(|failure| anyhow!("{failure}"))?;
        let mut greet = move || {
            let answer = plugin.call_raw("greet", GREET_JSON);
            let answer = answer.map(<[u8]>::to_vec);
            answer.map_err(|failure| anyhow!("{failure}"))
        };
        jobs::check_greeting(&greet()?)?;
        Ok(Contestant::new(host.name, greet))
    };
    hosts::all().iter().map(contestant).collect()
}

/// Returns the module for each host.
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
