//! Components with a typed function for each command.
//!
//! | file | |
//! |---|---|
//! | `declaration` | types in WIT, with their form in JSON |
//! | `types` | those types, made from a plugin's |
//! | `world` | the functions of a component |
//! | `wit` | a world as text |
//! | `layout` | the places of values in memory and in flat parameters |
//! | `describe` | the description by which the guest converts values |

mod declaration;
mod describe;
mod layout;
#[cfg(test)]
mod tests;
mod types;
mod wit;
mod world;

use std::collections::BTreeSet;

use plugin_sdk::hosts::component::WIT as SERVICES;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::Manifest;

use super::package::Package;
use super::refusal::{imported_interfaces, invalid};
use super::rewrite::{Additions, Export, Passes};
use crate::error::Result;
use crate::interface::Plugin;
use describe::Description;
use world::World;

/// Makes the parts that a module needs to become such a component.
///
/// # Errors
/// If the module imports what no such component has, or if its types are too many.
pub fn additions(manifest: &Manifest, module: &Inspection<'_>) -> Result<Additions> {
    let services = services(module)?;
    let plugin = Plugin::new(manifest, module)?;
    let world = World::new(&plugin, services);
    let package = package(&world)?;
    let description = Description::of(&world);
    let functions = world.functions.iter().zip(&description.functions);
    let exports = functions.map(|(function, position)| {
        let signature = package.signature(&function.name)?;
        Some(Export {
            signature,
            passes: Passes::Slots {
                position: *position,
            },
        })
    });
    let exports: Option<Vec<_>> = exports.collect();
    let exports = exports.ok_or_else(|| invalid("its package lacks a function"))?;
    Ok(Additions {
        package,
        description: description.bytes,
        exports,
    })
}

fn package(world: &World) -> Result<Package> {
    let services = (!world.services.is_empty()).then_some(("host.wit", SERVICES));
    Package::of(services, &wit::text(world)).map_err(invalid)
}

/// Returns the services that a module imports, by the names of their interfaces.
fn services(module: &Inspection<'_>) -> Result<BTreeSet<String>> {
    let (package, version) = wit::package_of_services();
    imported_interfaces(module, |interface| {
        let (service, found) = interface
            .strip_prefix(package)?
            .strip_prefix('/')?
            .split_once('@')?;
        (found == version).then(|| service.to_owned())
    })
}
