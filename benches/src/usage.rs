//! The memory and the processor time that a process uses, which only Linux says in these files.

use std::fs;

use anyhow::{Context as _, Result};

/// The unit of processor times, which is the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Returns the resident memory of a process, in bytes; `self` is this one.
///
/// # Errors
///
/// On systems other than Linux, which do not have this file.
pub fn resident_bytes(process: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))
        .context("memory is measured on Linux only")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line
        .and_then(|line| line.split_whitespace().next())
        .context("no `VmRSS` in the status of a process")?
        .parse()?;
    Ok(kib * 1024)
}

/// Returns the processor time that a process has used, in seconds; `self` is this one.
///
/// # Errors
///
/// On systems other than Linux, which do not have this file.
pub fn processor_seconds(process: &str) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))
        .context("processor time is measured on Linux only")?;
    // The name of the program, in parentheses, may contain spaces. User and system time are the
    // 12th and the 13th field after it.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields);
    let mut times = fields.unwrap_or("").split_whitespace().skip(11);
    let mut next = || times.next().and_then(|ticks| ticks.parse::<u64>().ok());
    let (user, system) = next()
        .zip(next())
        .context("no times in the status of a process")?;
    Ok((user + system) as f64 / TICKS_PER_SECOND)
}
