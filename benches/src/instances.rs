//! The cost of a new instance, up to the end of its first call.

use anyhow::Result;
use plugin_sdk_harness::Plugin;

use crate::engine;
use crate::jobs::{self, GREET, GREET_JSON};
use crate::measure::{Contestant, Job};
use crate::modules::Modules;
use crate::ours::Ours;
use crate::peers::{component, extism, raw::Raw};

/// Every guest, compiled for its host, with a pool and without.
pub struct Instances {
    raw: Raw,
    pooled_raw: Raw,
    reset_raw: Raw,
    ours: Ours,
    snapshot: Ours,
    component: component::Compiled,
    pooled_component: component::Compiled,
    extism: extism::Compiled,
}

impl Instances {
    pub fn compile(modules: &Modules) -> Result<Self> {
        let component = |engine| component::Compiled::compile(&engine, &modules.component);
        Ok(Instances {
            raw: Raw::compile(&engine::plain()?, &modules.raw)?,
            pooled_raw: Raw::compile(&engine::pooled()?, &modules.raw)?,
            reset_raw: Raw::compile(&engine::reset_by_page()?, &modules.raw)?,
            ours: Ours::load(&modules.ours)?,
            snapshot: Ours::load(&modules.ours_snapshot)?,
            component: component(engine::lean()?)?,
            pooled_component: component(engine::pooled()?)?,
            extism: extism::Compiled::compile(&modules.extism)?,
        })
    }

    pub fn jobs(&self) -> Vec<Job<'_>> {
        vec![
            Job::new("instance and first greet", || {
                let extism = || {
                    self.extism
                        .instance()?
                        .call::<_, Vec<u8>>("greet", GREET_JSON)
                };
                jobs::check_greeting(&extism()?)?;
                Ok(vec![
                    raw("raw", &self.raw)?,
                    ours("ours", || self.ours.instance())?,
                    ours("ours, snapshot", || self.snapshot.instance())?.at_most(0.5, "raw"),
                    component(&self.component),
                    Contestant::new("extism", extism),
                ])
            }),
            Job::new("pooled instance and first greet", || {
                Ok(vec![
                    raw("raw", &self.pooled_raw)?,
                    // Like the harness's pools, and unlike wasmtime's default.
                    raw("raw, reset by page", &self.reset_raw)?,
                    ours("ours", || self.ours.pooled())?,
                    ours("ours, snapshot", || self.snapshot.pooled())?.at_most(0.4, "raw"),
                    component(&self.pooled_component),
                ])
            }),
        ]
    }
}

fn raw<'a>(name: &'static str, raw: &'a Raw) -> Result<Contestant<'a>> {
    let once = || raw.instance("greet")?.call(GREET_JSON);
    jobs::check_greeting(&once()?)?;
    Ok(Contestant::new(name, once))
}

fn ours<'a>(
    name: &'static str,
    instance: impl Fn() -> Result<Plugin> + 'a,
) -> Result<Contestant<'a>> {
    let once = move || Ok(instance()?.call_raw("greet", GREET_JSON)?.to_vec());
    jobs::check_greeting(&once()?)?;
    Ok(Contestant::new(name, once))
}

fn component(component: &component::Compiled) -> Contestant<'_> {
    Contestant::new("component, lean", || {
        component
            .instance::<_, (component::Greeting,)>("greet")?
            .call((GREET.name, Some(GREET.times)))
    })
}
