//! The cost of a call.

use std::hint::black_box;

use anyhow::{Result, ensure};

use crate::engine;
use crate::jobs::{self, GREET, GREET_JSON, Greeting, KIB, MIB, Stats, StatsArgs};
use crate::measure::{Contestant, Job};
use crate::modules::Modules;
use crate::ours::{self, Ours};
use crate::peers::{component, extism, raw::Raw};

/// The number of calls in a row of many.
const MANY: usize = 100;

/// Every guest, compiled for its host.
pub struct Calls {
    raw: Raw,
    clocked_raw: Raw,
    ours: Ours,
    component: component::Compiled,
    lean_component: component::Compiled,
    extism: extism::Compiled,
    /// The arguments of `stats` in JSON.
    stats_args: Vec<u8>,
}

impl Calls {
    pub fn compile(modules: &Modules) -> Result<Self> {
        let component = |engine| component::Compiled::compile(&engine, &modules.component);
        Ok(Calls {
            raw: Raw::compile(&engine::plain()?, &modules.raw)?,
            clocked_raw: Raw::compile(&engine::clocked()?, &modules.raw)?.clocked(),
            ours: Ours::load(&modules.ours)?,
            component: component(engine::plain()?)?,
            lean_component: component(engine::lean()?)?,
            extism: extism::Compiled::compile(&modules.extism)?,
            stats_args: serde_json::to_vec(&StatsArgs {
                numbers: jobs::numbers(),
            })?,
        })
    }

    pub fn jobs(&self) -> Vec<Job<'_>> {
        vec![
            Job::new("greet, JSON to JSON", || self.greet_json()),
            Job::new("greet, JSON to JSON, under a time limit", || {
                self.greet_clocked()
            }),
            Job::new("greet, values", || self.greet_values()),
            Job::new("echo nothing", || self.echo(0, None)),
            Job::new("echo 1 KiB", || self.echo(KIB, Some([0.45, 0.60]))),
            Job::new("echo 1 MiB", || self.echo(MIB, Some([0.50, 0.85]))),
            Job::new("greet x 100, JSON to JSON", || {
                self.many("greet", GREET_JSON)
            }),
            Job::new("greet x 100, values", || self.many_values()),
            Job::new("echo nothing x 100", || self.many("echo", b"")),
            Job::new("echo 1 KiB x 100", || self.many("echo", jobs::bytes(KIB))),
            Job::new("stats of 1,000 numbers, JSON to JSON", || self.stats_json()),
            Job::new("stats of 1,000 numbers, values", || self.stats_values()),
        ]
    }

    fn greet_json(&self) -> Result<Vec<Contestant<'_>>> {
        let mut raw = self.raw.instance("greet")?;
        jobs::check_greeting(&raw.call(GREET_JSON)?)?;
        let mut in_place = self.ours.call("greet")?;
        jobs::check_greeting(&in_place.copy(GREET_JSON)?)?;
        let mut copied = self.ours.call("greet")?;
        let mut extism = self.extism.instance()?;
        jobs::check_greeting(extism.call("greet", GREET_JSON)?)?;
        Ok(vec![
            Contestant::new("raw", move || raw.call(GREET_JSON)),
            Contestant::new("ours, in place", move || in_place.view(GREET_JSON))
                .at_most(0.65, "raw"),
            Contestant::new("ours, copied", move || copied.copy(GREET_JSON)).at_most(0.75, "raw"),
            Contestant::new("extism", move || {
                extism.call::<_, Vec<u8>>("greet", GREET_JSON)
            }),
        ])
    }

    /// Calls with a time limit on both sides.
    fn greet_clocked(&self) -> Result<Vec<Contestant<'_>>> {
        let mut raw = self.clocked_raw.instance("greet")?;
        jobs::check_greeting(&raw.call(GREET_JSON)?)?;
        let mut ours = ours::Call::new(self.ours.clocked()?, "greet")?;
        jobs::check_greeting(&ours.copy(GREET_JSON)?)?;
        Ok(vec![
            Contestant::new("raw", move || raw.call(GREET_JSON)),
            Contestant::new("ours, copied", move || ours.copy(GREET_JSON)),
        ])
    }

    fn greet_values(&self) -> Result<Vec<Contestant<'_>>> {
        let mut raw = self.raw.instance("greet")?;
        let mut raw = move || -> Result<Greeting> {
            let args = serde_json::to_vec(&GREET)?;
            Ok(serde_json::from_slice(&raw.call(&args)?)?)
        };
        raw()?.check()?;
        let mut json = self.ours.call("greet")?;
        json.json::<Greeting>(GREET)?.check()?;
        let mut binary = self.ours.call("greet_binary")?;
        binary.binary::<Greeting>(GREET)?.check()?;
        let component = |compiled: &component::Compiled| {
            let mut instance =
                compiled.instance::<(&str, Option<u32>), (component::Greeting,)>("greet")?;
            let mut greet = move || instance.call((GREET.name, Some(GREET.times)));
            let (component::Greeting { message, greeted },) = greet()?;
            Greeting { message, greeted }.check()?;
            anyhow::Ok(greet)
        };
        let mut extism = self.extism.instance()?;
        let mut extism = move || -> Result<Greeting> {
            let args = serde_json::to_vec(&GREET)?;
            Ok(serde_json::from_slice(extism.call("greet", args)?)?)
        };
        extism()?.check()?;
        Ok(vec![
            Contestant::new("raw", raw),
            Contestant::new("ours, JSON", move || json.json::<Greeting>(GREET)).at_most(0.8, "raw"),
            Contestant::new("ours, binary", move || binary.binary::<Greeting>(GREET))
                .at_most(1.0, "component, lean"),
            Contestant::new("component", component(&self.component)?),
            Contestant::new("component, lean", component(&self.lean_component)?),
            Contestant::new("extism", extism),
        ])
    }

    fn echo(&self, len: usize, at_most: Option<[f64; 2]>) -> Result<Vec<Contestant<'_>>> {
        let data = jobs::bytes(len);
        let mut raw = self.raw.instance("echo")?;
        ensure!(raw.call(data)? == data, "raw echoes something else");
        let mut in_place = self.ours.call("echo")?;
        ensure!(in_place.copy(data)? == data, "ours echoes something else");
        let mut copied = self.ours.call("echo")?;
        let component = |compiled: &component::Compiled| {
            let mut instance = compiled.instance::<(&[u8],), (Vec<u8>,)>("echo")?;
            let mut echo = move || instance.call((data,));
            ensure!(echo()?.0 == data, "the component echoes something else");
            Ok(echo)
        };
        let mut extism = self.extism.instance()?;
        let mut extism = move || extism.call::<_, Vec<u8>>("echo", data);
        ensure!(extism()? == data, "extism echoes something else");
        let mut in_place = Contestant::new("ours, in place", move || in_place.view(data));
        let mut copied = Contestant::new("ours, copied", move || copied.copy(data));
        if let Some([of_in_place, of_copied]) = at_most {
            in_place = in_place.at_most(of_in_place, "raw");
            copied = copied.at_most(of_copied, "raw");
        }
        Ok(vec![
            Contestant::new("raw", move || raw.call(data)),
            in_place,
            copied,
            Contestant::new("component", component(&self.component)?),
            Contestant::new("component, lean", component(&self.lean_component)?),
            Contestant::new("extism", extism),
        ])
    }

    /// Compares a hundred calls with one batch that does their work. The host reads the results in
    /// the guest's memory.
    fn many(&self, command: &str, args: &'static [u8]) -> Result<Vec<Contestant<'_>>> {
        let mut raw = self.raw.instance(command)?;
        let command = format!("{command}_batched");
        let mut single = self.ours.call(&command)?;
        let mut batch = self.ours.call(&command)?;
        Ok(vec![
            Contestant::new("raw", move || {
                (0..MANY).try_for_each(|_| raw.call(args).map(|result| drop(black_box(result))))
            }),
            Contestant::new("ours, single calls", move || single.view_each(args, MANY)),
            Contestant::new("ours, batch", move || batch.view_many(args, MANY))
                .at_most(1.0, "ours, single calls"),
        ])
    }

    fn many_values(&self) -> Result<Vec<Contestant<'_>>> {
        let mut single = self.ours.call("greet_batched")?;
        let mut single = move || -> Result<Vec<Greeting>> {
            (0..MANY).map(|_| single.json::<Greeting>(GREET)).collect()
        };
        let mut batch = self.ours.call("greet_batched")?;
        for greetings in [single()?, batch.json_many(GREET, MANY)?] {
            ensure!(greetings.len() == MANY, "{} greetings", greetings.len());
            greetings[0].check()?;
        }
        Ok(vec![
            Contestant::new("ours, single calls", single),
            Contestant::new("ours, batch", move || {
                batch.json_many::<Greeting>(GREET, MANY)
            })
            .at_most(1.0, "ours, single calls"),
        ])
    }

    fn stats_json(&self) -> Result<Vec<Contestant<'_>>> {
        let args = self.stats_args.as_slice();
        let mut raw = self.raw.instance("stats")?;
        serde_json::from_slice::<Stats>(&raw.call(args)?)?.check()?;
        let mut in_place = self.ours.call("stats")?;
        serde_json::from_slice::<Stats>(&in_place.copy(args)?)?.check()?;
        let mut extism = self.extism.instance()?;
        serde_json::from_slice::<Stats>(extism.call("stats", args)?)?.check()?;
        Ok(vec![
            Contestant::new("raw", move || raw.call(args)),
            Contestant::new("ours, in place", move || in_place.view(args)),
            Contestant::new("extism", move || extism.call::<_, Vec<u8>>("stats", args)),
        ])
    }

    fn stats_values(&self) -> Result<Vec<Contestant<'_>>> {
        let numbers = jobs::numbers();
        let mut raw = self.raw.instance("stats")?;
        let mut raw = move || -> Result<Stats> {
            let args = serde_json::to_vec(&StatsArgs { numbers })?;
            Ok(serde_json::from_slice(&raw.call(&args)?)?)
        };
        raw()?.check()?;
        let mut json = self.ours.call("stats")?;
        json.json::<Stats>(StatsArgs { numbers })?.check()?;
        let mut binary = self.ours.call("stats_binary")?;
        binary.binary::<Stats>(StatsArgs { numbers })?.check()?;
        let component = |compiled: &component::Compiled| {
            let mut instance = compiled.instance::<(&[f64],), (component::Summary,)>("stats")?;
            let mut stats = move || instance.call((numbers,));
            let (component::Summary {
                count,
                mean,
                min,
                max,
            },) = stats()?;
            Stats {
                count,
                mean,
                min,
                max,
            }
            .check()?;
            anyhow::Ok(stats)
        };
        let mut extism = self.extism.instance()?;
        let mut extism = move || -> Result<Stats> {
            let args = serde_json::to_vec(&StatsArgs { numbers })?;
            Ok(serde_json::from_slice(extism.call("stats", args)?)?)
        };
        extism()?.check()?;
        Ok(vec![
            Contestant::new("raw", raw),
            Contestant::new("ours, JSON", move || {
                json.json::<Stats>(StatsArgs { numbers })
            })
            .at_most(1.0, "raw"),
            Contestant::new("ours, binary", move || {
                binary.binary::<Stats>(StatsArgs { numbers })
            })
            .at_most(1.0, "component, lean"),
            Contestant::new("component", component(&self.component)?),
            Contestant::new("component, lean", component(&self.lean_component)?),
            Contestant::new("extism", extism),
        ])
    }
}
