//! The project's own commands. `cargo xtask help` lists them.
//!
//! A command consists of a few [`steps`]; the first finds or installs a toolchain that builds
//! WebAssembly, which is the work of the crate `toolchain`.

#![forbid(unsafe_code)]

mod dependencies;
mod durations;
mod fuzz;
mod go;
mod interpreters;
mod java;
mod miri;
mod platforms;
mod queue;
mod soak;
mod steps;
mod test_run;

use std::ffi::OsString;
use std::process::ExitCode;

use lexopt::{Arg, Parser};

use fuzz::Fuzz;
use soak::Soak;

const HELP: &str = "\
The project's own commands.

Usage: cargo xtask <command>

  setup           set up this machine: a toolchain for wasm32-unknown-unknown, and the tests' programs
  demo [args]     build two example plugins and run them, for instance: cargo xtask demo --name Ada
  test            set up, then run every test
  ci              the other checks of continuous integration: formatting, lints, dependencies,
                  documentation, Miri
  bench [args]    run the benchmarks; arguments go to `cargo bench`
  fuzz [targets]  fuzz the SDK and the harness with cargo-fuzz, for --time 60s each. Without a nightly
                  toolchain, or with --smoke, change the corpus at random instead. --sanitizer none
                  is faster
  miri            run the tests of shared memory and codecs under Miri
  staticcheck     check the clients in Go with staticcheck
  soak            call the examples on both engines for --time 5m, or --calls 10000000, and check that
                  memory stays flat; --release is faster
  help            print this

Each command first does the set-up that it needs, in well under a second if nothing is missing.";

#[derive(Debug, PartialEq, Eq)]
enum Task {
    Setup,
    Demo(Vec<OsString>),
    Test,
    Ci,
    Bench(Vec<OsString>),
    Fuzz(Fuzz),
    Miri,
    Staticcheck,
    Soak(Soak),
    Help,
}

fn parse(mut arguments: Parser) -> Result<Task, lexopt::Error> {
    let task = match arguments.next()? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => Task::Help,
        Some(Arg::Value(name)) => match name.to_str() {
            Some("setup") => Task::Setup,
            Some("demo") => Task::Demo(arguments.raw_args()?.collect()),
            Some("test") => Task::Test,
            Some("ci") => Task::Ci,
            Some("bench") => Task::Bench(arguments.raw_args()?.collect()),
            Some("fuzz") => Task::Fuzz(Fuzz::parse(&mut arguments)?),
            Some("miri") => Task::Miri,
            Some("staticcheck") => Task::Staticcheck,
            Some("soak") => Task::Soak(Soak::parse(&mut arguments)?),
            Some("help") => Task::Help,
            _ => {
                return Err(
                    format!("there is no command {name:?}; `cargo xtask help` lists them").into(),
                );
            }
        },
        Some(other) => return Err(other.unexpected()),
    };
    match arguments.next()? {
        None => Ok(task),
        Some(more) => Err(more.unexpected()),
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    match task {
        Task::Setup => steps::set_up(),
        Task::Demo(arguments) => steps::demo(&arguments),
        Task::Test => steps::test(),
        Task::Ci => steps::ci().and_then(|()| miri::run()),
        Task::Bench(arguments) => steps::bench(&arguments),
        Task::Fuzz(fuzz) => fuzz.run(),
        Task::Miri => miri::run(),
        Task::Staticcheck => steps::staticcheck(),
        Task::Soak(soak) => soak.run(),
        Task::Help => {
            println!("{HELP}");
            Ok(())
        }
    }
}

fn main() -> ExitCode {
    let task = match parse(Parser::from_env()) {
        Ok(task) => task,
        Err(mistake) => {
            eprintln!("error: {mistake}");
            return ExitCode::from(2);
        }
    };
    match run(task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Task, String> {
        parse(Parser::from_args(arguments)).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn demo_and_bench_pass_all_arguments_unchanged() {
        let rest = vec![OsString::from("--name"), OsString::from("Ada")];
        assert_eq!(parsed(&["demo", "--name", "Ada"]), Ok(Task::Demo(rest)));
        let rest = vec![
            OsString::from("--bench"),
            OsString::from("--"),
            OsString::from("-h"),
        ];
        assert_eq!(
            parsed(&["bench", "--bench", "--", "-h"]),
            Ok(Task::Bench(rest))
        );
    }

    #[test]
    fn a_missing_command_shows_help() {
        assert_eq!(parsed(&[]), Ok(Task::Help));
        assert_eq!(parsed(&["--help"]), Ok(Task::Help));
    }

    #[test]
    fn superfluous_arguments_are_refused() {
        assert_eq!(
            parsed(&["test", "greeter"]),
            Err("unexpected argument \"greeter\"".to_owned())
        );
        assert_eq!(
            parsed(&["ci", "--fast"]),
            Err("invalid option '--fast'".to_owned())
        );
    }

    #[test]
    fn an_unknown_command_is_named_with_a_pointer_to_help() {
        assert_eq!(
            parsed(&["tset"]),
            Err("there is no command \"tset\"; `cargo xtask help` lists them".to_owned())
        );
    }

    #[test]
    fn every_command_in_the_help_is_parsed() {
        let is_command = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
        for line in HELP.lines().filter(is_command) {
            let name = line.split_whitespace().next().unwrap();
            assert!(parsed(&[name]).is_ok(), "{name}");
        }
    }
}
