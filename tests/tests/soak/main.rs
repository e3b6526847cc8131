//! The long run: mixed calls of plugins on both engines, during which the memory of guests and of
//! the host must stay flat.
//!
//! `cargo xtask soak` sets the length. In other runs of the tests it is a few thousand calls.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod arguments;
mod memory;
mod plugins;

use std::env;
use std::time::{Duration, Instant};

use arguments::Arguments;
use memory::{Sample, Watch};
use plugin_sdk_harness::{Engine, Plugin};
use plugin_sdk_tests::not_run;
use plugins::Made;
use serde_json::json;

/// The number of calls without a setting.
const FEW: u64 = 3_000;

/// The number of samples of a run by its number of calls, and the time between two others.
const SAMPLES: u64 = 200;
const BETWEEN: Duration = Duration::from_millis(500);

/// Both engines, of which each plugin has an instance.
const ENGINES: [Engine; 2] = [Engine::Wasmtime, Engine::Wasmi];

/// One in as many calls goes to a plugin that fails, whose panics take a thousand times as long as
/// a call.
const FAILING: u32 = 500;

/// The end of a run.
enum Length {
    Calls(u64),
    Time(Duration),
}

impl Length {
    fn from_environment() -> Self {
        let number = |name: &str| env::var(name).ok().map(|text| text.parse().unwrap());
        match (
            number("PLUGIN_SDK_SOAK_SECONDS"),
            number("PLUGIN_SDK_SOAK_CALLS"),
        ) {
            (Some(seconds), _) => Length::Time(Duration::from_secs(seconds)),
            (None, calls) => Length::Calls(calls.unwrap_or(FEW)),
        }
    }

    /// Returns how much of the run is over, from 0 to 1.
    fn progress(&self, calls: u64, began: Instant) -> f64 {
        match self {
            Length::Calls(all) => calls as f64 / *all as f64,
            Length::Time(all) => began.elapsed().as_secs_f64() / all.as_secs_f64(),
        }
    }
}

/// A plugin that is called, and called again after it has failed.
struct Subject<'m> {
    name: String,
    made: &'m Made,
    engine: Engine,
    plugin: Plugin,
    arguments: Arguments,
    state: Option<Vec<u8>>,
}

/// The numbers of calls by their outcome.
#[derive(Debug, Default)]
struct Outcomes {
    answers: u64,
    errors: u64,
    failures: u64,
    restarts: u64,
}

impl<'m> Subject<'m> {
    fn new(made: &'m Made, engine: Engine) -> Self {
        let plugin = made.builder().engine(engine).build().unwrap();
        let arguments = Arguments::of(plugin.module());
        Subject {
            name: format!("{} on {engine}", made.name),
            made,
            engine,
            plugin,
            arguments,
            state: None,
        }
    }

    /// Makes one call, of any kind.
    fn call(&mut self, random: &mut fastrand::Rng, outcomes: &mut Outcomes) {
        let (command, arguments) = self.arguments.any(random);
        let called = match random.u32(..1000) {
            0..900 => self.plugin.call_raw(command, arguments).map(drop),
            900..950 => {
                let inputs: [&[u8]; 3] = [arguments, arguments, b"{}"];
                self.plugin.call_many_raw(command, inputs).map(drop)
            }
            950..990 => {
                let mut again = arguments.to_vec();
                self.plugin.call_in_place(command, &mut again).map(drop)
            }
            990..997 if self.plugin.has_state() => match self.state.take() {
                Some(state) => self.plugin.load_state(&state),
                None => self
                    .plugin
                    .save_state()
                    .map(|state| self.state = Some(state)),
            },
            990..999 => self.plugin.event("soak.tick", json!({"number": 1})),
            _ => {
                self.restart(outcomes);
                Ok(())
            }
        };
        match called {
            Ok(()) => outcomes.answers += 1,
            Err(failure) if failure.plugin_error().is_some() => outcomes.errors += 1,
            Err(_) => outcomes.failures += 1,
        }
        if self.plugin.is_poisoned() {
            self.restart(outcomes);
        }
    }

    fn restart(&mut self, outcomes: &mut Outcomes) {
        outcomes.restarts += 1;
        self.plugin = self.made.builder().engine(self.engine).build().unwrap();
    }
}

fn subjects(plugins: &[Made]) -> Vec<Subject<'_>> {
    let on_both = |made| ENGINES.map(|engine| Subject::new(made, engine));
    plugins.iter().flat_map(on_both).collect()
}

#[test]
fn memory_stays_flat_over_mixed_calls() {
    let (examples, failing) = (plugins::examples(), plugins::failing());
    let (mut examples, mut failing) = (subjects(&examples), subjects(&failing));
    let (length, began) = (Length::from_environment(), Instant::now());
    let mut random = fastrand::Rng::with_seed(1);
    let (mut outcomes, mut watch) = (Outcomes::default(), Watch::default());
    let (mut calls, mut sampled) = (0, began);
    loop {
        let progress = length.progress(calls, began);
        let due = match length {
            Length::Calls(all) => calls.is_multiple_of((all / SAMPLES).max(1)),
            Length::Time(_) => calls.is_multiple_of(64) && sampled.elapsed() > BETWEEN,
        };
        if due || progress >= 1.0 {
            sampled = Instant::now();
            watch.add(progress, Sample::of(calls, examples.iter().chain(&failing)));
        }
        if progress >= 1.0 {
            break;
        }
        let group = match random.u32(..FAILING) {
            0 => &mut failing,
            _ => &mut examples,
        };
        let nth = random.usize(..group.len());
        group[nth].call(&mut random, &mut outcomes);
        calls += 1;
    }
    println!(
        "{calls} calls in {:.0} s: {outcomes:?}",
        began.elapsed().as_secs_f64()
    );
    println!("{watch}");
    assert!(outcomes.answers > outcomes.errors, "{outcomes:?}");
    assert!(outcomes.errors > 0 && outcomes.failures > 0, "{outcomes:?}");
    if memory::resident().is_none() {
        not_run("the host's memory in the long run: only Linux shows it");
    }
    watch.verdict().unwrap();
}
