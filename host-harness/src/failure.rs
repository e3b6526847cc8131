//! What can go wrong, each kind told apart.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

mod display;

/// What a call, or loading a plugin, came to when it did not succeed.
///
/// [`kind`](Failure::kind) tells what happened with all its particulars, [`code`](Failure::code) the same as a stable word, and
/// `Display` (and `Debug`, so that a test's `unwrap` reads well) as a message with what to do next. Whatever text in a message came
/// from the guest is bounded and free of terminal escapes.
///
/// ```
/// use plugin_sdk_harness::{FailureKind, Plugin};
///
/// # const HEAD: &str = r#"(memory (export "memory") 1) (global (export "plugin_abi_1") i32 (i32.const 0))
/// #   (func (export "alloc") (param i32) (result i32) i32.const 1024) (func (export "free") (param i32 i32))
/// #   (func (export "plugin_init") (param i32 i32) (result i64) i64.const 0) (func (export "plugin_cleanup"))"#;
/// # let wat = format!(r#"(module {HEAD} (func (export "command_spin") (param i32 i32) (result i64)
/// #   (loop (br 0)) unreachable))"#);
/// let mut plugin = Plugin::builder(plugin_sdk_harness::Source::wat(wat)).fuel(10_000).build()?;
/// let failure = plugin.call_raw("spin", b"").unwrap_err();
///
/// assert!(matches!(failure.kind(), FailureKind::OutOfFuel { limit: 10_000 }));
/// assert_eq!(failure.code(), "out_of_fuel");
/// assert_eq!(failure.command(), Some("spin"));
/// assert!(failure.to_string().starts_with("command `spin` used up its fuel of 10000"));
/// # Ok::<(), plugin_sdk_harness::Failure>(())
/// ```
#[derive(Clone)]
pub struct Failure(Box<Report>);

#[derive(Clone)]
struct Report {
    kind: FailureKind,
    during: Stage,
}

/// What was going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Reading, checking and compiling the module.
    Load,
    /// Making an instance, which runs the module's start function if it has one.
    Instantiate,
    /// An export that every plugin has, or a hook, by its name.
    Export(&'static str),
    /// A command, by its name without the export's prefix.
    Command(Arc<str>),
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, during: Stage) -> Self {
        Failure(Box::new(Report { kind, during }))
    }

    /// While reading, checking or compiling a module.
    pub(crate) fn load(kind: FailureKind) -> Self {
        Failure::new(kind, Stage::Load)
    }

    /// What went wrong, with its particulars.
    pub fn kind(&self) -> &FailureKind {
        &self.0.kind
    }

    /// What went wrong as a word in `snake_case` that later versions keep.
    ///
    /// For an error that the plugin answered with, this is the error's own code, as in
    /// [`plugin_sdk::Error::code`]; look at [`kind`](Failure::kind) where the two must not be confused.
    pub fn code(&self) -> &str {
        self.0.kind.code()
    }

    /// The command that was called, if it was one.
    pub fn command(&self) -> Option<&str> {
        match &self.0.during {
            Stage::Command(name) => Some(name),
            _ => None,
        }
    }

    /// The error that the plugin answered with, if that is what the failure is.
    pub fn plugin_error(&self) -> Option<&plugin_sdk::Error> {
        match &self.0.kind {
            FailureKind::Plugin(error) => Some(error),
            _ => None,
        }
    }

    /// The panic, if that is what the failure is.
    pub fn panic(&self) -> Option<&Panic> {
        match &self.0.kind {
            FailureKind::Panic(panic) => Some(panic),
            _ => None,
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            FailureKind::Poisoned { first } => Some(first),
            _ => None,
        }
    }
}

/// The same as `Display`.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The kinds of [`Failure`].
#[derive(Clone)]
#[non_exhaustive]
pub enum FailureKind {
    /// The plugin answered with an error: bad arguments, or an error of its own. The instance lives on.
    Plugin(plugin_sdk::Error),

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
    },
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
    /// The engine could not be set up as asked.
    Engine {
        /// The engine's words.
        reason: String,
    },
}

/// A panic in a plugin, as its panic record tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Panic {
    /// The message.
    pub message: String,
    /// The source file, as the compiler saw it.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1.
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
    /// The toolchain has no standard library for WebAssembly.
    MissingTarget {
        /// The toolchain's name, where it is known.
        toolchain: Option<String>,
    },
    /// The compiler, or cargo, refused.
    Failed {
        /// The command.
        command: String,
        /// What it wrote.
        output: String,
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
    fn code(&self) -> &str {
        match self {
            FailureKind::Plugin(error) => error.code(),
            FailureKind::Panic(_) => "panic",
            FailureKind::OutOfMemory { .. } => "out_of_memory",
            FailureKind::StackOverflow(_) => "stack_overflow",
            FailureKind::OutOfFuel { .. } => "out_of_fuel",
            FailureKind::Timeout { .. } => "timeout",
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
            FailureKind::AbiVersion { .. } => "abi_version",
            FailureKind::MissingExport { .. } => "missing_export",
            FailureKind::WrongExport { .. } => "wrong_export",
            FailureKind::MissingImports { .. } => "missing_imports",
            FailureKind::TableTooLarge { .. } => "table_too_large",
            FailureKind::PoolExhausted { .. } => "pool_exhausted",
            FailureKind::Build(build) => match build {
                BuildFailure::NoCrate { .. } => "no_crate",
                BuildFailure::Workspace { .. } => "workspace",
                BuildFailure::NotCdylib { .. } => "not_a_cdylib",
                BuildFailure::MissingTarget { .. } => "missing_target",
                BuildFailure::Failed { .. } => "build_failed",
                BuildFailure::NoCargo { .. } => "no_cargo",
            },
            FailureKind::Io { .. } => "io",
            FailureKind::Engine { .. } => "engine",
        }
    }
}
