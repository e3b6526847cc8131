//! Binaryen's `wasm-opt`, for users who have it installed.

use std::fs;
use std::process::Command;

use crate::error::{Error, Result};
use crate::terminal::Terminal;
use crate::wasm::Anatomy;

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
                .help("`--optimize` needs Binaryen: `npm install -g binaryen`, `apt install binaryen`, `brew install binaryen`; everything works without")
        })?;
    drop(spinner);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed()
            .because(format!("`{PROGRAM} -Oz` failed"))
            .because(said.trim()));
    }
    let optimised = fs::read(&to).map_err(io)?;
    match section(&optimised)? == section(wasm)? {
        true => Ok(optimised),
        false => Err(failed()
            .because(format!(
                "`{PROGRAM}` changed the section `{SECTION}`, by which hosts know the plugin"
            ))
            .help("install a later version of Binaryen, or leave `--optimize` out")),
    }
}

/// Returns the contents of the section `plugin-sdk`, or nothing if it is missing.
fn section(wasm: &[u8]) -> Result<Vec<u8>> {
    let sections = Anatomy::of(wasm)?.sections.into_iter();
    let ours = sections.filter(|section| section.name == SECTION);
    Ok(ours
        .flat_map(|section| wasm.get(section.contents).unwrap_or_default().to_vec())
        .collect())
}
