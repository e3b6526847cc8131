//! The first step in which two runs differ.

use std::fmt::{self, Display, Formatter};

use super::{hint, members};
use crate::observe::transcript::Transcript;

/// The names of the runs.
const RUNS: [&str; 2] = ["native", "wasm"];

/// The first difference between a native run and one in WebAssembly; see
/// [`compare`](super::compare).
///
/// `Display` formats it with the steps before it, both versions of the step, and the reason if it
/// is a common one.
#[derive(Debug)]
pub struct Divergence {
    /// The number of the plugin, counted from 0 in the order in which the body created them.
    plugin: usize,
    native: Transcript,
    wasm: Transcript,
}

impl Divergence {
    /// Compares the transcripts of all plugins, in order.
    pub(super) fn between(native: &[Transcript], wasm: &[Transcript]) -> Option<Self> {
        let nothing = Transcript::default();
        let plugins = native.len().max(wasm.len());
        (0..plugins).find_map(|plugin| {
            let [native, wasm] = [native, wasm].map(|run| run.get(plugin).unwrap_or(&nothing));
            let native = members::ordered_as(wasm, native);
            native.first_difference(wasm)?;
            Some(Divergence {
                plugin,
                native,
                wasm: wasm.clone(),
            })
        })
    }

    /// Returns the transcript of the native plugin that differs.
    pub fn native(&self) -> &Transcript {
        &self.native
    }

    /// Returns the transcript of its twin in WebAssembly.
    pub fn wasm(&self) -> &Transcript {
        &self.wasm
    }
}

impl Display for Divergence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the plugin behaves differently natively and in WebAssembly")?;
        if self.plugin > 0 {
            write!(f, " (plugin {} of this test)", self.plugin + 1)?;
        }
        let [native, wasm] = RUNS;
        let Some(difference) = self.native.first_difference(&self.wasm) else {
            return Ok(());
        };
        write!(f, "\n{}", difference.display(native, wasm))?;
        let steps = difference.left().zip(difference.right());
        if let Some(reason) = steps.and_then(|(native, wasm)| hint::reason(native, wasm)) {
            write!(f, "\nhelp: {reason}")?;
        }
        f.write_str(
            "\nnote: the guide lists the differences between the two: docs/guide/twin-tests.md",
        )
    }
}

impl std::error::Error for Divergence {}
