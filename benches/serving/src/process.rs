//! This program as another process, whose memory and processor time are not the client's.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::modules::scratch;
use crate::servers::Contestant;

/// The option of a process that serves.
pub const SERVE: &str = "--serve";

/// The option of a process that loads many plugins.
pub const LOAD_MANY: &str = "--load-many";

/// The unit of processor times, which is the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// A server in a process of its own, which ends when this is dropped.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(contestant: Contestant) -> Result<Self> {
        let mut process = this_program()?
            .args([SERVE, contestant.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let port: u16 = line
            .trim()
            .parse()
            .with_context(|| format!("the server `{}` has not started", contestant.name()))?;
        Ok(Server {
            process,
            address: ([127, 0, 0, 1], port).into(),
        })
    }

    /// Returns the resident memory of the process, in bytes.
    pub fn resident_bytes(&self) -> Result<u64> {
        resident_bytes(&self.process.id().to_string())
    }

    /// Returns the processor time that the process has used, in seconds.
    pub fn processor_seconds(&self) -> Result<f64> {
        processor_seconds(&self.process.id().to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its input.
        self.process.stdin.take();
        let _ = self.process.wait();
    }
}

/// Runs this program with one argument for an option, and returns what it prints.
pub fn output(option: &str, argument: &str) -> Result<String> {
    let output = this_program()?
        .args([option, argument])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "`{option} {argument}` has failed");
    Ok(String::from_utf8(output.stdout)?)
}

fn this_program() -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    // With them, every error of wasmtime has a backtrace.
    command
        .env_remove("RUST_BACKTRACE")
        .env_remove("RUST_LIB_BACKTRACE")
        // The user's own cache has no room for a thousand modules.
        .env("PLUGIN_SDK_CACHE_DIR", scratch().join("cache"));
    Ok(command)
}

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
