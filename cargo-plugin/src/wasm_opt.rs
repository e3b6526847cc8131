//! Binaryen's `wasm-opt`, for users who have it installed.

use std::fs;
use std::process::Command;

use crate::error::{Error, Result};
use crate::terminal::Terminal;
use crate::wasm;

const PROGRAM: &str = "wasm-opt";

/// The section that must not change.
const SECTION: &str = "plugin-sdk";

/// Returns a smaller module with the same names and the same section `plugin-sdk`.
pub fn run(wasm: &[u8], terminal: &Terminal) -> Result<Vec<u8>> {
    let failed = || Error::new("the module cannot be optimised");
    let io = |error: std::io::Error| failed().because(error);
    let folder = tempfile::tempdir().map_err(io)?;
    let (from, to) = (
        folder.path().join("in.wasm"),
        folder.path().join("out.wasm"),
    );
    fs::write(&from, wasm).map_err(io)?;
    let spinner = terminal.spinner("wasm-opt -Oz");
    // The module itself lists the WebAssembly features that the compiler may use
    // (`target_features`), so none need be enabled here.
    let output = Command::new(PROGRAM)
        .args(["-Oz", "-g"])
        .arg(&from)
        .arg("-o")
        .arg(&to)
        .output()
        .map_err(|error| {
            failed()
                .because(format!("cannot run `{PROGRAM}`: {error}"))
                .help("`--optimize` needs Binaryen: `npm install -g binaryen`, `apt install binaryen`, `brew install binaryen`; all other commands work without it")
        })?;
    drop(spinner);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed()
            .because(format!("`{PROGRAM} -Oz` failed"))
            .because(said.trim()));
    }
    let optimised = fs::read(&to).map_err(io)?;
    match wasm::custom_sections(&optimised, SECTION)? == wasm::custom_sections(wasm, SECTION)? {
        true => Ok(optimised),
        false => Err(failed()
            .because(format!(
                "`{PROGRAM}` changed the section `{SECTION}`, which describes the plugin to hosts"
            ))
            .help("install a later version of Binaryen, or omit `--optimize`")),
    }
}
