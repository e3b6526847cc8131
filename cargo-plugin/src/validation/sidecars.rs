//! The files next to the module: their agreement with the manifest.

use std::path::{Path, PathBuf};

use plugin_sdk_harness::manifest::Manifest;
use serde_json::Value;

use super::{Check, Finding, Subject, Validation};
use crate::sidecar::{self, Sidecar, WrittenSidecar};
use crate::text;
use crate::wasm::Anatomy;

/// The greatest number of different members that are listed.
const MAX_DIFFERENCES: usize = 20;

const HELP: &str = "`cargo plugin build` writes it again, from the module";

pub fn check(subject: &Subject<'_>, validation: &mut Validation) {
    if matches!(subject.inspection.manifest(), Ok(None)) {
        return check_written(subject, validation);
    }
    let (Some(manifest), Ok(anatomy)) = (subject.manifest, Anatomy::of(&subject.file.wasm)) else {
        return;
    };
    let mut findings = Vec::new();
    let host = subject.expectations.host;
    for sidecar in sidecar::of(host, manifest, &anatomy.interface) {
        for path in places(subject, &sidecar) {
            if !path.exists() {
                continue;
            }
            match compare(&path, &sidecar, manifest) {
                Found::Same => validation.sidecars.push(text::path(&path)),
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
        let check = Check::new("sidecars", names, findings);
        validation.checks.push(check);
    }
}

/// Checks the sidecar of a module that does not describe itself.
fn check_written(subject: &Subject<'_>, validation: &mut Validation) {
    let faults = match WrittenSidecar::find(&subject.file.path) {
        Ok(None) => return,
        Ok(Some(sidecar)) => {
            let faults = sidecar.faults();
            validation.sidecars.push(sidecar.file);
            faults
        }
        Err(reason) => vec![reason],
    };
    let names = ["Metadata file complete", "Metadata file incomplete"];
    let findings = faults.into_iter().map(Finding::new).collect();
    validation
        .checks
        .push(Check::new("sidecars", names, findings));
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
    /// The file agrees with the module.
    Same,
    /// A file with the same name that describes another plugin.
    Foreign,
    Different(Finding),
}

fn compare(path: &Path, sidecar: &Sidecar, manifest: &Manifest) -> Found {
    let name = text::path(path);
    let finding = |why: String| Finding::new(format!("`{name}` {why}")).help(HELP);
    let document = match read(path, sidecar) {
        Ok(document) => document,
        Err(why) => return Found::Different(finding(why)),
    };
    let id = document.pointer(sidecar.identity).and_then(Value::as_str);
    if !sidecar.is_named_after_module && id.is_some_and(|id| id != manifest.id) {
        return Found::Foreign;
    }
    let mut differences = Vec::new();
    members("", &document, &sidecar.document, &mut differences);
    if differences.is_empty() {
        return Found::Same;
    }
    let mut finding = finding("differs from the module".to_owned());
    let more = differences.len().saturating_sub(MAX_DIFFERENCES);
    differences.truncate(MAX_DIFFERENCES);
    finding.notes = differences;
    if more > 0 {
        finding = finding.note(format!("and {more} more"));
    }
    Found::Different(finding)
}

fn read(path: &Path, sidecar: &Sidecar) -> Result<Value, String> {
    let text = sidecar::read(path)?;
    let format = sidecar.format;
    format
        .parse(&text)
        .map_err(|error| format!("is not {}: {error}", format.name()))
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
        let (path, shown) = (below(name), text::json(value));
        match of_module.get(name) {
            Some(same) => members(&path, value, same, differences),
            None => differences.push(format!(
                "`{path}` is not in the module: {shown} in the file"
            )),
        }
    }
    for (name, value) in of_module {
        if !of_file.contains_key(name) {
            let (path, shown) = (below(name), text::json(value));
            differences.push(format!(
                "`{path}` is not in the file: {shown} in the module"
            ));
        }
    }
}
