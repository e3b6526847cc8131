//! The long run: mixed calls of the examples on both engines, while memory must stay flat.

use std::time::Duration;

use anyhow::Result;
use lexopt::{Arg, Parser, ValueExt};

use crate::durations;
use crate::steps;

/// The length of a run, unless chosen.
const TIME: Duration = Duration::from_secs(300);

/// The variables with which `tests/soak` gets the length of a run.
const SECONDS: &str = "PLUGIN_SDK_SOAK_SECONDS";
const CALLS: &str = "PLUGIN_SDK_SOAK_CALLS";

/// The arguments of `cargo xtask soak`.
#[derive(Debug, PartialEq, Eq)]
pub struct Soak {
    length: Length,
    release: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Length {
    Time(Duration),
    Calls(u64),
}

impl Soak {
    /// Parses the arguments of the command.
    pub fn parse(arguments: &mut Parser) -> Result<Self, lexopt::Error> {
        let mut soak = Soak {
            length: Length::Time(TIME),
            release: false,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("time") => {
                    let time = arguments.value()?.string()?;
                    soak.length = Length::Time(durations::parse(&time)?);
                }
                Arg::Long("calls") => soak.length = Length::Calls(arguments.value()?.parse()?),
                Arg::Long("release") => soak.release = true,
                other => return Err(other.unexpected()),
            }
        }
        Ok(soak)
    }

    /// Makes the calls.
    pub fn run(&self) -> Result<()> {
        let toolchain = steps::toolchain_step()?;
        let mut cargo = toolchain.command("cargo");
        cargo.args(["test", "--test", "soak"]);
        if self.release {
            cargo.arg("--release");
        }
        cargo.args(["--", "--nocapture", "memory_stays_flat"]);
        match self.length {
            Length::Time(time) => cargo.env(SECONDS, time.as_secs().to_string()),
            Length::Calls(calls) => cargo.env(CALLS, calls.to_string()),
        };
        steps::program("the long run", cargo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Soak, String> {
        Soak::parse(&mut Parser::from_args(arguments)).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn a_run_has_a_time_or_a_number_of_calls() {
        assert_eq!(parsed(&[]).unwrap().length, Length::Time(TIME));
        let day = parsed(&["--time", "24h", "--release"]).unwrap();
        assert_eq!(day.length, Length::Time(Duration::from_secs(24 * 3600)));
        assert!(day.release);
        assert_eq!(
            parsed(&["--calls", "1000"]).unwrap().length,
            Length::Calls(1000)
        );
        assert!(parsed(&["--calls", "many"]).is_err());
        assert!(parsed(&["now"]).is_err());
    }
}
