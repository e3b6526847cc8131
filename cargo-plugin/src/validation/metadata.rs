//! The plugin's description of itself: its presence, and its agreement with the module.

use plugin_sdk_harness::Warning;
use plugin_sdk_harness::manifest::{Manifest, ManifestError};
use semver::{Version, VersionReq};

use super::{Check, Finding, Subject, Validation};
use crate::plugin_file::NO_SECTION;
use crate::text;

pub fn check(
    subject: &Subject<'_>,
    manifest: &Result<Option<Manifest>, ManifestError>,
    validation: &mut Validation,
) {
    let (mut findings, mut warnings) = (Vec::new(), Vec::new());
    match manifest {
        Ok(Some(manifest)) => contents(manifest, &mut findings, &mut warnings),
        Ok(None) => {
            warnings.push(
                Finding::new("the module does not describe itself: it has no section `plugin-sdk`")
                    .help(NO_SECTION),
            );
        }
        Err(reason) => findings.push(Finding::new(format!(
            "the section `plugin-sdk` cannot be read: {reason}"
        ))),
    }
    for warning in subject.inspection.warnings() {
        // The message's second line is the hint.
        let text = warning.to_string();
        let (message, help) = text.split_once("\n  help: ").unwrap_or((&text, ""));
        let mut finding = Finding::new(message);
        if !help.is_empty() {
            finding = finding.help(help);
        }
        match warning {
            Warning::Manifest { .. } => {}
            Warning::NotExported { .. } => findings.push(finding),
            _ => warnings.push(finding),
        }
    }
    if !matches!(manifest, Ok(None)) {
        validation.checks.push(Check::new(
            "metadata",
            ["Metadata complete", "Metadata missing or wrong"],
            findings,
        ));
    }
    validation.warnings.extend(warnings);
}

fn contents(manifest: &Manifest, findings: &mut Vec<Finding>, warnings: &mut Vec<Finding>) {
    if manifest.id.is_empty() {
        findings.push(
            Finding::new("the plugin has no id").help(
                "`#[plugin(id = \"…\")]` gives it one; unless said, it is the package's name",
            ),
        );
    }
    if let Err(reason) = Version::parse(&manifest.version) {
        findings.push(
            Finding::new(format!(
                "the version `{}` is none: {reason}",
                text::line(&manifest.version, 60)
            ))
            .help("`version` in Cargo.toml is where it comes from, as in `1.2.0`"),
        );
    }
    for (host, requirement) in &manifest.requires {
        if let Err(reason) = VersionReq::parse(requirement) {
            findings.push(
                Finding::new(format!(
                    "the plugin requires `{}` of the host `{}`, which is no requirement: {reason}",
                    text::line(requirement, 60),
                    text::line(host, 60)
                ))
                .help("write it as cargo has it: `>=0.1.0`"),
            );
        }
    }
    for (member, said, key) in [
        (
            "description",
            !manifest.description.is_empty(),
            "a doc comment on the `#[plugin]` struct, or `description` in Cargo.toml, is one",
        ),
        (
            "licence",
            manifest.license.is_some(),
            "`license = \"MIT\"` in Cargo.toml says it",
        ),
    ] {
        if !said {
            warnings.push(Finding::new(format!("No {member} specified")).help(key));
        }
    }
    if manifest.commands.is_empty() && manifest.handles.is_empty() {
        warnings.push(Finding::new("the plugin has neither commands nor handlers of events: nothing can be asked of it").help("`#[command]` on a method makes it one"));
    }
    let silent: Vec<String> = manifest
        .commands
        .iter()
        .filter(|command| command.description.is_empty())
        .map(|command| format!("`{}`", text::line(&command.name, 60)))
        .collect();
    if !silent.is_empty() {
        warnings.push(
            Finding::new(format!(
                "commands without a description: {}",
                text::listed(&silent)
            ))
            .help("a doc comment on the function is one"),
        );
    }
    for permission in &manifest.permissions {
        if permission
            .reason()
            .is_none_or(|reason| reason.trim().is_empty())
        {
            warnings.push(
                Finding::new(format!(
                    "the permission `{0}` is asked for without a reason",
                    text::line(permission.name(), 60)
                ))
                .help(format!(
                    "whoever grants it reads it: `#[plugin(permissions({} = \"what for\"))]`",
                    text::line(permission.name(), 60)
                )),
            );
        }
    }
}
