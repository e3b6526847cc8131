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
        let finding = match text.split_once("\n  help: ") {
            Some((message, help)) => Finding::new(message).help(help),
            None => Finding::new(text),
        };
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
    let short = |text: &str| text::line(text, 60);
    let mut add = |message: &str, help| findings.push(Finding::new(message).help(help));
    if manifest.id.is_empty() {
        let help = "`#[plugin(id = \"…\")]` gives it one; the default is the package's name";
        add("the plugin has no id", help);
    }
    if let Err(reason) = Version::parse(&manifest.version) {
        let version = short(&manifest.version);
        let help = "it is `version` in Cargo.toml, such as `1.2.0`";
        add(
            &format!("the version `{version}` is invalid: {reason}"),
            help,
        );
    }
    for (host, requirement) in &manifest.requires {
        if let Err(reason) = VersionReq::parse(requirement) {
            let message = format!(
                "the plugin requires `{}` of the host `{}`, which is not a version requirement: {reason}",
                short(requirement),
                short(host)
            );
            add(&message, "write it as in Cargo.toml: `>=0.1.0`");
        }
    }
    let mut warn = |message: &str, help: &str| warnings.push(Finding::new(message).help(help));
    if manifest.description.is_empty() {
        warn(
            "No description specified",
            "write a doc comment on the `#[plugin]` struct, or `description` in Cargo.toml",
        );
    }
    if manifest.license.is_none() {
        warn(
            "No licence specified",
            "`license = \"MIT\"` in Cargo.toml specifies it",
        );
    }
    if manifest.commands.is_empty() && manifest.handles.is_empty() {
        warn(
            "the plugin has neither commands nor event handlers: a host cannot use it",
            "`#[command]` on a method makes it a command",
        );
    }
    let silent = manifest.commands.iter();
    let silent: Vec<String> = silent
        .filter(|command| command.description.is_empty())
        .map(|command| format!("`{}`", short(&command.name)))
        .collect();
    if !silent.is_empty() {
        warn(
            &format!("commands without a description: {}", text::listed(&silent)),
            "write a doc comment on the function",
        );
    }
    for permission in &manifest.permissions {
        if permission
            .reason()
            .is_none_or(|reason| reason.trim().is_empty())
        {
            let name = short(permission.name());
            warn(
                &format!("the permission `{name}` is asked for without a reason"),
                &format!(
                    "users read the reason before they grant it: `#[plugin(permissions({name} = \"…\"))]`"
                ),
            );
        }
    }
}
