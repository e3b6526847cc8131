//! The kinds of failures, with their details.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::Failure;
use super::problem::Problem;
use crate::permissions::Permission;

/// The typed cause of a [`Failure`].
#[derive(Clone)]
#[non_exhaustive]
pub enum FailureKind {
    /// The plugin returned an error: for bad arguments, or one that its author defined.
    ///
    /// The instance stays usable.
    Plugin(plugin_sdk::Error),

    /// The arguments, a configuration or an event's data do not match the plugin's schema.
    ///
    /// They were not passed to the plugin. `PluginBuilder::validate_schemas` turns this check on.
    SchemaMismatch {
        /// The error that the plugin would have returned.
        ///
        /// Its details also contain the path as a JSON Pointer, and all problems if there are
        /// several.
        error: plugin_sdk::Error,
        /// The problems, at most 16.
        problems: Vec<Problem>,
    },
    /// Values cannot be validated: the plugin's schema is invalid or would take too long.
    BadSchema {
        /// The reason.
        reason: String,
    },

    /// The plugin panicked.
    Panic(Panic),
    /// The plugin needed more linear memory than its limit allows.
    OutOfMemory {
        /// The requested size of the memory, in bytes.
        requested: u64,
        /// The maximum size of the memory, in bytes.
        limit: u64,
    },
    /// The host has no memory for bytes from the plugin.
    ///
    /// The instance stays usable.
    HostOutOfMemory {
        /// The number of bytes.
        bytes: u64,
    },
    /// Calls nested too deeply, or local values were too large.
    StackOverflow(Stack),
    /// The call used all its fuel.
    OutOfFuel {
        /// The fuel limit of a call.
        limit: u64,
    },
    /// The call took too long.
    Timeout {
        /// The time limit of a call.
        limit: Duration,
        /// The host function that was running, as `module.name`; `None` in the plugin's own code.
        during: Option<String>,
    },
    /// The call made more host calls than its limit allows.
    TooManyHostCalls {
        /// The maximum number of host calls in one call.
        limit: u64,
        /// The host function that was called once too often, as `module.name`.
        during: String,
    },
    /// The host ended the call: it dropped the call's future, or used an
    /// [`Interrupt`](crate::Interrupt).
    Cancelled,
    /// The plugin trapped in another way.
    Trap {
        /// The engine's message.
        message: String,
    },
    /// The instance is unusable because of an earlier trap.
    Poisoned {
        /// The failure that made it unusable.
        first: Failure,
    },

    /// The plugin returned an address and a length that are not within its memory.
    OutOfBounds {
        /// The expected contents.
        region: Region,
        /// The address.
        address: u32,
        /// The length in bytes.
        len: u32,
        /// The size of the memory in bytes.
        memory: u64,
    },
    /// `alloc` returned an address that is not a multiple of 16.
    Misaligned {
        /// The address.
        address: u32,
    },
    /// `alloc` returned 0, which means out of memory, although the memory limit was not reached.
    AllocationFailed {
        /// The requested size in bytes.
        bytes: u32,
    },
    /// Text from the plugin is not valid UTF-8.
    NotUtf8 {
        /// The origin of the text.
        region: Region,
        /// The number of valid bytes at its beginning.
        valid_up_to: usize,
    },
    /// JSON from the plugin is invalid or does not match the requested type.
    BadJson {
        /// The origin of the text.
        region: Region,
        /// The reason and the position.
        reason: String,
        /// The text around that position.
        excerpt: String,
    },
    /// A result in the binary codec is invalid or does not match the requested type.
    BadBinary {
        /// The reason.
        reason: String,
    },
    /// The result of a batch does not contain exactly one answer per input.
    BadBatch {
        /// The reason.
        reason: String,
    },
    /// The plugin's result is larger than the host's limit for decoding.
    ResultTooLarge {
        /// The kind of result.
        region: Region,
        /// The length in bytes.
        bytes: u64,
        /// The maximum length in bytes.
        limit: u64,
    },

    /// The arguments are larger than the ABI allows.
    ArgumentsTooLarge {
        /// The length in bytes.
        bytes: u64,
        /// The maximum length in bytes.
        limit: u64,
    },
    /// The arguments given to the harness cannot be encoded.
    BadArguments {
        /// The reason.
        reason: String,
    },
    /// The plugin has no such command.
    UnknownCommand {
        /// The requested name.
        name: String,
        /// The command with the most similar name.
        nearest: Option<String>,
        /// The plugin's commands.
        known: Vec<String>,
    },

    /// The bytes are not a WebAssembly module.
    NotWasm {
        /// The format that the bytes appear to have.
        found: String,
    },
    /// The module is truncated.
    Truncated {
        /// The number of bytes present.
        bytes: u64,
    },
    /// The bytes are a component, not a module.
    Component,
    /// The module is not valid, or uses a proposal that the harness does not support.
    InvalidModule {
        /// The reason and the byte offset.
        reason: String,
    },
    /// The module exceeds the maximum size.
    ModuleTooLarge {
        /// The module's size in bytes.
        bytes: u64,
        /// The maximum size in bytes.
        limit: u64,
    },
    /// The module exceeds a limit on its contents, or would take too long to compile.
    ModuleLimit {
        /// The limit's name: a field of [`ModuleLimits`](crate::ModuleLimits).
        setting: &'static str,
        /// The excess, as a phrase: `has 200000 functions`.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// The module is for another version of the ABI.
    AbiVersion {
        /// The module's version.
        found: String,
        /// The harness's version.
        supported: u32,
    },
    /// The module lacks an export that every plugin has, or that this call needs.
    MissingExport {
        /// The export's name.
        name: String,
        /// A description of the expected export.
        expected: String,
        /// The likely cause and the fix, if the module gives a clue.
        cause: Option<String>,
    },
    /// An export has a type other than the ABI requires.
    WrongExport {
        /// The export's name.
        name: String,
        /// A description of the expected export.
        expected: String,
        /// A description of the actual export.
        found: String,
    },
    /// The module imports items that the harness does not provide.
    MissingImports {
        /// All missing imports.
        imports: Vec<Import>,
    },
    /// The module imports a host function with a type other than the host's.
    WrongImport {
        /// The import.
        import: Import,
        /// The host's type.
        expected: String,
        /// The module's type.
        found: String,
    },
    /// A host function was called with an invalid argument, such as an address out of bounds.
    BadHostArgument {
        /// The function, as `module.name`.
        function: String,
        /// The reason.
        reason: String,
    },
    /// A host function failed and has no result that could report the error to the plugin.
    HostFunction {
        /// The function, as `module.name`.
        function: String,
        /// The error that it would have returned.
        error: plugin_sdk::Error,
    },
    /// The module imports an asynchronous host function, but the host is synchronous.
    AsyncHostFunction {
        /// The function, as `module.name`.
        function: String,
    },
    /// The plugin violates a rule of the emulated [host](crate::hosts) that it was built for.
    ///
    /// The real host may crash on it or never notice.
    ContractViolation {
        /// The host's name: `neotalk`.
        host: &'static str,
        /// The rule.
        rule: &'static str,
        /// The plugin's behaviour.
        found: String,
    },
    /// The emulated [host](crate::hosts) does not support the requested operation.
    UnsupportedByHost {
        /// The host's name: `neotalk`.
        host: &'static str,
        /// The unsupported facility: `events`.
        what: &'static str,
    },
    /// No snapshot can be taken of the plugin: see
    /// [`PluginBuilder::snapshot`](crate::PluginBuilder::snapshot).
    NoSnapshot {
        /// The reason.
        reason: String,
        /// The fix.
        help: String,
    },
    /// The module's tables exceed the maximum number of elements.
    TableTooLarge {
        /// The requested number of elements.
        requested: u64,
        /// The maximum number of elements.
        limit: u64,
    },
    /// All instances of the pool are in use.
    PoolExhausted {
        /// The size of the pool.
        limit: u32,
    },

    /// The plugin's crate could not be built.
    Build(BuildFailure),
    /// A file or a folder could not be used.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's message.
        reason: String,
    },
    /// A service could not be set up as requested.
    Service {
        /// The service, by the name of its permission.
        service: &'static str,
        /// The reason.
        reason: String,
    },
    /// The plugin needs permissions that are not granted, and the builder
    /// [requires them](crate::PluginBuilder::require_permissions).
    NotGranted {
        /// The permissions that are not granted, with the plugin's reasons.
        permissions: Vec<Permission>,
    },
    /// The engine could not be set up as requested.
    Engine {
        /// The engine's message.
        reason: String,
    },
}

/// A panic in a plugin, from its panic record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Panic {
    /// The message, or in parentheses the reason why it is missing.
    pub message: String,
    /// The source file, as the compiler saw it; empty if the plugin did not record it.
    pub file: String,
    /// The line, counted from 1; 0 if the plugin did not record it.
    pub line: u32,
    /// The column, counted from 1; 0 if the plugin did not record it.
    pub column: u32,
}

/// The stack that overflowed, of the two that a plugin has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stack {
    /// The engine's stack, which holds calls and most local values.
    Wasm {
        /// The size in bytes.
        limit: u64,
    },
    /// The guest's own stack in linear memory, which holds local values that have an address.
    ///
    /// It grows down towards address 0.
    Shadow {
        /// The address that was reached, which has wrapped around below 0.
        address: u64,
    },
}

/// A region of guest memory with a meaning in the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Region {
    /// The buffer that `alloc` returned for arguments.
    Arguments,
    /// The result of a call.
    Result,
    /// The error that a call returned.
    Error,
    /// The panic record.
    PanicRecord,
    /// The heap record of a plugin that counts its allocations.
    HeapRecord,
}

/// An import of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module to import from.
    pub module: String,
    /// The name within that module.
    pub name: String,
}

/// The reason why a plugin's crate could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildFailure {
    /// There is no crate in the folder.
    NoCrate {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder contains a workspace without a root crate.
    Workspace {
        /// The folder.
        dir: PathBuf,
    },
    /// The crate's library is not a `cdylib`, so the build makes no module.
    NotCdylib {
        /// The crate's `Cargo.toml`.
        manifest: PathBuf,
    },
    /// The crate lacks a requested feature.
    NoFeature {
        /// The crate's `Cargo.toml`.
        manifest: PathBuf,
        /// The feature.
        feature: String,
    },
    /// The toolchain has no standard library for WebAssembly.
    MissingTarget {
        /// The toolchain's name, if known.
        toolchain: Option<String>,
    },
    /// A dependency defines a function under the name of one that hosts call in the plugin.
    ///
    /// A module has at most one function of a name.
    Clash {
        /// The function's name.
        symbol: String,
        /// The dependency's crate name, as in Rust code.
        dependency: String,
    },
    /// The compiler or cargo reported an error.
    Failed {
        /// The command.
        command: String,
        /// The output of the command.
        output: String,
        /// A note on flags of the outer build that did not reach this one, if there are any.
        note: Option<String>,
        /// The fix, if known.
        help: Option<String>,
    },
    /// Cargo could not be run.
    NoCargo {
        /// The program.
        program: String,
        /// The operating system's message.
        reason: String,
    },
}

impl FailureKind {
    pub(super) fn code(&self) -> &str {
        match self {
            FailureKind::Plugin(error) | FailureKind::SchemaMismatch { error, .. } => error.code(),
            kind => kind.word(),
        }
    }

    /// Returns the word for the kind, even if the plugin's error has its own code.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            FailureKind::Build(build) => build.word(),
            FailureKind::Plugin(_) => "plugin",
            FailureKind::SchemaMismatch { .. } => "schema_mismatch",
            FailureKind::BadSchema { .. } => "bad_schema",
            FailureKind::Panic(_) => "panic",
            FailureKind::OutOfMemory { .. } => "out_of_memory",
            FailureKind::HostOutOfMemory { .. } => "host_out_of_memory",
            FailureKind::StackOverflow(_) => "stack_overflow",
            FailureKind::OutOfFuel { .. } => "out_of_fuel",
            FailureKind::Timeout { .. } => "timeout",
            FailureKind::TooManyHostCalls { .. } => "too_many_host_calls",
            FailureKind::Cancelled => "cancelled",
            FailureKind::Trap { .. } => "trap",
            FailureKind::Poisoned { .. } => "poisoned",
            FailureKind::OutOfBounds { .. } => "out_of_bounds",
            FailureKind::Misaligned { .. } => "misaligned",
            FailureKind::AllocationFailed { .. } => "allocation_failed",
            FailureKind::NotUtf8 { .. } => "not_utf8",
            FailureKind::BadJson { .. } => "bad_json",
            FailureKind::BadBinary { .. } => "bad_binary",
            FailureKind::BadBatch { .. } => "bad_batch",
            FailureKind::ResultTooLarge { .. } => "result_too_large",
            FailureKind::ArgumentsTooLarge { .. } => "arguments_too_large",
            FailureKind::BadArguments { .. } => "bad_arguments",
            FailureKind::UnknownCommand { .. } => "unknown_command",
            FailureKind::NotWasm { .. } => "not_wasm",
            FailureKind::Truncated { .. } => "truncated",
            FailureKind::Component => "component",
            FailureKind::InvalidModule { .. } => "invalid_module",
            FailureKind::ModuleTooLarge { .. } => "module_too_large",
            FailureKind::ModuleLimit { .. } => "module_limit",
            FailureKind::AbiVersion { .. } => "abi_version",
            FailureKind::MissingExport { .. } => "missing_export",
            FailureKind::WrongExport { .. } => "wrong_export",
            FailureKind::MissingImports { .. } => "missing_imports",
            FailureKind::WrongImport { .. } => "wrong_import",
            FailureKind::BadHostArgument { .. } => "bad_host_argument",
            FailureKind::HostFunction { .. } => "host_function",
            FailureKind::AsyncHostFunction { .. } => "async_host_function",
            FailureKind::ContractViolation { .. } => "contract_violation",
            FailureKind::UnsupportedByHost { .. } => "unsupported",
            FailureKind::NoSnapshot { .. } => "no_snapshot",
            FailureKind::TableTooLarge { .. } => "table_too_large",
            FailureKind::PoolExhausted { .. } => "pool_exhausted",
            FailureKind::Io { .. } => "io",
            FailureKind::Service { .. } => "service",
            FailureKind::NotGranted { .. } => "permissions_not_granted",
            FailureKind::Engine { .. } => "engine",
        }
    }
}

/// Returns the kind as a word in `snake_case`, as in [`Failure::to_json`].
impl From<&FailureKind> for &'static str {
    fn from(kind: &FailureKind) -> Self {
        kind.word()
    }
}

impl BuildFailure {
    fn word(&self) -> &'static str {
        match self {
            BuildFailure::NoCrate { .. } => "no_crate",
            BuildFailure::Workspace { .. } => "workspace",
            BuildFailure::NotCdylib { .. } => "not_a_cdylib",
            BuildFailure::NoFeature { .. } => "no_feature",
            BuildFailure::MissingTarget { .. } => "missing_target",
            BuildFailure::Clash { .. } => "symbol_clash",
            BuildFailure::Failed { .. } => "build_failed",
            BuildFailure::NoCargo { .. } => "no_cargo",
        }
    }
}
