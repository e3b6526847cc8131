//! Components that answer HTTP requests: `wasi:http/incoming-handler`.

use std::collections::BTreeSet;

use plugin_sdk::hosts::wasi_http::description::form;
use plugin_sdk::hosts::wasi_http::{FUNCTION, INTERFACE, WIT};
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::{CommandInfo, Manifest};
use plugin_sdk_server::openapi;

use super::bytes::{number, text};
use super::package::Package;
use super::refusal::{imported_interfaces, invalid};
use super::rewrite::{Additions, Export, Passes};
use super::wit;
use crate::error::Result;

/// Makes the parts that a module needs to become such a component.
///
/// # Errors
/// If the module imports what no such component has.
pub fn additions(manifest: &Manifest, module: &Inspection<'_>) -> Result<Additions> {
    let interfaces = interfaces(module)?;
    let mut world = String::new();
    wit::package(
        &manifest.id,
        &manifest.version,
        &manifest.description,
        &mut world,
    );
    wit::world(interfaces, INTERFACE, &mut world);
    let package = Package::of(WIT, &world).map_err(invalid)?;
    let signature = package.signature(FUNCTION);
    let signature = signature.ok_or_else(|| invalid("its world has no function `handle`"))?;
    Ok(Additions {
        package,
        description: description(manifest)?,
        exports: vec![Export {
            signature,
            passes: Passes::Parameters,
        }],
    })
}

/// Returns the interfaces of WASI that a module imports.
fn interfaces(module: &Inspection<'_>) -> Result<BTreeSet<String>> {
    // The encoder refuses an interface that the packages do not have.
    imported_interfaces(module, |interface| {
        let is_known = interface.starts_with("wasi:");
        is_known.then(|| interface.to_owned())
    })
}

/// Describes a plugin, as `plugin_sdk::hosts::wasi_http::description` prescribes.
fn description(manifest: &Manifest) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    text(&manifest.id, &mut bytes);
    text(
        &serde_json::to_string(manifest).map_err(invalid)?,
        &mut bytes,
    );
    text(&openapi::of_plugin(manifest).to_string(), &mut bytes);
    number(manifest.commands.len(), &mut bytes);
    for command in &manifest.commands {
        text(&command.name, &mut bytes);
        bytes.push(form(command));
    }
    Ok(bytes)
}

/// Returns the form of the output of a raw command.
fn form(command: &CommandInfo) -> u8 {
    let text = match command.returns_text() {
        true => form::TEXT,
        false => 0,
    };
    match command.answers_in_place() {
        true => text | form::IN_PLACE,
        false => text,
    }
}
