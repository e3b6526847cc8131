//! This program as another process, whose memory and processor time are not the client's.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use plugin_sdk_benches::usage::{processor_seconds, resident_bytes};

use crate::modules::scratch;
use crate::servers::Contestant;

/// The option of a process that serves.
pub const SERVE: &str = "--serve";

/// The option of a process that loads many plugins.
pub const LOAD_MANY: &str = "--load-many";

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
