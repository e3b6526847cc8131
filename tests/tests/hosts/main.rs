//! Plugins in independent hosts: each knows only one page of `docs/` and nothing else of this
//! repository.
//!
//! Most are programs in other languages (see `tests/hosts/`). They take calls and return answers as
//! lines of JSON, so that all can get the same calls, and must return the same answers.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod engines;
mod extism;
mod go;
mod hostile;
mod interpreter;
mod native;
mod program;
mod snapshots;
mod typst;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use plugin_sdk_harness::Source;
use serde_json::{Value, json};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Returns the folder that cargo builds to.
fn target_dir() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// Builds the plugin in a folder of the workspace, for hosts of the SDK's own ABI.
fn build(folder: &str) -> PathBuf {
    build_with(folder, None, "dev")
}

/// Builds it for another host, as users would: a host that is itself not optimised is slow with any
/// other build.
fn build_for(folder: &str, feature: &str) -> PathBuf {
    build_with(folder, Some(feature), "guest")
}

fn build_with(folder: &str, feature: Option<&str>, profile: &str) -> PathBuf {
    static BUILT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let name = Path::new(folder).file_name().unwrap().to_str().unwrap();
    // A separate folder for each feature, so that builds do not replace each other.
    let file = format!("{name}-{}.wasm", feature.unwrap_or("native"));
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if built.insert(file.clone()) {
        let source = Source::crate_dir(Path::new(WORKSPACE).join(folder));
        let source = source.profile(profile).target_dir(target_dir());
        fs::write(&file, source.features(feature).compile().unwrap().wasm).unwrap();
    }
    file
}

/// Returns a call of a command that takes JSON.
fn call(export: &str, arguments: Value) -> Value {
    json!({"export": export, "json": arguments})
}
