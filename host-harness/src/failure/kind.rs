//! The kinds of failures, with their particulars.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::Failure;
use super::problem::Problem;
use crate::permissions::Permission;

/// The kinds of [`Failure`].
#[derive(Clone)]
#[non_exhaustive]
pub enum FailureKind {
    /// The plugin answered with an error: bad arguments, or an error of its own. The instance lives on.
    Plugin(plugin_sdk::Error),

    /// The arguments, a configuration or an event's data do not fit the plugin's own schema, and were not given to it: what
    /// `PluginBuilder::check_arguments` asks for.
    DoesNotFit {
        /// The error that the plugin would have answered with. Its details have the place as a JSON Pointer too, and all problems if there are several.
        error: plugin_sdk::Error,
        /// What is wrong, at most 16 things.
        problems: Vec<Problem>,
    },
    /// Values cannot be held against the plugin's own schema, because it is none or would take too long.
    BadSchema {
        /// What is wrong with it.
        reason: String,
    },

    /// The plugin panicked.
    Panic(Panic),
    /// The plugin needed more linear memory than it may have.
    OutOfMemory {
        /// What the memory would have grown to, in bytes.
        requested: u64,
        /// What it may grow to, in bytes.
        limit: u64,
    },
    /// Calls nested too deeply, or local values were too large.
    StackOverflow(Stack),
    /// The call used all its fuel.
    OutOfFuel {
        /// The fuel of a call.
        limit: u64,
    },
    /// The call took too long.
    Timeout {
        /// The time of a call.
        limit: Duration,
        /// The host function that it was in, as `module.name`, if not in the plugin's own code.
        during: Option<String>,
    },
    /// The call's future was dropped before it was done.
    Cancelled,
    /// The plugin trapped in another way.
    Trap {
        /// The engine's words.
        message: String,
    },
    /// The instance is dead since an earlier trap.
    Poisoned {
        /// What killed it.
        first: Failure,
    },

    /// The plugin gave an address and a length that do not lie within its memory.
    OutOfBounds {
        /// What should be there.
        region: Region,
        /// The address.
        address: u32,
        /// The length in bytes.
        len: u32,
        /// The size of the memory in bytes.
        memory: u64,
    },
    /// `alloc` gave an address that is not a multiple of 16.
    Misaligned {
        /// The address.
        address: u32,
    },
    /// `alloc` gave 0, which means that it has no room, although the memory limit did not stop it.
    AllocationFailed {
        /// What it was asked for.
        bytes: u32,
    },
    /// Text that the plugin gave is not UTF-8.
    NotUtf8 {
        /// Which text.
        region: Region,
        /// How many of its bytes are UTF-8.
        valid_up_to: usize,
    },
    /// JSON that the plugin gave is not JSON, or not of the type asked for.
    BadJson {
        /// Which text.
        region: Region,
        /// What is wrong, and where.
        reason: String,
        /// The text around that place.
        excerpt: String,
    },
    /// A result in the binary codec that is not one, or not of the type asked for.
    BadBinary {
        /// What is wrong.
        reason: String,
    },
    /// The answer to a batch is not one answer for each input.
    BadBatch {
        /// What is wrong.
        reason: String,
    },
    /// The plugin's answer is larger than the host decodes.
    ResultTooLarge {
        /// Which answer.
        region: Region,
        /// Its length in bytes.
        bytes: u64,
        /// The largest length in bytes.
        limit: u64,
    },

    /// The arguments are larger than the ABI allows.
    ArgumentsTooLarge {
        /// Their length in bytes.
        bytes: u64,
        /// The largest length in bytes.
        limit: u64,
    },
    /// The arguments given to the harness cannot be encoded.
    BadArguments {
        /// What is wrong with them.
        reason: String,
    },
    /// The plugin has no such command.
    UnknownCommand {
        /// What was asked for.
        name: String,
        /// The command with the most similar name.
        nearest: Option<String>,
        /// The commands that there are.
        known: Vec<String>,
    },

    /// The bytes are no WebAssembly module but something else.
    NotWasm {
        /// What they look like.
        found: String,
    },
    /// The module breaks off.
    Truncated {
        /// The number of bytes that there are.
        bytes: u64,
    },
    /// The bytes are a component, not a module.
    Component,
    /// The module is not valid, or uses a proposal that the harness does not support.
    InvalidModule {
        /// What is wrong, and at which byte.
        reason: String,
    },
    /// The module has more bytes than it may have.
    ModuleTooLarge {
        /// The module's size in bytes.
        bytes: u64,
        /// The largest size in bytes.
        limit: u64,
    },
    /// The module has more of something than it may have, or would take too long to compile.
    ModuleLimit {
        /// The limit's name: a field of [`ModuleLimits`](crate::ModuleLimits).
        setting: &'static str,
        /// What the module has or does that is too much: `has 200000 functions`.
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
        /// What it should be.
        expected: String,
        /// Why it is not there and what to do about that, where the module shows it.
        cause: Option<String>,
    },
    /// An export is not what the ABI says.
    WrongExport {
        /// The export's name.
        name: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The module imports what the harness does not offer.
    MissingImports {
        /// All of them.
        imports: Vec<Import>,
    },
    /// The module imports a function of the host's with another type than the host has it.
    WrongImport {
        /// The import.
        import: Import,
        /// The host's type.
        expected: String,
        /// The module's type.
        found: String,
    },
    /// A host function was called with an argument that is none: an address out of bounds, say.
    BadHostArgument {
        /// The function, as `module.name`.
        function: String,
        /// What is wrong.
        reason: String,
    },
    /// A host function failed, and returns nothing that could say so to the plugin.
    HostFunction {
        /// The function, as `module.name`.
        function: String,
        /// The error that it would have returned.
        error: plugin_sdk::Error,
    },
    /// The module imports a host function whose implementation is asynchronous, and the host is not.
    AsyncHostFunction {
        /// The function, as `module.name`.
        function: String,
    },
    /// The plugin breaks a rule of the [host](crate::hosts) that it was built for and that is played here. That host itself may crash on it, or never notice.
    HostContract {
        /// The host's name: `neotalk`.
        host: &'static str,
        /// The rule.
        rule: &'static str,
        /// What the plugin does instead.
        found: String,
    },
    /// The [host](crate::hosts) that is played here never does what was asked for.
    HostLacks {
        /// The host's name: `neotalk`.
        host: &'static str,
        /// What it has not: `events`.
        what: &'static str,
    },
    /// The module's tables have more elements than they may have.
    TableTooLarge {
        /// The number of elements that they would have had.
        requested: u64,
        /// The largest number.
        limit: u64,
    },
    /// As many instances as the pool holds are in use.
    PoolExhausted {
        /// The number of instances that the pool holds.
        limit: u32,
    },

    /// The plugin's crate could not be built.
    Build(BuildFailure),
    /// A file or a folder could not be used.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's words.
        reason: String,
    },
    /// A service could not be set up as asked.
    Service {
        /// Which, by the name of its permission.
        service: &'static str,
        /// What is wrong with what was asked for.
        reason: String,
    },
    /// The plugin needs permissions that are not granted, and was built [strictly](crate::PluginBuilder::strict).
    NotGranted {
        /// Those that are not granted, with the plugin's reasons.
        permissions: Vec<Permission>,
    },
    /// The engine could not be set up as asked.
    Engine {
        /// The engine's words.
        reason: String,
    },
}

/// A panic in a plugin, as its panic record tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Panic {
    /// The message; in parentheses, why there is none.
    pub message: String,
    /// The source file, as the compiler saw it; empty where the plugin did not note it.
    pub file: String,
    /// The line, counted from 1; 0 where the plugin did not note it.
    pub line: u32,
    /// The column, counted from 1; 0 where the plugin did not note it.
    pub column: u32,
}

/// Which of a plugin's two stacks overflowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stack {
    /// The engine's, which holds calls and most local values.
    Wasm {
        /// Its size in bytes.
        limit: u64,
    },
    /// The guest's own, in linear memory, which holds local values that have an address. It grows down towards address 0.
    Shadow {
        /// How far down it went: an address that has wrapped around below 0.
        address: u64,
    },
}

/// A part of a guest's memory that the ABI gives a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Region {
    /// The buffer that `alloc` gave for arguments.
    Arguments,
    /// The result of a call.
    Result,
    /// The error that a call answered with.
    Error,
    /// The panic record.
    PanicRecord,
    /// The heap record, where the plugin counts its allocations.
    HeapRecord,
}

/// An import of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The module that it should come from.
    pub module: String,
    /// Its name there.
    pub name: String,
}

/// Why a plugin's crate could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildFailure {
    /// There is no crate in the folder.
    NoCrate {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder holds a workspace without a crate of its own.
    Workspace {
        /// The folder.
        dir: PathBuf,
    },
    /// The crate's library is not built as a `cdylib`, so that there is no module.
    NotCdylib {
        /// The crate's `Cargo.toml`.
        manifest: PathBuf,
    },
    /// The crate does not offer a feature that it should be built with.
    NoFeature {
        /// The crate's `Cargo.toml`.
        manifest: PathBuf,
        /// The feature.
        feature: String,
    },
    /// The toolchain has no standard library for WebAssembly.
    MissingTarget {
        /// The toolchain's name, where it is known.
        toolchain: Option<String>,
    },
    /// A dependency defines a function that hosts call in the plugin, and a module has one function of a name.
    Clash {
        /// The function's name.
        symbol: String,
        /// The dependency, as Rust code calls it.
        dependency: String,
    },
    /// The compiler, or cargo, refused.
    Failed {
        /// The command.
        command: String,
        /// What it wrote.
        output: String,
        /// Which flags of the outer build did not reach this one, if there are any.
        note: Option<String>,
        /// What to do about it, where that is known.
        help: Option<String>,
    },
    /// Cargo could not be run.
    NoCargo {
        /// The program.
        program: String,
        /// The operating system's words.
        reason: String,
    },
}

impl FailureKind {
    pub(super) fn code(&self) -> &str {
        match self {
            FailureKind::Plugin(error) | FailureKind::DoesNotFit { error, .. } => error.code(),
            kind => kind.word(),
        }
    }

    /// The kind, even where the plugin has a word of its own.
    pub(super) fn word(&self) -> &'static str {
        match self {
            FailureKind::Plugin(_) => "plugin",
            FailureKind::DoesNotFit { .. } => "does_not_fit",
            FailureKind::BadSchema { .. } => "bad_schema",
            FailureKind::Panic(_) => "panic",
            FailureKind::OutOfMemory { .. } => "out_of_memory",
            FailureKind::StackOverflow(_) => "stack_overflow",
            FailureKind::OutOfFuel { .. } => "out_of_fuel",
            FailureKind::Timeout { .. } => "timeout",
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
            FailureKind::UnknownCommand { .. } => plugin_sdk::code::UNKNOWN_COMMAND,
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
            FailureKind::HostContract { .. } => "host_contract",
            FailureKind::HostLacks { .. } => plugin_sdk::code::UNSUPPORTED,
            FailureKind::TableTooLarge { .. } => "table_too_large",
            FailureKind::PoolExhausted { .. } => "pool_exhausted",
            FailureKind::Build(build) => match build {
                BuildFailure::NoCrate { .. } => "no_crate",
                BuildFailure::Workspace { .. } => "workspace",
                BuildFailure::NotCdylib { .. } => "not_a_cdylib",
                BuildFailure::NoFeature { .. } => "no_feature",
                BuildFailure::MissingTarget { .. } => "missing_target",
                BuildFailure::Clash { .. } => "symbol_clash",
                BuildFailure::Failed { .. } => "build_failed",
                BuildFailure::NoCargo { .. } => "no_cargo",
            },
            FailureKind::Io { .. } => "io",
            FailureKind::Service { .. } => "service",
            FailureKind::NotGranted { .. } => "permissions_not_granted",
            FailureKind::Engine { .. } => "engine",
        }
    }
}
