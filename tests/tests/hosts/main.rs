//! Plugins in hosts that nobody here wrote for them: each knows of this repository nothing but one page of `docs/`.
//!
//! Most are programs in other languages (see `tests/hosts/`). They take calls and give answers as lines of JSON, so that all can be given the same
//! calls, and must give the same answers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod interpreter;
mod native;
mod program;

use std::path::{Path, PathBuf};

use plugin_sdk_harness::{Module, Source};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Where cargo builds to.
fn target_dir() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// Builds the plugin in a folder of the workspace.
fn build(folder: &str) -> PathBuf {
    let source = Source::crate_dir(Path::new(WORKSPACE).join(folder));
    Module::load(source.profile("dev").target_dir(target_dir())).unwrap();
    let name = Path::new(folder).file_name().unwrap().to_str().unwrap();
    let file = format!(
        "wasm32-unknown-unknown/debug/{}.wasm",
        name.replace('-', "_")
    );
    target_dir().join(file)
}
