//! The services, as imports of WASI's interfaces. A component imports those only that its plugin
//! calls.

mod http;
mod kv;

use super::resources::{output_stream, write_all};
use super::{Contract, environment};
use crate::contracts::canonical::Answer;
use crate::contracts::services::{Config, Log, Random, Time};
use crate::error::Result;
use crate::memory::Address;

imported! {
    "wasi:cli/stderr@0.2.0":
        fn get_stderr = "get-stderr"() -> u32;
    "wasi:clocks/wall-clock@0.2.0":
        fn wall_now = "now"(area: Address);
    "wasi:clocks/monotonic-clock@0.2.0":
        fn monotonic_now = "now"() -> u64;
    "wasi:random/random@0.2.0":
        fn get_random_bytes = "get-random-bytes"(len: u64, area: Address);
}

unsupported!(Contract at "WASI 0.2": Ai, Events, Files);

impl Config for Contract {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>> {
        environment::setting(key)
    }
}

impl Log for Contract {
    fn max_level(&mut self) -> u32 {
        environment::log_level()
    }

    fn write(&mut self, level: u32, target: &str, message: &str) {
        let level = match level {
            1 => "error",
            2 => "warn",
            3 => "info",
            4 => "debug",
            _ => "trace",
        };
        write_line(level, target, message);
    }
}

/// Writes a line to standard error: `info greeter: greeting Ada`.
fn write_line(level: &str, target: &str, message: &str) {
    let line = [level, " ", target, ": ", message, "\n"].concat();
    write_all(&output_stream(get_stderr()), line.as_bytes());
}

/// Writes a panic to the log.
pub(super) fn report_panic(line: &str) {
    write_line("error", "panic", line);
}

impl Random for Contract {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        let mut answer = Answer::of(|area| get_random_bytes(bytes.len() as u64, area));
        answer.fill(0, bytes)
    }
}

const NANOSECONDS: u64 = 1_000_000_000;

impl Time for Contract {
    fn now(&mut self, nanoseconds: &mut u64) -> Result<()> {
        let mut now = Answer::of(wall_now);
        let seconds = now.number(0, 8).saturating_mul(NANOSECONDS);
        *nanoseconds = seconds.saturating_add(now.number(8, 4));
        Ok(())
    }

    fn monotonic(&mut self, nanoseconds: &mut u64) -> Result<()> {
        *nanoseconds = monotonic_now();
        Ok(())
    }
}
