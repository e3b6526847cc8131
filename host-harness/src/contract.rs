//! Holds a module against ABI version 1 (`docs/abi.md`), and keeps what a host needs to call it.

use std::fmt::Write;
use std::sync::Arc;

use plugin_sdk::abi;
use plugin_sdk::imports::WasmType;
use wasmparser::{FuncType, GlobalType, ValType};

use crate::command;
use crate::failure::{Failure, FailureKind, Import};
use crate::host::ImportedFunction;
use crate::inspect::Inspection;
use crate::manifest::{self, Manifest, Warning};
use crate::text;
use crate::triage::{ExportType, Interface};

/// The export that tells the version and holds the panic record's address.
pub(crate) const VERSION_EXPORT: &str = "plugin_abi_1";
pub(crate) const MEMORY: &str = "memory";
pub(crate) const ALLOC: &str = "alloc";
pub(crate) const FREE: &str = "free";
pub(crate) const INIT: &str = "plugin_init";
pub(crate) const CLEANUP: &str = "plugin_cleanup";
pub(crate) const START: &str = "plugin_start";
pub(crate) const STOP: &str = "plugin_stop";
pub(crate) const EVENT: &str = "plugin_event";

/// The export that tells where panics are noted, for other hosts than that of the SDK's own ABI.
pub(crate) const PANIC_EXPORT: &str = "plugin_panic_1";

/// The module of the services, which every host has.
pub(crate) const SERVICES: &str = "plugin_host";

pub(crate) const I32: ValType = ValType::I32;
pub(crate) const I64: ValType = ValType::I64;

/// A function that a host looks for in a module: name, parameters, results, and whether every plugin has it.
pub(crate) type ExportedFunction = (&'static str, &'static [ValType], &'static [ValType], bool);

/// The functions of the ABI beside the commands.
const FUNCTIONS: [ExportedFunction; 7] = [
    (ALLOC, &[I32], &[I32], true),
    (FREE, &[I32, I32], &[], true),
    (INIT, &[I32, I32], &[I64], true),
    (CLEANUP, &[], &[], true),
    (START, &[], &[I64], false),
    (STOP, &[], &[I64], false),
    (EVENT, &[I32, I32], &[I64], false),
];

/// A module that keeps to the ABI, as far as that shows without running it.
pub(crate) struct Contract {
    commands: command::Table,
    hooks: Vec<&'static str>,
    imports: Vec<ImportedFunction>,
    manifest: Option<Arc<Manifest>>,
    warnings: Vec<Warning>,
}

/// The functions that are imported. Nothing else can be: a host gives no memory, table or global. A module that wants such a thing is made for another host, and is told of
/// all that it wants.
fn imports(interface: &Interface<'_>) -> Result<Vec<ImportedFunction>, FailureKind> {
    let functions: Option<Vec<_>> = interface
        .imports()
        .map(|(import, ty)| imported_function(import, ty?))
        .collect();
    functions.ok_or_else(|| {
        let imports = interface.imports().map(|(import, _)| import);
        let foreign = imports.filter(|import| import.module != SERVICES);
        FailureKind::MissingImports {
            imports: foreign.cloned().collect(),
        }
    })
}

/// An imported function, if its type is one that host functions may have.
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

impl Contract {
    /// Checks a module's outside.
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
        let hooks: Vec<&'static str> = [START, STOP, EVENT]
            .into_iter()
            .filter(|name| interface.export(name).is_some())
            .collect();
        let commands = command::Table::new(commands, batches);
        let (manifest, unreadable) = self_description(interface);
        let mut warnings = Vec::from_iter(unreadable);
        warnings.extend(manifest::warnings(
            manifest.as_deref(),
            interface.imports().map(|(import, _)| import),
            &commands,
            hooks.contains(&EVENT),
        ));
        Ok(Contract {
            commands,
            hooks,
            imports,
            manifest,
            warnings,
        })
    }

    /// The contract of a module that is made for another host, which has checked its exports.
    ///
    /// Its commands are those that it describes. Where it describes nothing, they are the exports
    /// that `callable` says the host can call.
    pub(crate) fn of_foreign(
        interface: &Interface<'_>,
        callable: fn(&str, &FuncType) -> bool,
    ) -> Result<Self, Failure> {
        let (manifest, unreadable) = self_description(interface);
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
            commands: command::Table::new(commands, Vec::new()),
            hooks: Vec::new(),
            imports: imports(interface).map_err(Failure::load)?,
            manifest,
            warnings: Vec::from_iter(unreadable),
        })
    }

    pub(crate) fn commands(&self) -> &command::Table {
        &self.commands
    }

    /// What the module says of itself.
    pub(crate) fn manifest(&self) -> Option<&Arc<Manifest>> {
        self.manifest.as_ref()
    }

    /// Where that and what it is are out of step.
    pub(crate) fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The functions that the module imports.
    pub(crate) fn imports(&self) -> &[ImportedFunction] {
        &self.imports
    }

    /// Whether the author wrote a hook.
    pub(crate) fn has_hook(&self, name: &str) -> bool {
        self.hooks.contains(&name)
    }
}

/// What a module says of itself, or why that cannot be read.
fn self_description(interface: &Interface<'_>) -> (Option<Arc<Manifest>>, Option<Warning>) {
    match Manifest::of_sections(interface.manifests()) {
        Ok(manifest) => (manifest.map(Arc::new), None),
        Err(error) => {
            let reason = error.to_string();
            (None, Some(Warning::Manifest { reason }))
        }
    }
}

/// The most violations that are told of one module.
const MAX_VIOLATIONS: usize = 100;

/// Everything in which a module breaks with the ABI, the first of which keeps it from being loaded.
pub(crate) fn violations(interface: &Interface<'_>) -> Vec<FailureKind> {
    let mut found = Vec::new();
    // The version first: what else a module of another version exports is no mistake.
    if let Err(kind) = version(interface) {
        let other_version = matches!(kind, FailureKind::AbiVersion { .. });
        found.push(kind);
        if other_version {
            return found;
        }
    }
    found.extend(imports(interface).err());
    found.extend(wrong_exports(interface, &FUNCTIONS));
    match interface.export(abi::HEAP_EXPORT) {
        Some(ExportType::Global(global)) if is_address(global) => {}
        Some(other) => found.push(wrong(abi::HEAP_EXPORT, HEAP, &other)),
        None => {}
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

/// Where a module's memory and functions are not what a host looks for.
pub(crate) fn wrong_exports(
    interface: &Interface<'_>,
    functions: &[ExportedFunction],
) -> Vec<FailureKind> {
    let mut found = Vec::new();
    found.extend(memory(interface.export(MEMORY), interface.memories()).err());
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

/// The same as failures.
pub(crate) fn failures(
    inspection: &Inspection<'_>,
    functions: &[ExportedFunction],
) -> Vec<Failure> {
    let found = wrong_exports(inspection.interface(), functions);
    found.into_iter().map(Failure::load).collect()
}

/// Where a command's export is not what a host looks for that calls it by the command's own name.
pub(crate) fn wrong_command(
    inspection: &Inspection<'_>,
    name: &str,
    params: &[ValType],
    results: &[ValType],
) -> Option<Failure> {
    let wrong = match inspection.interface().export(name) {
        Some(export) => function(name, params, results, &export).err(),
        None => {
            let interface = inspection.interface();
            Some(missing_in(interface, name, function_type(params, results)))
        }
    };
    wrong.map(Failure::load)
}

/// A command's or a batch's name, its export and its type.
type CommandExport<'a> = (&'a str, &'a str, ExportType<'a>);

/// The commands in alphabetical order, and their batches.
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
    // Without a command of the name, it is an export that is none of the host's business.
    batches.retain(|(name, ..)| {
        commands
            .binary_search_by_key(name, |(name, ..)| *name)
            .is_ok()
    });
    (commands, batches)
}

/// What a call of a hook that is not there comes to.
pub(crate) fn missing_hook(name: &'static str) -> FailureKind {
    let hook = FUNCTIONS.iter().find(|(function, ..)| *function == name);
    missing(
        name,
        hook.map_or_else(String::new, |(_, params, results, _)| {
            function_type(params, results)
        }),
    )
}

/// What the heap's export is.
const HEAP: &str =
    "a constant global of type i32, which tells where the plugin counts its allocations";

/// What looking for leaks comes to in a plugin that does not count.
pub(crate) fn missing_heap() -> FailureKind {
    missing(abi::HEAP_EXPORT, HEAP.to_owned())
}

fn version(interface: &Interface<'_>) -> Result<(), FailureKind> {
    let expected = "a constant global of type i32, which tells the version of the ABI";
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
    match interface.export(VERSION_EXPORT) {
        Some(ExportType::Global(global)) if is_address(global) => Ok(()),
        Some(found) => Err(wrong(VERSION_EXPORT, expected, &found)),
        None => Err(missing_in(interface, VERSION_EXPORT, expected.to_owned())),
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
                name: MEMORY.to_owned(),
                expected: expected.to_owned(),
                found: format!("one of {memories} memories"),
            }),
        },
        Some(found) => Err(wrong(MEMORY, expected, &found)),
        None => Err(missing(MEMORY, expected.to_owned())),
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

/// The same, with what the module shows of the cause.
fn missing_in(interface: &Interface<'_>, name: &str, expected: String) -> FailureKind {
    FailureKind::MissingExport {
        name: name.to_owned(),
        expected,
        cause: cause(interface, name),
    }
}

/// Why a module lacks an export that every plugin has, and what to do about that.
fn cause(interface: &Interface<'_>, name: &str) -> Option<String> {
    let exports = |wanted: &str| interface.export(wanted).is_some();
    if interface.is_object() {
        return Some(
            "it is an object file, which is yet to be linked: a plugin's crate-type is `cdylib`"
                .to_owned(),
        );
    }
    if !interface.manifests().is_empty() || exports(VERSION_EXPORT) {
        // Made by `#[plugin]`. What it lacks, another host asks for, or the linker has lost.
        let lost = C_NAMES.contains(&name);
        return lost.then(|| format!(
            "it is a plugin; if its host should find `{name}` in it, a dependency defines a function of that name, too, and the linker has kept only one: `cargo plugin build` tells which dependency"
        ));
    }
    if let Some(library) = interface.library() {
        return Some(format!(
            "the plugin `{library}` was built with its feature `library`, and then exports nothing: build it by itself, as cargo enables the feature for all crates that are built together where one asks for it"
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

/// Exports of plugins whose names C code has, too.
const C_NAMES: [&str; 3] = [ALLOC, FREE, "malloc"];

fn wrong(name: &str, expected: &str, found: &ExportType<'_>) -> FailureKind {
    FailureKind::WrongExport {
        name: text::name(name),
        expected: expected.to_owned(),
        found: in_words(found),
    }
}

/// What an export is: `a function (i32, i32) -> i64`.
pub(crate) fn in_words(ty: &ExportType<'_>) -> String {
    match ty {
        ExportType::Func(ty) => function_type(ty.params(), ty.results()),
        ExportType::Global(global) => {
            let kind = if global.mutable {
                "mutable"
            } else {
                "constant"
            };
            format!("a {kind} global of type {}", global.content_type)
        }
        ExportType::Memory(memory) if memory.memory64 => {
            "a memory with 64-bit addresses".to_owned()
        }
        ExportType::Memory(memory) if memory.shared => "a shared memory".to_owned(),
        ExportType::Memory(_) => "a memory".to_owned(),
        ExportType::Other(what) => (*what).to_owned(),
    }
}

/// `a function (i32, i32) -> i64`
fn function_type(params: &[ValType], results: &[ValType]) -> String {
    let mut shown = String::from("a function (");
    types(params, &mut shown);
    shown.push(')');
    match results {
        [] => {}
        [result] => {
            let _ = write!(shown, " -> {result}");
        }
        results => {
            shown.push_str(" -> (");
            types(results, &mut shown);
            shown.push(')');
        }
    }
    shown
}

/// A function may have a thousand parameters; nobody wants to read them.
fn types(types: &[ValType], shown: &mut String) {
    for (nth, ty) in types.iter().enumerate() {
        if nth == 8 {
            let _ = write!(shown, ", and {} more", types.len() - nth);
            break;
        }
        let _ = write!(shown, "{}{ty}", if nth > 0 { ", " } else { "" });
    }
}

#[cfg(test)]
mod tests {
    use crate::triage;

    #[test]
    fn modules_that_are_no_plugins_are_told_what_they_are() {
        for (wat, told) in [
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
                triage::examine(&wasm, &crate::limits::ModuleLimits::default()).unwrap();
            let failures = super::violations(&interface)
                .into_iter()
                .map(super::Failure::load);
            let shown: Vec<String> = failures.map(|failure| failure.to_string()).collect();
            assert!(shown.join("\n").contains(told), "{wat}: {shown:?}");
        }
    }
}
