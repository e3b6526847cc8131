//! Validation of a module against ABI version 1 (`docs/abi.md`), and the data that calls need.

use std::sync::Arc;

use plugin_sdk::{abi, native};
use wasmparser::{FuncType, GlobalType, ValType};

use super::commands::CommandTable;
use super::imports::{ImportedFunction, imported_as_two_types, imported_function};
use super::warnings::{self, Warning};
use crate::failure::{Failure, FailureKind, Import};
use crate::manifest::Manifest;
use crate::text;
use crate::wasm::{ExportType, Interface, function_type, in_words};

pub(crate) const I32: ValType = ValType::I32;
pub(crate) const I64: ValType = ValType::I64;

/// An export that a host expects: name, parameters, results, and whether it is required.
pub(crate) type ExportedFunction = (&'static str, &'static [ValType], &'static [ValType], bool);

/// The functions of the ABI in addition to the commands.
pub(crate) const FUNCTIONS: [ExportedFunction; 9] = [
    (abi::ALLOC_EXPORT, &[I32], &[I32], true),
    (abi::FREE_EXPORT, &[I32, I32], &[], true),
    (abi::INIT_EXPORT, &[I32, I32], &[I64], true),
    (abi::CLEANUP_EXPORT, &[], &[], true),
    (abi::START_EXPORT, &[], &[I64], false),
    (abi::STOP_EXPORT, &[], &[I64], false),
    (abi::EVENT_EXPORT, &[I32, I32], &[I64], false),
    (abi::STATE_SAVE_EXPORT, &[], &[I64], false),
    (abi::STATE_LOAD_EXPORT, &[I32, I32], &[I64], false),
];

/// The optional exports of the ABI.
const HOOKS: [&str; 5] = [
    abi::START_EXPORT,
    abi::STOP_EXPORT,
    abi::EVENT_EXPORT,
    abi::STATE_SAVE_EXPORT,
    abi::STATE_LOAD_EXPORT,
];

/// The checked interface of a module that satisfies the ABI, as far as visible without running it.
pub(crate) struct Contract {
    commands: CommandTable,
    hooks: Vec<&'static str>,
    imports: Vec<ImportedFunction>,
    manifest: Option<Arc<Manifest>>,
    warnings: Vec<Warning>,
}

/// Returns the imported functions.
///
/// A host provides no memories, tables or globals. A module that imports any is made for another
/// host; the failure then lists all its foreign imports, and those of services that no function is.
fn imports(interface: &Interface<'_>) -> Result<Vec<ImportedFunction>, FailureKind> {
    let function = |(import, ty): (&Import, Option<&FuncType>)| imported_function(import, ty?);
    let functions: Option<Vec<_>> = interface.imports().map(function).collect();
    let functions = functions.ok_or_else(|| {
        let imports = interface.imports().filter(|(import, ty)| {
            import.module != abi::SERVICES_MODULE || function((import, *ty)).is_none()
        });
        FailureKind::MissingImports {
            imports: imports.map(|(import, _)| import.clone()).collect(),
        }
    })?;
    imported_as_two_types(&functions).map_or(Ok(functions), Err)
}

impl Contract {
    /// Checks the imports and exports of a module.
    pub(crate) fn of(interface: &Interface<'_>) -> Result<Self, Failure> {
        Self::check(interface).map_err(Failure::load)
    }

    fn check(interface: &Interface<'_>) -> Result<Self, FailureKind> {
        if let Some(first) = violations(interface).into_iter().next() {
            return Err(first);
        }
        let imports = imports(interface)?;
        let (commands, batches) = commands(interface);
        let commands = commands.into_iter().map(|(name, ..)| name).collect();
        let batches = batches.into_iter().map(|(name, ..)| name).collect();
        let hooks: Vec<&'static str> = HOOKS
            .into_iter()
            .filter(|name| interface.export(name).is_some())
            .collect();
        let commands = CommandTable::new(commands, batches);
        let (manifest, unreadable) = self_description(&interface.manifests);
        let mut warnings = Vec::from_iter(unreadable);
        warnings.extend(warnings::warnings(
            manifest.as_deref(),
            interface.imports().map(|(import, _)| import),
            &commands,
            hooks.contains(&abi::EVENT_EXPORT),
        ));
        Ok(Contract {
            commands,
            hooks,
            imports,
            manifest,
            warnings,
        })
    }

    /// Returns the contract of a module for another host, which has checked the exports.
    ///
    /// Its commands are those in its manifest, or without a manifest the exports that `callable`
    /// accepts.
    pub(crate) fn of_foreign(
        interface: &Interface<'_>,
        callable: fn(&str, &FuncType) -> bool,
    ) -> Result<Self, Failure> {
        let (manifest, unreadable) = self_description(&interface.manifests);
        let mut commands: Vec<&str> = match &manifest {
            Some(manifest) => {
                let described = manifest.commands.iter();
                described.map(|command| command.name.as_str()).collect()
            }
            None => interface
                .exports()
                .filter_map(|(name, ty)| match ty {
                    ExportType::Func(ty) if callable(name, ty) => Some(name),
                    _ => None,
                })
                .collect(),
        };
        commands.sort_unstable();
        Ok(Contract {
            commands: CommandTable::new(commands, Vec::new()),
            hooks: Vec::new(),
            imports: imports(interface).map_err(Failure::load)?,
            manifest,
            warnings: Vec::from_iter(unreadable),
        })
    }

    /// Returns the contract of a native plugin. Its imports are those that it calls.
    pub(crate) fn of_native(guest: &dyn native::Guest) -> Self {
        let commands = guest.commands();
        let batches = commands.iter().filter(|(_, takes_batches)| *takes_batches);
        let batches = batches.map(|(name, _)| *name).collect();
        let names = commands.iter().map(|(name, _)| *name).collect();
        let (manifest, unreadable) = self_description(&[&guest.manifest()]);
        Contract {
            commands: CommandTable::new(names, batches),
            hooks: HOOKS
                .into_iter()
                .filter(|name| guest.has_export(name))
                .collect(),
            imports: Vec::new(),
            manifest,
            warnings: Vec::from_iter(unreadable),
        }
    }

    pub(crate) fn commands(&self) -> &CommandTable {
        &self.commands
    }

    /// Returns the module's manifest.
    pub(crate) fn manifest(&self) -> Option<&Arc<Manifest>> {
        self.manifest.as_ref()
    }

    /// Returns the differences between the manifest and the module.
    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Returns the functions that the module imports.
    pub(crate) fn imports(&self) -> &[ImportedFunction] {
        &self.imports
    }

    /// Returns whether the plugin has a hook.
    pub(crate) fn has_hook(&self, name: &str) -> bool {
        self.hooks.contains(&name)
    }
}

/// Returns a plugin's manifest, or a warning if it cannot be read.
fn self_description(manifests: &[&[u8]]) -> (Option<Arc<Manifest>>, Option<Warning>) {
    match Manifest::of_sections(manifests) {
        Ok(manifest) => (manifest.map(Arc::new), None),
        Err(error) => {
            let reason = error.to_string();
            (None, Some(Warning::Manifest { reason }))
        }
    }
}

/// The maximum number of violations reported for one module.
const MAX_VIOLATIONS: usize = 100;

/// Returns all violations of the ABI; loading fails with the first one.
pub(crate) fn violations(interface: &Interface<'_>) -> Vec<FailureKind> {
    let mut found = Vec::new();
    // The version comes first: a module of another version may well have other exports.
    if let Err(kind) = version(interface) {
        let other_version = matches!(kind, FailureKind::AbiVersion { .. });
        found.push(kind);
        if other_version {
            return found;
        }
    }
    found.extend(imports(interface).err());
    found.extend(wrong_exports(interface, &FUNCTIONS));
    for (name, expected) in [(abi::HEAP_EXPORT, HEAP), (abi::ROOM_EXPORT, ROOM)] {
        match interface.export(name) {
            Some(ExportType::Global(global)) if is_address(global) => {}
            Some(other) => found.push(wrong(name, expected, &other)),
            None => {}
        }
    }
    let (commands, batches) = commands(interface);
    for (_, export, ty) in commands.iter().chain(&batches) {
        if found.len() >= MAX_VIOLATIONS {
            break;
        }
        found.extend(function(export, &[I32, I32], &[I64], ty).err());
    }
    found
}

/// Returns the differences between a module's memory and functions and those that a host expects.
pub(crate) fn wrong_exports(
    interface: &Interface<'_>,
    functions: &[ExportedFunction],
) -> Vec<FailureKind> {
    let mut found = Vec::new();
    found.extend(
        memory(
            interface.export(abi::MEMORY_EXPORT),
            interface.memories.len(),
        )
        .err(),
    );
    for (name, params, results, required) in functions {
        match interface.export(name) {
            Some(export) => found.extend(function(name, params, results, &export).err()),
            None if *required => {
                found.push(missing_in(interface, name, function_type(params, results)));
            }
            None => {}
        }
    }
    found
}

/// As [`wrong_exports`], as failures.
pub(crate) fn check_exports(
    interface: &Interface<'_>,
    functions: &[ExportedFunction],
) -> Vec<Failure> {
    let found = wrong_exports(interface, functions);
    found.into_iter().map(Failure::load).collect()
}

/// Checks a command's export for a host that calls it by the command's name, without a prefix.
pub(crate) fn check_command(
    interface: &Interface<'_>,
    name: &str,
    params: &[ValType],
    results: &[ValType],
) -> Option<Failure> {
    let wrong = match interface.export(name) {
        Some(export) => function(name, params, results, &export).err(),
        None => Some(missing_in(interface, name, function_type(params, results))),
    };
    wrong.map(Failure::load)
}

/// The name of a command or batch, its export and its type.
type CommandExport<'a> = (&'a str, &'a str, ExportType<'a>);

/// Returns the commands in alphabetical order, and their batches.
fn commands<'a>(interface: &'a Interface<'_>) -> (Vec<CommandExport<'a>>, Vec<CommandExport<'a>>) {
    let mut commands = Vec::new();
    let mut batches = Vec::new();
    for (export, ty) in interface.exports() {
        if let Some(name) = export.strip_prefix(abi::COMMAND_EXPORT_PREFIX) {
            commands.push((name, export, ty));
        } else if let Some(name) = export.strip_prefix(abi::BATCH_EXPORT_PREFIX) {
            batches.push((name, export, ty));
        }
    }
    commands.sort_unstable_by_key(|(name, ..)| *name);
    // A batch without a command of the same name is an unrelated export.
    batches.retain(|(name, ..)| {
        commands
            .binary_search_by_key(name, |(name, ..)| *name)
            .is_ok()
    });
    (commands, batches)
}

/// Returns the failure for a call of a missing hook.
pub(crate) fn missing_hook(name: &'static str) -> FailureKind {
    let hook = FUNCTIONS.iter().find(|(function, ..)| *function == name);
    missing(
        name,
        hook.map_or_else(String::new, |(_, params, results, _)| {
            function_type(params, results)
        }),
    )
}

/// The description of the expected heap export.
const HEAP: &str =
    "a constant global of type i32, which holds the address of the allocation counters";

/// The description of the expected export of a room for short answers.
const ROOM: &str =
    "a constant global of type i32, which holds the address of the room for short answers";

/// Returns the failure for inspecting the heap of a plugin that does not count allocations.
pub(crate) fn missing_heap() -> FailureKind {
    missing(abi::HEAP_EXPORT, HEAP.to_owned())
}

fn version(interface: &Interface<'_>) -> Result<(), FailureKind> {
    let expected = "a constant global of type i32, which marks the version of the ABI";
    let own = abi::VERSION.to_string();
    let found: Vec<&str> = interface
        .exports()
        .filter_map(|(name, _)| name.strip_prefix(abi::VERSION_EXPORT_PREFIX))
        .take(2)
        .collect();
    if found.iter().any(|version| *version != own) {
        return Err(FailureKind::AbiVersion {
            found: found.join(" and "),
            supported: abi::VERSION,
        });
    }
    match interface.export(abi::VERSION_EXPORT) {
        Some(ExportType::Global(global)) if is_address(global) => Ok(()),
        Some(found) => Err(wrong(abi::VERSION_EXPORT, expected, &found)),
        None => Err(missing_in(
            interface,
            abi::VERSION_EXPORT,
            expected.to_owned(),
        )),
    }
}

fn is_address(global: &GlobalType) -> bool {
    global.content_type == I32 && !global.mutable
}

fn memory(export: Option<ExportType<'_>>, memories: usize) -> Result<(), FailureKind> {
    let expected = "the module's one memory, with 32-bit addresses and not shared";
    match export {
        Some(ExportType::Memory(memory)) if !memory.memory64 && !memory.shared => match memories {
            1 => Ok(()),
            _ => Err(FailureKind::WrongExport {
                name: abi::MEMORY_EXPORT.to_owned(),
                expected: expected.to_owned(),
                found: format!("one of {memories} memories"),
            }),
        },
        Some(found) => Err(wrong(abi::MEMORY_EXPORT, expected, &found)),
        None => Err(missing(abi::MEMORY_EXPORT, expected.to_owned())),
    }
}

fn function(
    name: &str,
    params: &[ValType],
    results: &[ValType],
    found: &ExportType<'_>,
) -> Result<(), FailureKind> {
    match found {
        ExportType::Func(ty) if ty.params() == params && ty.results() == results => Ok(()),
        found => Err(wrong(name, &function_type(params, results), found)),
    }
}

fn missing(name: &str, expected: String) -> FailureKind {
    FailureKind::MissingExport {
        name: name.to_owned(),
        expected,
        cause: None,
    }
}

/// Returns the failure for a missing export, with the likely cause.
fn missing_in(interface: &Interface<'_>, name: &str, expected: String) -> FailureKind {
    FailureKind::MissingExport {
        name: name.to_owned(),
        expected,
        cause: cause(interface, name),
    }
}

/// Returns the likely cause of a missing export, and the fix.
fn cause(interface: &Interface<'_>, name: &str) -> Option<String> {
    let exports = |wanted: &str| interface.export(wanted).is_some();
    if interface.object {
        return Some(
            "it is an object file, which has yet to be linked: a plugin's crate-type is `cdylib`"
                .to_owned(),
        );
    }
    if !interface.manifests.is_empty() || exports(abi::VERSION_EXPORT) {
        // Made by `#[plugin]`: another host expects the export, or the linker dropped it.
        let lost = C_NAMES.contains(&name);
        return lost.then(|| format!(
            "it is a plugin; if its host needs `{name}`, a dependency defines a function of that name too, and the linker has kept only one: `cargo plugin build` names the dependency"
        ));
    }
    if let Some(library) = interface.library() {
        return Some(format!(
            "the plugin `{library}` was built with its feature `library`, so it exports nothing: build it by itself, because a feature that one crate of a build asks for is enabled for all of them"
        ));
    }
    if exports("_start") {
        return Some(
            "it is a program, which has `main`: a plugin is a library whose crate-type is `cdylib`"
                .to_owned(),
        );
    }
    if interface
        .exports()
        .any(|(name, _)| name.starts_with("__wbindgen"))
    {
        return Some(
            "it was built for JavaScript (`wasm-bindgen`): a plugin's functions have `#[command]`"
                .to_owned(),
        );
    }
    None
}

/// Exports of plugins whose names C code uses too.
const C_NAMES: [&str; 3] = [abi::ALLOC_EXPORT, abi::FREE_EXPORT, "malloc"];

fn wrong(name: &str, expected: &str, found: &ExportType<'_>) -> FailureKind {
    FailureKind::WrongExport {
        name: text::name(name),
        expected: expected.to_owned(),
        found: in_words(found),
    }
}

#[cfg(test)]
mod tests {

    #[test]
    fn modules_that_are_not_plugins_get_a_likely_cause() {
        for (wat, expected) in [
            (
                r#"(@custom "plugin-sdk-library" "base\0aother\0a")"#,
                "the plugin `base` was built with its feature `library`",
            ),
            (r#"(@custom "linking" "\02")"#, "it is an object file"),
            (r#"(func (export "_start"))"#, "it is a program"),
            (
                r#"(func (export "__wbindgen_malloc"))"#,
                "it was built for JavaScript",
            ),
            (
                r#"(func (export "add"))"#,
                "is it a plugin? One is made by `#[plugin]`",
            ),
            (
                r#"(memory (export "memory") 1)
                (global (export "plugin_abi_1") i32 (i32.const 0))
                (func (export "alloc") (param i32) (result i32) i32.const 0)"#,
                "a dependency defines a function of that name",
            ),
        ] {
            let wasm = wat::parse_str(format!("(module {wat})")).unwrap();
            let interface =
                crate::wasm::examine(&wasm, &crate::limits::ModuleLimits::default()).unwrap();
            let failures = super::violations(&interface)
                .into_iter()
                .map(super::Failure::load);
            let shown: Vec<String> = failures.map(|failure| failure.to_string()).collect();
            assert!(shown.join("\n").contains(expected), "{wat}: {shown:?}");
        }
    }
}
