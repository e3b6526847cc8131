//! The guests: the example `greeter` as a plugin, and the hand-written one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use plugin_sdk_harness::Source;

/// Returns a folder in which cargo lets the bench write.
pub fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

pub fn greeter() -> PathBuf {
    scratch().join("greeter.wasm")
}

pub fn raw() -> PathBuf {
    scratch().join("raw.wasm")
}

/// Builds both, as their authors would, and writes them to their files.
pub fn build() -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (folder, file) in [
        (here.join("../../examples/greeter"), greeter()),
        (here.join("../guests/raw"), raw()),
    ] {
        let built = Source::crate_dir(folder)
            .profile("guest")
            .cdylib_only()
            .target_dir(scratch().join("guests"))
            .compile()
            .map_err(|failure| anyhow!("{failure}"))?;
        fs::write(file, &built.wasm)?;
    }
    Ok(())
}
