//! Measurement of counts and times.

use std::time::{Duration, Instant};

use plugin_sdk_harness::{Failure, Module, Plugin, PluginBuilder};
use serde::{Deserialize, Serialize};

use super::cases::Case;
use crate::host_options;
use crate::quantities::PAGE;
use crate::target_host::{self, Host};

/// The number of calls before any is timed, and the greatest number of timed calls.
const WARM_UP: usize = 3;
const MOST_RUNS: usize = 10_000;

/// The cost of a call, in numbers that are the same in every run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// The error's code, if the call did not return a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub fuel: u64,
    /// The size of the memory after the call, in pages of 64 KiB.
    pub pages: u64,
    /// The number of blocks that the guest has allocated, if it counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocations: Option<u64>,
    pub host_calls: u64,
    pub argument_bytes: u64,
    pub result_bytes: u64,
}

/// The time of a call on this machine.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Times {
    pub min_ns: u64,
    pub median_ns: u64,
    pub runs: usize,
}

/// A measured case.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    pub name: String,
    pub command: String,
    #[serde(flatten)]
    pub counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Times>,
}

/// The total cost of all calls to a command so far.
#[derive(Default)]
struct Costs {
    fuel: u64,
    host_calls: u64,
    result_bytes: u64,
}

fn costs(plugin: &Plugin, command: &str) -> Costs {
    let calls = plugin.statistics().command(command);
    calls.map_or_else(Costs::default, |calls| Costs {
        fuel: calls.fuel.unwrap_or(0),
        host_calls: calls.host_calls,
        result_bytes: calls.bytes_out,
    })
}

/// Counts the cost of a case, with `fuel` for each of its calls and no time limit.
///
/// # Errors
///
/// Fails if the case's call is not reached: the module cannot be instantiated, or a call before it
/// fails.
pub fn count(module: &Module, host: Host, case: &Case, fuel: u64) -> Result<Counted, Failure> {
    let builder = host_options::as_asked(module, host, None)
        .fuel(fuel)
        .no_timeout()
        .statistics();
    let mut plugin = prepared(builder, host, case)?;
    let allocations = |plugin: &Plugin| plugin.heap().map(|heap| heap.allocations);
    let (before, allocated) = (costs(&plugin, &case.command), allocations(&plugin));
    let error = plugin.call_raw(&case.command, &case.input).err();
    let after = costs(&plugin, &case.command);
    let counts = Counts {
        error: error.map(|failure| crate::text::line(failure.code(), 100)),
        fuel: after.fuel.saturating_sub(before.fuel),
        pages: plugin.memory_bytes() as u64 / PAGE,
        allocations: allocations(&plugin)
            .zip(allocated)
            .map(|(after, before)| after.saturating_sub(before)),
        host_calls: after.host_calls.saturating_sub(before.host_calls),
        argument_bytes: case.input.len() as u64,
        result_bytes: after.result_bytes.saturating_sub(before.result_bytes),
    };
    Ok(Counted {
        counts,
        ends: !plugin.is_poisoned(),
    })
}

/// The counts of a case; `ends` is true if the instance can be called again.
pub struct Counted {
    pub counts: Counts,
    pub ends: bool,
}

/// Repeats the call for about this long, and returns the time of a call.
pub fn time(
    module: &Module,
    host: Host,
    case: &Case,
    budget: Duration,
) -> Result<Option<Times>, Failure> {
    let mut plugin = prepared(host_options::as_asked(module, host, None), host, case)?;
    for _ in 0..WARM_UP {
        // An error that the plugin returns takes time as well.
        let _ = plugin.call_raw(&case.command, &case.input);
    }
    let mut times = Vec::new();
    // A time beyond the clock's range never ends; `MOST_RUNS` does.
    let end = Instant::now().checked_add(budget);
    while !plugin.is_poisoned()
        && times.len() < MOST_RUNS
        && (times.is_empty() || end.is_none_or(|end| Instant::now() < end))
    {
        let began = Instant::now();
        let _ = plugin.call_raw(&case.command, &case.input);
        let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        times.push(took);
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied();
    Ok(times
        .first()
        .copied()
        .zip(median)
        .map(|(min_ns, median_ns)| Times {
            min_ns,
            median_ns,
            runs: times.len(),
        }))
}

/// Creates an instance for the case, in the state that its call requires.
fn prepared(builder: PluginBuilder, host: Host, case: &Case) -> Result<Plugin, Failure> {
    // All services are in memory, so the plugin needs no protection.
    let mut builder = builder.grant_all();
    if let Some(config) = &case.config {
        builder = builder.config(config);
    }
    let mut plugin = target_host::build(builder, host)?;
    target_host::start(&mut plugin)?;
    for (command, input) in &case.before {
        plugin.call_raw(command, input)?;
    }
    Ok(plugin)
}
