//! plugin-sdk's guest in plugin-sdk's harness.

use std::hint::black_box;

use anyhow::Result;
use plugin_sdk::binary;
use plugin_sdk_harness::{Command, Module, Plugin};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine;

/// The pages of the largest linear memory.
const WHOLE_MEMORY: u32 = 1 << 16;

/// A loaded plugin.
pub struct Ours(Module);

impl Ours {
    pub fn load(wasm: &[u8]) -> Result<Self> {
        Ok(Ours(Module::load(wasm)?))
    }

    /// Creates an instance without a time limit, like those of the peers.
    pub fn instance(&self) -> Result<Plugin> {
        Ok(self.0.plugin().no_timeout().no_cache().build()?)
    }

    /// Creates an instance that takes and returns values of any size.
    pub fn roomy(&self) -> Result<Plugin> {
        let plugin = self.0.plugin().no_timeout().no_cache();
        let plugin = plugin.memory_pages(WHOLE_MEMORY);
        Ok(plugin
            .max_argument_bytes(u64::MAX)
            .max_result_bytes(u64::MAX)
            .build()?)
    }

    /// Creates an instance from a pool.
    pub fn pooled(&self) -> Result<Plugin> {
        Ok(self
            .0
            .plugin()
            .no_timeout()
            .no_cache()
            .pooling(engine::POOL)
            .build()?)
    }

    /// Creates an instance with the harness's default limits, which include a time limit.
    pub fn clocked(&self) -> Result<Plugin> {
        Ok(self.0.plugin().no_cache().build()?)
    }

    /// Returns `command` of a new instance.
    pub fn call(&self, command: &str) -> Result<Call> {
        Call::new(self.instance()?, command)
    }
}

/// One command of one instance.
pub struct Call {
    plugin: Plugin,
    command: Command,
    /// Room for arguments in the binary codec.
    args: Vec<u8>,
}

impl Call {
    pub fn new(plugin: Plugin, command: &str) -> Result<Self> {
        Ok(Call {
            command: plugin.command(command)?,
            plugin,
            args: Vec::new(),
        })
    }

    /// Passes bytes, and reads the result in the guest's memory.
    pub fn view(&mut self, args: &[u8]) -> Result<()> {
        black_box(self.plugin.call_raw(&self.command, args)?);
        Ok(())
    }

    /// Passes and returns bytes.
    pub fn copy(&mut self, args: &[u8]) -> Result<Vec<u8>> {
        Ok(self.plugin.call_raw(&self.command, args)?.to_vec())
    }

    /// Makes `times` calls with the same bytes, and reads each result.
    pub fn view_each(&mut self, args: &[u8], times: usize) -> Result<()> {
        for _ in 0..times {
            self.view(args)?;
        }
        Ok(())
    }

    /// Makes one batch call with the same bytes `times` times, and reads each result.
    pub fn view_many(&mut self, args: &[u8], times: usize) -> Result<()> {
        let answers = self
            .plugin
            .call_many_raw(&self.command, std::iter::repeat_n(args, times))?;
        for answer in answers {
            black_box(answer?);
        }
        Ok(())
    }

    /// Like [`view_many`](Self::view_many), with values at both ends.
    pub fn json_many<R: DeserializeOwned>(
        &mut self,
        args: impl Serialize + Copy,
        times: usize,
    ) -> Result<Vec<R>> {
        let answers = self
            .plugin
            .call_many(&self.command, std::iter::repeat_n(args, times))?;
        Ok(answers.into_iter().collect::<Result<_, _>>()?)
    }

    /// Passes and returns values, encoded as JSON.
    pub fn json<R: DeserializeOwned>(&mut self, args: impl Serialize) -> Result<R> {
        Ok(self.plugin.call(&self.command, args)?)
    }

    /// Passes and returns values, in the binary codec.
    pub fn binary<R: DeserializeOwned>(&mut self, args: impl Serialize) -> Result<R> {
        self.args.clear();
        binary::write(&args, &mut self.args)?;
        let result = self.plugin.call_raw(&self.command, &self.args)?;
        binary::read(result).map_err(|fault| anyhow::anyhow!("not in the binary codec: {fault:?}"))
    }
}
