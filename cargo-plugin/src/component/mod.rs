//! Components: a module that was built with the feature `host-component`, with typed functions in
//! place of the SDK's ABI.
//!
//! | file | |
//! |---|---|
//! | `names` | names in WIT |
//! | `declaration` | types in WIT, with their form in JSON |
//! | `types` | those types, made from a plugin's |
//! | `world` | the functions of a component |
//! | `wit` | a world as text |
//! | `layout` | the places of values in memory and in flat parameters |
//! | `describe` | the description by which the guest converts values |
//! | `rewrite` | the core module, with an export for each function |
//! | `parts` | a component, taken apart |
//!
//! The guest's side is `plugin_sdk::hosts::component`.

mod declaration;
mod describe;
mod layout;
mod names;
mod parts;
mod rewrite;
#[cfg(test)]
mod tests;
mod types;
mod wit;
mod world;

use std::collections::BTreeSet;

use plugin_sdk::hosts::component::{CALL_EXPORT, WIT as SERVICES};
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::Manifest;
use wasm_encoder::{CustomSection, Encode, Section, ValType};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, WitPrinter, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{InterfaceId, PackageId, Resolve};

use crate::error::{Error, Result};
use crate::interface::Plugin;
use crate::text;
use describe::Description;
pub use parts::Parts;
use rewrite::Export;
use world::World;

/// The feature, of the plugin and of `plugin-sdk`, that makes a module for a component.
pub const FEATURE: &str = "host-component";

/// The name on command lines.
pub const NAME: &str = "component";

/// A description in one line.
pub const SUMMARY: &str = "a WebAssembly component, for runtimes of the component model";

/// The custom section with the manifest.
const SECTION: &str = "plugin-sdk";

/// A component, and the package that describes it.
pub struct Component {
    pub wasm: Vec<u8>,
    pub wit: String,
}

/// Returns whether a module was built to become a component.
pub fn is_core(wasm: &[u8]) -> bool {
    Inspection::of(wasm).is_ok_and(|inspection| {
        let mut exports = inspection.exports();
        exports.any(|export| export.name == CALL_EXPORT)
    })
}

/// Makes a component from a module that was built with the feature [`FEATURE`].
///
/// # Errors
/// If the module was not, or if its types are too many.
pub fn encode(core: &[u8], manifest: &Manifest) -> Result<Component> {
    let inspection = Inspection::of(core).map_err(|failure| {
        Error::new("the module cannot become a component").because(failure.message())
    })?;
    let services = services(&inspection)?;
    let plugin = Plugin::new(manifest, &inspection)?;
    let world = World::new(&plugin, services);
    let package = Package::of(&world).map_err(invalid)?;
    let description = Description::of(&world);
    let exports = package.exports(&world, &description)?;
    let mut wasm = rewrite::rewrite(core, &description.bytes, &exports)?;
    let wit = package.print().map_err(invalid)?;
    embed(&mut wasm, &package).map_err(invalid)?;
    let encoder = ComponentEncoder::default().validate(true);
    let mut component = encoder
        .module(&wasm)
        .and_then(|mut encoder| encoder.encode())
        .map_err(invalid)?;
    keep_manifest(core, &mut component);
    Ok(Component {
        wasm: component,
        wit,
    })
}

/// The error for a component that the encoder refuses.
fn invalid(reason: impl std::fmt::Display) -> Error {
    Error::new("the module cannot become a component").because(format!("{reason:#}"))
}

/// Returns the services that a module imports, by the names of their interfaces.
fn services(inspection: &Inspection<'_>) -> Result<Vec<String>> {
    let (package, version) = wit::package_of_services();
    let mut services = BTreeSet::new();
    for imported in inspection.imports() {
        let module = &imported.import.module;
        let service = module.strip_prefix(package).and_then(|rest| {
            let (service, found) = rest.strip_prefix('/')?.split_once('@')?;
            (found == version).then(|| service.to_owned())
        });
        match service {
            Some(service) => drop(services.insert(service)),
            None => {
                let module = text::line(module, 60);
                let reason = format!("it imports functions of the module `{module}`");
                return Err(invalid(reason).help(
                    "a component has the services of plugin-sdk only: leave out \
                     `#[host_functions]` of other modules, and crates that import JavaScript or WASI",
                ));
            }
        }
    }
    Ok(services.into_iter().collect())
}

/// A world, as the component model's tools read it.
struct Package {
    resolve: Resolve,
    main: PackageId,
    services: Option<PackageId>,
}

impl Package {
    fn of(world: &World) -> Result<Self, AnyError> {
        let mut resolve = Resolve::default();
        let services = match world.services.is_empty() {
            true => None,
            false => Some(resolve.push_source("host.wit", SERVICES)?),
        };
        let main = resolve.push_source("plugin.wit", &wit::text(world))?;
        Ok(Package {
            resolve,
            main,
            services,
        })
    }

    fn interface(&self) -> Option<InterfaceId> {
        let package = self.resolve.packages.get(self.main)?;
        package.interfaces.get(wit::INTERFACE).copied()
    }

    /// Returns the exports of the core module, one for each function.
    fn exports(&self, world: &World, description: &Description) -> Result<Vec<Export>> {
        let id = self.interface();
        let name = id.and_then(|id| self.resolve.id_of(id));
        let interface = id.and_then(|id| self.resolve.interfaces.get(id));
        let functions = world.functions.iter().zip(&description.functions);
        let exports = functions.map(|(function, position)| {
            let typed = interface?.functions.get(&function.name)?;
            let signature = self.resolve.wasm_signature(AbiVariant::GuestExport, typed);
            let name = typed.legacy_core_export_name(Some(name.as_deref()?));
            Some(Export {
                post: format!("cabi_post_{name}"),
                name: name.into_owned(),
                parameters: signature.params.iter().map(val_type).collect(),
                position: *position,
            })
        });
        let exports: Option<Vec<_>> = exports.collect();
        exports.ok_or_else(|| invalid("its package lacks a function"))
    }

    /// Returns the package as text, with that of the services.
    fn print(&self) -> Result<String, AnyError> {
        let mut printer = WitPrinter::default();
        let nested: Vec<PackageId> = self.services.into_iter().collect();
        printer.print(&self.resolve, self.main, &nested)?;
        Ok(printer.output.to_string())
    }
}

/// The error of the component model's tools.
type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn embed(wasm: &mut Vec<u8>, package: &Package) -> Result<(), AnyError> {
    let world = package
        .resolve
        .select_world(&[package.main], Some(wit::WORLD))?;
    embed_component_metadata(wasm, &package.resolve, world, StringEncoding::UTF8)?;
    Ok(())
}

fn val_type(ty: &WasmType) -> ValType {
    match ty {
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
    }
}

/// Copies the module's manifest to the component.
fn keep_manifest(core: &[u8], component: &mut Vec<u8>) {
    for payload in Parser::new(0).parse_all(core).map_while(Result::ok) {
        if let Payload::CustomSection(section) = payload
            && section.name() == SECTION
        {
            append(section.data(), component);
        }
    }
}

/// Appends a section with a manifest.
fn append(manifest: &[u8], wasm: &mut Vec<u8>) {
    let section = CustomSection {
        name: SECTION.into(),
        data: manifest.into(),
    };
    wasm.push(section.id());
    section.encode(wasm);
}
