//! The functions that a module imports.

use std::collections::HashMap;

use plugin_sdk::imports::{HostFunction, WasmType};
use plugin_sdk::native;
use wasmparser::{FuncType, ValType};

use crate::failure::{Failure, FailureKind, Import};

/// A function that a module imports, as the module declares it.
#[derive(Clone, Debug)]
pub(crate) struct ImportedFunction {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) parameters: Box<[WasmType]>,
    pub(crate) result: Option<WasmType>,
}

impl ImportedFunction {
    /// Returns a function as a module that imports it declares it.
    pub(crate) fn of(function: &HostFunction) -> Self {
        ImportedFunction {
            module: function.module.to_owned(),
            name: function.name.to_owned(),
            parameters: function.wasm_parameters().collect(),
            result: function.result,
        }
    }

    /// Returns an import of a native plugin.
    pub(crate) fn of_native(import: &native::Import) -> Self {
        ImportedFunction {
            module: import.module.to_owned(),
            name: import.name.to_owned(),
            parameters: import.wasm_parameters().collect(),
            result: import.result,
        }
    }

    /// Returns whether this import names the given function.
    pub(crate) fn is(&self, function: &HostFunction) -> bool {
        self.name == function.name && self.module == function.module
    }

    /// Checks that the import has the type of the host function.
    pub(crate) fn check(&self, function: &HostFunction) -> Result<(), Failure> {
        if self
            .parameters
            .iter()
            .copied()
            .eq(function.wasm_parameters())
            && self.result == function.result
        {
            return Ok(());
        }
        Err(Failure::load(self.differs(function)))
    }

    /// Returns the failure of an import that does not have the type of the host function.
    #[cold]
    pub(crate) fn differs(&self, function: &HostFunction) -> FailureKind {
        FailureKind::WrongImport {
            import: Import {
                module: self.module.clone(),
                name: self.name.clone(),
            },
            expected: signature(function.wasm_parameters(), function.result),
            found: signature(self.parameters.iter().copied(), self.result),
        }
    }
}

/// Returns the failure of the first function that the module imports a second time with another
/// type. Engines differ in what they make of that.
pub(crate) fn imported_as_two_types(imports: &[ImportedFunction]) -> Option<FailureKind> {
    let mut first = HashMap::new();
    imports.iter().find_map(|import| {
        let name = (&import.module, &import.name);
        let first: &ImportedFunction = first.entry(name).or_insert(import);
        if (&first.parameters, first.result) == (&import.parameters, import.result) {
            return None;
        }
        Some(FailureKind::WrongImport {
            import: Import {
                module: import.module.clone(),
                name: import.name.clone(),
            },
            expected: signature(first.parameters.iter().copied(), first.result),
            found: signature(import.parameters.iter().copied(), import.result),
        })
    })
}

fn signature(parameters: impl Iterator<Item = WasmType>, result: Option<WasmType>) -> String {
    let name = |ty| match ty {
        WasmType::I32 => "i32",
        WasmType::I64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    };
    let parameters: Vec<&str> = parameters.map(name).collect();
    match result {
        Some(result) => format!("({}) -> {}", parameters.join(", "), name(result)),
        None => format!("({})", parameters.join(", ")),
    }
}

/// Returns an imported function, if host functions may have its type.
pub(crate) fn imported_function(import: &Import, ty: &FuncType) -> Option<ImportedFunction> {
    let mut results = ty.results().iter();
    let result = match results.next() {
        Some(result) => Some(wasm_type(*result)?),
        None => None,
    };
    let parameters = ty.params().iter().map(|ty| wasm_type(*ty));
    let parameters = parameters.collect::<Option<_>>()?;
    results.next().is_none().then(|| ImportedFunction {
        module: import.module.clone(),
        name: import.name.clone(),
        parameters,
        result,
    })
}

fn wasm_type(ty: ValType) -> Option<WasmType> {
    Some(match ty {
        ValType::I32 => WasmType::I32,
        ValType::I64 => WasmType::I64,
        ValType::F32 => WasmType::F32,
        ValType::F64 => WasmType::F64,
        _ => return None,
    })
}
