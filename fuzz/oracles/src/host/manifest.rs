//! The section with a plugin's description of itself.

use plugin_sdk::abi;
use plugin_sdk_harness::manifest::{Manifest, Schema};
use serde_json::Value;

use crate::Verdict;
use crate::modules::section::only_section;
use crate::verdict::ensure;

/// The most bytes of a schema whose references are replaced, with room for what stays in `$defs`.
const MAX_INLINED: usize = 1 << 20;

/// Checks one input: the section's contents.
pub fn check(input: &[u8]) -> Verdict {
    let wasm = only_section(abi::MANIFEST_SECTION, input);
    match Manifest::read(&wasm) {
        Ok(Some(manifest)) => accepted(input, &manifest),
        Ok(None) => Err("the section was not found".to_owned()),
        Err(error) => {
            ensure!(!error.to_string().is_empty(), "an error has no text");
            Ok(())
        }
    }
}

/// Checks a manifest that was read from these lines.
fn accepted(section: &[u8], manifest: &Manifest) -> Verdict {
    let text = std::str::from_utf8(section).map_err(|_| "a section is not text".to_owned())?;
    let mut commands = 0;
    for line in text.lines() {
        let line: Value = serde_json::from_str(line)
            .map_err(|error| format!("a line that is not JSON was accepted: {error}"))?;
        let described = line.get("commands").and_then(Value::as_array);
        commands += described.map_or(0, Vec::len);
    }
    ensure!(
        manifest.commands.len() == commands,
        "{commands} commands became {}",
        manifest.commands.len()
    );
    let names: Vec<&str> = manifest
        .commands
        .iter()
        .map(|command| &*command.name)
        .collect();
    ensure!(
        names.is_sorted_by(|one, other| one < other),
        "the commands are {names:?}"
    );
    ensure!(
        manifest.abi == abi::VERSION,
        "the ABI version is {}",
        manifest.abi
    );
    for command in &manifest.commands {
        command
            .arguments
            .iter()
            .chain(&command.result)
            .try_for_each(|schema| usable(manifest, schema))?;
    }
    manifest
        .config
        .iter()
        .try_for_each(|schema| usable(manifest, schema))?;
    again(manifest)
}

/// Checks that a schema can be passed on, within bounds.
fn usable(manifest: &Manifest, schema: &Schema) -> Verdict {
    let standalone = manifest.standalone(schema);
    // A Boolean schema has no place for the dialect.
    let _ = standalone.get("$schema");
    let inlined = manifest.inlined(schema).to_string().len();
    let own = schema.as_value().to_string().len()
        + serde_json::to_string(&manifest.defs).map_or(0, |defs| defs.len());
    ensure!(
        inlined <= MAX_INLINED + own,
        "an inlined schema has {inlined} bytes"
    );
    Ok(())
}

/// Checks that a manifest survives being written as one line.
fn again(manifest: &Manifest) -> Verdict {
    let line = serde_json::to_vec(manifest).map_err(|error| error.to_string())?;
    same(
        manifest,
        Manifest::read(&only_section(abi::MANIFEST_SECTION, &line))
            .ok()
            .flatten(),
    )
}

fn same(manifest: &Manifest, again: Option<Manifest>) -> Verdict {
    ensure!(
        again.as_ref() == Some(manifest),
        "{manifest:?} is read back as {again:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r##"{"abi":1,"id":"shop","version":"1.0.0","commands":[{"name":"buy","arguments":{"$ref":"#/$defs/A"},"result":true}],"$defs":{"A":{"type":"object"}}}"##;

    fn read(line: &str) -> Manifest {
        let wasm = only_section(abi::MANIFEST_SECTION, line.as_bytes());
        Manifest::read(&wasm)
            .expect("a valid line")
            .expect("a section")
    }

    #[test]
    fn a_manifest_that_does_not_follow_from_its_lines_is_noticed() {
        let manifest = read(LINE);
        assert_eq!(accepted(LINE.as_bytes(), &manifest), Ok(()));
        let mut without = manifest.clone();
        without.commands.clear();
        assert!(accepted(LINE.as_bytes(), &without).is_err());
        let mut twice = manifest.clone();
        twice.commands.extend(manifest.commands.clone());
        let two = [LINE, LINE].join("\n");
        assert!(accepted(two.as_bytes(), &twice).is_err());
    }

    #[test]
    fn lines_that_are_not_json_are_noticed() {
        let manifest = read(LINE);
        assert!(accepted(b"{\"abi\":1", &manifest).is_err());
        assert!(accepted(b"\xff", &manifest).is_err());
    }

    #[test]
    fn a_manifest_that_is_read_back_differently_is_noticed() {
        let manifest = read(LINE);
        assert_eq!(same(&manifest, Some(manifest.clone())), Ok(()));
        assert!(same(&manifest, None).is_err());
        assert!(same(&manifest, Some(Manifest::default())).is_err());
    }
}
