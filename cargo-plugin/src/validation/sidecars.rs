//! The files next to the module: their agreement with the manifest.

use std::fs;
use std::path::{Path, PathBuf};

use plugin_sdk_harness::manifest::Manifest;
use serde_json::Value;

use super::{Check, Finding, Subject, Validation};
use crate::sidecar::{self, Sidecar};
use crate::text;
use crate::wasm::Anatomy;

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// The greatest number of different members that are listed.
const MAX_DIFFERENCES: usize = 20;

const HELP: &str = "`cargo plugin build` writes it anew, from the module";

pub fn check(subject: &Subject<'_>, validation: &mut Validation) {
    let (Some(manifest), Ok(anatomy)) = (subject.manifest, Anatomy::of(&subject.file.wasm)) else {
        return;
    };
    let mut findings = Vec::new();
    let host = subject.expectations.host;
    for sidecar in sidecar::of(host, manifest, &anatomy.interface) {
        for path in places(subject, &sidecar) {
            let Ok(about) = fs::metadata(&path) else {
                continue;
            };
            let Some(finding) = compare(&path, about.len(), &sidecar, manifest) else {
                validation.sidecars.push(text::path(&path));
                continue;
            };
            match finding {
                Found::Foreign => {}
                Found::Different(finding) => findings.push(finding),
            }
        }
    }
    if !findings.is_empty() || !validation.sidecars.is_empty() {
        let names = [
            "Metadata files in step with the module",
            "Metadata files out of step with the module",
        ];
        validation
            .checks
            .push(Check::new("sidecars", names, findings));
    }
}

/// Returns the candidate paths next to the module, named after the plugin's id or the module's
/// file.
fn places(subject: &Subject<'_>, sidecar: &Sidecar) -> Vec<PathBuf> {
    let path = &subject.file.path;
    let mut places = vec![path.with_file_name(&sidecar.file_name)];
    let extension = Path::new(&sidecar.file_name).extension();
    if let Some(extension) = extension.filter(|_| sidecar.is_named_after_module) {
        let own = path.with_extension(extension);
        if !places.contains(&own) {
            places.push(own);
        }
    }
    places
}

enum Found {
    /// A file with the same name that describes another plugin.
    Foreign,
    Different(Finding),
}

fn compare(path: &Path, bytes: u64, sidecar: &Sidecar, manifest: &Manifest) -> Option<Found> {
    let name = text::path(path);
    let bad = |why: String| {
        Some(Found::Different(
            Finding::new(format!("`{name}` {why}")).help(HELP),
        ))
    };
    if bytes > MAX_BYTES {
        return bad(format!("has {bytes} bytes"));
    }
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return bad(format!("cannot be read: {error}")),
    };
    let document: Value = match sidecar.format.parse(&text) {
        Ok(document) => document,
        Err(error) => return bad(format!("is not {}: {error}", sidecar.format.name())),
    };
    let id = document.pointer(sidecar.identity).and_then(Value::as_str);
    if !sidecar.is_named_after_module && id.is_some_and(|id| id != manifest.id) {
        return Some(Found::Foreign);
    }
    let mut differences = Vec::new();
    members("", &document, &sidecar.document, &mut differences);
    if differences.is_empty() {
        return None;
    }
    let mut finding =
        Finding::new(format!("`{name}` does not say what the module says")).help(HELP);
    let more = differences.len().saturating_sub(MAX_DIFFERENCES);
    finding
        .notes
        .extend(differences.into_iter().take(MAX_DIFFERENCES));
    if more > 0 {
        finding = finding.note(format!("and {more} more"));
    }
    Some(Found::Different(finding))
}

/// Collects the paths of the members that differ.
fn members(path: &str, file: &Value, module: &Value, differences: &mut Vec<String>) {
    if file == module || differences.len() > 1000 {
        return;
    }
    let (Value::Object(of_file), Value::Object(of_module)) = (file, module) else {
        differences.push(format!(
            "`{path}` is {} in the file, and {} in the module",
            text::json(file),
            text::json(module)
        ));
        return;
    };
    let below = |name: &str| match path {
        "" => text::line(name, 60),
        path => format!("{path}.{}", text::line(name, 60)),
    };
    for (name, value) in of_file {
        match of_module.get(name) {
            Some(same) => members(&below(name), value, same, differences),
            None => differences.push(format!(
                "`{}` is not in the module: {} in the file",
                below(name),
                text::json(value)
            )),
        }
    }
    for (name, value) in of_module
        .iter()
        .filter(|(name, _)| !of_file.contains_key(*name))
    {
        differences.push(format!(
            "`{}` is not in the file: {} in the module",
            below(name),
            text::json(value)
        ));
    }
}
