//! Measures plugin-sdk next to hand-written code, components and Extism, and prints one table of
//! ratios.

mod calls;
mod codecs;
mod commands;
mod compiling;
mod engine;
mod growth;
mod guests;
mod host_calls;
mod hosts;
mod instances;
mod jobs;
mod loading;
mod modules;
mod ours;
mod peers;
mod pools;
mod sizes;

use std::env;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Result, bail};
use criterion::Criterion;
use plugin_sdk_benches::{measure, report};

use crate::calls::Calls;
use crate::codecs::Codecs;
use crate::host_calls::HostCalls;
use crate::instances::Instances;
use crate::measure::Job;
use crate::modules::Modules;
use crate::pools::Pools;

const USAGE: &str = "\
cargo bench [-- [--build] [--table] [--growth] [FILTER]]
  --build   also time builds: the first one of a guest, and one with many commands (some minutes)
  --table   no criterion reports, only the table
  --growth  instead of all that, the growth of costs, with charts in docs/growth (some minutes)
  FILTER    only the figures whose name contains it";

fn main() -> Result<ExitCode> {
    // With one of these variables, wasmtime and anyhow collect a backtrace for each error, which
    // would distort the figures. Changing the environment of a running process is unsafe, so a
    // second one starts without them.
    const BACKTRACES: [&str; 2] = ["RUST_BACKTRACE", "RUST_LIB_BACKTRACE"];
    if BACKTRACES.iter().any(|name| env::var_os(name).is_some()) {
        let mut again = Command::new(env::current_exe()?);
        again.args(env::args_os().skip(1));
        for name in BACKTRACES {
            again.env_remove(name);
        }
        let status = again.status()?;
        return Ok(if status.success() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    run(&Options::parse()?)?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Default)]
struct Options {
    build: bool,
    table: bool,
    growth: bool,
    filter: Option<String>,
}

impl Options {
    fn parse() -> Result<Self> {
        let mut options = Options::default();
        for arg in env::args().skip(1) {
            match arg.as_str() {
                "--build" => options.build = true,
                "--table" => options.table = true,
                "--growth" => options.growth = true,
                // From cargo.
                "--bench" => {}
                filter if !filter.starts_with('-') && options.filter.is_none() => {
                    options.filter = Some(arg);
                }
                _ => bail!("unexpected argument `{arg}`\n{USAGE}"),
            }
        }
        Ok(options)
    }

    fn wants(&self, figure: &str) -> bool {
        self.filter
            .as_deref()
            .is_none_or(|filter| figure.contains(filter))
    }
}

fn run(options: &Options) -> Result<()> {
    eprintln!("building the guests");
    let modules = Modules::build()?;
    if options.growth {
        report::print(&growth::run(&modules, |figure| options.wants(figure))?);
        return Ok(());
    }
    let calls = Calls::compile(&modules)?;
    let codecs = Codecs::compile(&modules)?;
    let instances = Instances::compile(&modules)?;
    let host_calls = HostCalls::compile(&modules)?;
    let pools = Pools::compile(&modules)?;
    let mut jobs = calls.jobs();
    jobs.extend(codecs.jobs());
    jobs.extend(instances.jobs());
    jobs.extend(host_calls.jobs());
    jobs.extend(pools.jobs());
    jobs.push(Job::new("greet, by host", hosts::greet));
    jobs.retain(|job| options.wants(job.name));
    if !options.table {
        reports(&jobs)?;
    }
    let mut rows = Vec::new();
    for job in &jobs {
        eprintln!("racing: {}", job.name);
        rows.extend(report::rows(
            job.name,
            &job.line_up()?,
            &measure::race(job)?,
        ));
    }
    let slow = options.build.then_some(sizes::SLOW).into_iter().flatten();
    for (name, weigh) in sizes::QUICK.into_iter().chain(slow) {
        if options.wants(name) {
            eprintln!("weighing: {name}");
            rows.extend(weigh(name)?);
        }
    }
    report::print(&rows);
    Ok(())
}

/// Runs criterion's reports, on each contestant alone.
fn reports(jobs: &[Job]) -> Result<()> {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30);
    for job in jobs {
        let mut group = criterion.benchmark_group(job.name);
        for mut contestant in job.line_up()? {
            group.bench_function(contestant.name, |bencher| {
                bencher.iter_custom(|times| contestant.time(times));
            });
        }
        group.finish();
    }
    Ok(())
}
