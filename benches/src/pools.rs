//! The throughput of several instances at once.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use plugin_sdk_harness::{AsyncPool, Failure, Module, Plugin, PluginBuilder, Pool};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::jobs::{self, GREET, GREET_JSON};
use crate::measure::{Contestant, Job};
use crate::modules::Modules;

/// The number of calls per job, large enough to make the start of two threads negligible.
const CALLS: usize = 4000;

/// The number of instances and of concurrent callers: every machine has as many processors.
const AT_ONCE: usize = 2;

/// A plugin with concurrent callers.
pub struct Pools(Module);

impl Pools {
    pub fn compile(modules: &Modules) -> Result<Self> {
        Ok(Pools(Module::load(&modules.ours[..])?))
    }

    pub fn jobs(&self) -> Vec<Job<'_>> {
        vec![Job::new("4,000 greets, values, 2 callers", || {
            self.line_up()
        })]
    }

    /// Returns a builder with a time limit, which async calls require.
    fn builder(&self) -> PluginBuilder {
        self.0.plugin().no_cache()
    }

    fn line_up(&self) -> Result<Vec<Contestant<'_>>> {
        let mut plugin = self.builder().build()?;
        jobs::check_greeting(plugin.call_raw("greet", GREET_JSON)?)?;
        let one_caller = move || -> Result<()> {
            for _ in 0..CALLS {
                plugin.call::<Value>("greet", GREET)?;
            }
            Ok(())
        };

        let mut own = [self.builder().build()?, self.builder().build()?];
        let of_their_own = move || callers(own.each_mut().map(|plugin| || greet(plugin)));

        let module = self.0.clone();
        let pool = Pool::new(AT_ONCE, move || module.plugin().no_cache());
        let pooled = move || callers([(); AT_ONCE].map(|()| || pool.call::<Value>("greet", GREET)));

        let runtime = runtime()?;
        let mut plugin = runtime.block_on(self.builder().build_async())?;
        let async_one = move || -> Result<()> {
            runtime.block_on(async {
                for _ in 0..CALLS {
                    plugin.call::<Value>("greet", GREET).await?;
                }
                Ok(())
            })
        };

        let runtime = self::runtime()?;
        let module = self.0.clone();
        let pool = AsyncPool::new(AT_ONCE, move || module.plugin().no_cache());
        let pool = Arc::new(pool);
        let async_pooled = move || {
            runtime.block_on(tasks(|| {
                let pool = Arc::clone(&pool);
                async move {
                    for _ in 0..CALLS / AT_ONCE {
                        pool.call::<Value>("greet", GREET).await?;
                    }
                    Ok(())
                }
            }))
        };

        let runtime = self::runtime()?;
        let spinning = || async {
            spin(CALLS / AT_ONCE);
            Ok(())
        };

        Ok(vec![
            // The limits of the machine: without a free second processor, two threads do not help
            // any contestant below. Tasks also need the system to wake both threads of the runtime
            // at once, on different processors.
            Contestant::new("no plugin, one thread", || {
                spin(CALLS);
                Ok(())
            }),
            Contestant::new("no plugin, two threads", || {
                callers([(); AT_ONCE].map(|()| || Ok(spin(1))))
            }),
            Contestant::new("no plugin, two tasks", move || {
                runtime.block_on(tasks(spinning))
            }),
            Contestant::new("one instance, one caller", one_caller),
            Contestant::new("an instance for each caller", of_their_own),
            Contestant::new("pool of two", pooled).at_most(0.65, "one instance, one caller"),
            Contestant::new("one instance, async", async_one),
            Contestant::new("pool of two, async", async_pooled)
                .at_most(0.65, "one instance, async"),
        ])
    }
}

/// Takes about as long as a `greet`, without anything that threads share.
fn spin(times: usize) -> Value {
    for round in 0..2500 * times {
        black_box(round);
    }
    Value::Null
}

fn greet(plugin: &mut Plugin) -> Result<Value, Failure> {
    plugin.call("greet", GREET)
}

/// Makes the calls from two threads.
fn callers(calls: [impl FnMut() -> Result<Value, Failure> + Send; AT_ONCE]) -> Result<()> {
    std::thread::scope(|threads| {
        let callers = calls.map(|mut call| {
            threads.spawn(move || (0..CALLS / AT_ONCE).try_for_each(|_| call().map(drop)))
        });
        for caller in callers {
            caller.join().ok().context("a caller panicked")??;
        }
        Ok(())
    })
}

/// Runs two tasks.
async fn tasks<T>(task: impl Fn() -> T) -> Result<()>
where
    T: Future<Output = Result<(), Failure>> + Send + 'static,
{
    for task in [(); AT_ONCE].map(|()| tokio::spawn(task())) {
        task.await??;
    }
    Ok(())
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_multi_thread()
        .worker_threads(AT_ONCE)
        .enable_time()
        .build()?)
}
