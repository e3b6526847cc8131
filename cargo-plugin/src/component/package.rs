//! A world, as the component model's tools read it.

use std::collections::BTreeSet;

use wasm_encoder::ValType;
use wit_component::{StringEncoding, WitPrinter, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, InterfaceId, PackageId, Resolve, WorldId, WorldItem, WorldKey};

use super::wit;

/// The error of the component model's tools.
pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The package of a plugin's world, with those that it mentions.
pub struct Package {
    pub resolve: Resolve,
    main: PackageId,
}

/// The signature of a function in the core module.
pub struct Signature {
    /// The name of the export.
    pub export: String,
    pub parameters: Vec<ValType>,
}

impl Package {
    /// Reads the package of a world. The others, by file name, come after those that they mention.
    ///
    /// # Errors
    /// If one is not valid.
    pub fn of<'a>(
        others: impl IntoIterator<Item = (&'a str, &'a str)>,
        world: &str,
    ) -> Result<Self, AnyError> {
        let mut resolve = Resolve::default();
        for (file, package) in others {
            resolve.push_source(file, package)?;
        }
        let main = resolve.push_source("plugin.wit", world)?;
        Ok(Package { resolve, main })
    }

    /// Returns the signature of a function that the world exports.
    pub fn signature(&self, function: &str) -> Option<Signature> {
        let (interface, function) = self.exported(function)?;
        let signature = self
            .resolve
            .wasm_signature(AbiVariant::GuestExport, function);
        let interface = self.resolve.id_of(interface)?;
        Some(Signature {
            export: function
                .legacy_core_export_name(Some(&interface))
                .into_owned(),
            parameters: signature.params.iter().map(val_type).collect(),
        })
    }

    fn exported(&self, name: &str) -> Option<(InterfaceId, &Function)> {
        let world = self.resolve.worlds.get(self.world().ok()?)?;
        world.exports.values().find_map(|item| {
            let WorldItem::Interface { id, .. } = item else {
                return None;
            };
            let functions = &self.resolve.interfaces.get(*id)?.functions;
            Some((*id, functions.get(name)?))
        })
    }

    fn world(&self) -> Result<WorldId, AnyError> {
        Ok(self.resolve.select_world(&[self.main], Some(wit::WORLD))?)
    }

    /// Returns the package as text, with those that its world mentions.
    ///
    /// # Errors
    /// If the printer refuses it.
    pub fn print(&self) -> Result<String, AnyError> {
        let world = self.resolve.worlds.get(self.world()?);
        let keys = world.into_iter().flat_map(|world| {
            let imports = world.imports.keys();
            imports.chain(world.exports.keys())
        });
        let packages = keys.filter_map(|key| match key {
            WorldKey::Interface(id) => self.resolve.interfaces.get(*id)?.package,
            WorldKey::Name(_) => None,
        });
        let nested: BTreeSet<PackageId> = packages.filter(|id| *id != self.main).collect();
        let nested: Vec<PackageId> = nested.into_iter().collect();
        let mut printer = WitPrinter::default();
        printer.print(&self.resolve, self.main, &nested)?;
        Ok(printer.output.to_string())
    }

    /// Adds the world to a core module, for the encoder.
    ///
    /// # Errors
    /// If the module cannot be read.
    pub fn embed(&self, wasm: &mut Vec<u8>) -> Result<(), AnyError> {
        embed_component_metadata(wasm, &self.resolve, self.world()?, StringEncoding::UTF8)?;
        Ok(())
    }
}

fn val_type(ty: &WasmType) -> ValType {
    match ty {
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
    }
}
