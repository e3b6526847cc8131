//! How a failure reads: what happened, where, and what to do next.

use std::fmt::{self, Display, Formatter};
use std::path::Path;

use plugin_sdk::abi;

use super::{BuildFailure, Failure, FailureKind, Import, Panic, Region, Stack, Stage};
use crate::text;

/// The size of a page of linear memory in bytes.
const PAGE: u64 = 64 * 1024;

/// The most names that a message lists.
const MAX_LISTED: usize = 20;

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.kind.explain(&self.0.during, f)
    }
}

/// As in a [`Failure`], whose `Display` also says which command it was.
impl fmt::Debug for FailureKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.explain(&Stage::Load, f)
    }
}

/// The subject of a message.
impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Load => f.write_str("the plugin"),
            Stage::Instantiate => f.write_str("the module's instantiation"),
            Stage::Export(name) => write!(f, "`{name}`"),
            Stage::Command(name) => write!(f, "command `{}`", text::name(name)),
        }
    }
}

impl Display for Region {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Region::Arguments => "the buffer that `alloc` gave for the arguments",
            Region::Result => "the result",
            Region::Error => "the error",
            Region::PanicRecord => "the panic record",
            Region::HeapRecord => "the heap record",
        })
    }
}

impl Display for Import {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` of `{}`",
            text::name(&self.name),
            text::name(&self.module)
        )
    }
}

impl FailureKind {
    fn explain(&self, during: &Stage, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            FailureKind::Plugin(error) => plugin_error(during, error, f),
            FailureKind::Panic(panic) => panicked(during, panic, f),
            FailureKind::OutOfMemory { requested, limit } => write!(
                f,
                "{during} ran out of memory: its linear memory would have grown to {requested} bytes, and may have {limit} ({} pages)\n  \
                 help: `.memory_pages({})` allows that much; a module that declares a smaller maximum of its own must be linked with a larger one",
                limit / PAGE,
                requested.div_ceil(PAGE)
            ),
            FailureKind::StackOverflow(Stack::Wasm { limit }) => write!(
                f,
                "{during} overflowed the wasm stack of {limit} bytes\n  \
                 help: look for a recursion without end; `.stack_bytes(n)` allows deeper ones"
            ),
            FailureKind::StackOverflow(Stack::Shadow { address }) => write!(
                f,
                "{during} overflowed the guest's own stack, the one in linear memory: it went down to address {address:#x}, which is below 0\n  \
                 help: look for a recursion without end or for very large local values; a Rust guest gets a larger stack from \
                 `-C link-arg=-zstack-size=<bytes>`"
            ),
            FailureKind::OutOfFuel { limit } => {
                write!(
                    f,
                    "{during} used up its fuel of {limit}\n  help: `.fuel(n)` gives a call more"
                )
            }
            FailureKind::Timeout { limit } => write!(
                f,
                "{during} took longer than {limit:?}\n  help: `.timeout(duration)` allows more, `.no_timeout()` any time"
            ),
            FailureKind::Trap { message } => write!(f, "{during} trapped: {message}"),
            FailureKind::Poisoned { first } => write!(
                f,
                "{during} was not called, because the instance is dead since this:\n{first}\n  help: build a new `Plugin`"
            ),
            FailureKind::OutOfBounds {
                region,
                address,
                len,
                memory,
            } => write!(
                f,
                "{during} gave a pointer out of bounds: {region} would be {len} bytes at address {address:#x}, \
                 but the memory has {memory} bytes"
            ),
            FailureKind::Misaligned { address } => write!(
                f,
                "{during} could not be given its arguments: `alloc` returned address {address:#x}, which is not a multiple of 16"
            ),
            FailureKind::AllocationFailed { bytes } => write!(
                f,
                "{during} could not be given its arguments: the plugin's `alloc` has no room for {bytes} bytes"
            ),
            FailureKind::NotUtf8 {
                region,
                valid_up_to,
            } => write!(
                f,
                "{during} gave text that is not UTF-8: {region} is malformed after byte {valid_up_to}{}",
                raw_help(*region)
            ),
            FailureKind::BadBinary { reason } => write!(
                f,
                "{during} gave an unexpected result in the binary codec: {}\n  help: the type asked for must have the fields of the type that \
                 the command returns, in the same order; a command without `codec = \"binary\"` is called with `call`",
                text::from_str(reason)
            ),
            FailureKind::BadBatch { reason } => write!(
                f,
                "{during} answered a batch with something else than one answer for each input: {reason}"
            ),
            FailureKind::BadJson {
                region,
                reason,
                excerpt,
            } => {
                write!(
                    f,
                    "{during} gave unexpected JSON: {region} does not decode: {}",
                    text::from_str(reason)
                )?;
                if excerpt.is_empty() {
                    write!(
                        f,
                        "\n  help: there are no bytes at all; a raw command is called with `call_raw`"
                    )
                } else {
                    write!(f, "\n  text: {excerpt}{}", raw_help(*region))
                }
            }
            FailureKind::ResultTooLarge {
                region,
                bytes,
                limit,
            } => write!(
                f,
                "{during} gave too large an answer: {region} has {bytes} bytes, and at most {limit} are decoded\n  \
                 help: `.max_result_bytes(n)` allows more; `call_raw` reads a result of any size in place"
            ),
            FailureKind::ArgumentsTooLarge { bytes, limit } => write!(
                f,
                "{during} was not called: its arguments have {bytes} bytes, and the ABI allows {limit}"
            ),
            FailureKind::BadArguments { reason } => {
                write!(
                    f,
                    "{during} was not called: its arguments have no form in JSON: {}",
                    text::from_str(reason)
                )
            }
            FailureKind::UnknownCommand {
                name,
                nearest,
                known,
            } => unknown_command(name, nearest.as_deref(), known, f),
            load => load.explain_load(f),
        }
    }

    /// The kinds that loading a module comes to, none of which depends on a stage.
    fn explain_load(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            FailureKind::NotWasm { found } => {
                write!(f, "this is not a WebAssembly module: it is {found}")
            }
            FailureKind::Truncated { bytes } => write!(
                f,
                "the WebAssembly module is truncated: it breaks off after {bytes} bytes\n  help: build or download it again"
            ),
            FailureKind::Component => f.write_str(
                "this is a WebAssembly component, and plugins are core modules\n  \
                 help: build with plain `cargo build --target wasm32-unknown-unknown`, not with `cargo component` or for a `wasip2` target",
            ),
            FailureKind::InvalidModule { reason } => {
                write!(f, "the WebAssembly module is not valid: {}", text::from_str(reason))
            }
            FailureKind::ModuleTooLarge { bytes, limit } => write!(
                f,
                "the module has {bytes} bytes, and may have {limit}\n  \
                 help: `Source::max_bytes(n)` allows more; a release build is many times smaller than a debug build"
            ),
            FailureKind::AbiVersion { found, supported } => write!(
                f,
                "the plugin speaks version {} of the ABI, and this harness version {supported}\n  \
                 help: build the plugin with the `plugin-sdk` of the harness's version, or use the harness of the plugin's",
                text::name(found)
            ),
            FailureKind::MissingExport { name, expected } => {
                write!(f, "the module does not export `{}`, {expected}", text::name(name))?;
                missing_export_help(name, f)
            }
            FailureKind::WrongExport { name, expected, found } => write!(
                f,
                "the export `{}` should be {expected}, but is {found}",
                text::name(name)
            ),
            FailureKind::MissingImports { imports } => missing_imports(imports, f),
            FailureKind::TableTooLarge { requested, limit } => write!(
                f,
                "the module's tables need {requested} elements, and may have {limit}\n  help: `.table_elements(n)` allows more"
            ),
            FailureKind::PoolExhausted { limit } => write!(
                f,
                "all {limit} instances of the pool are in use\n  help: drop a `Plugin`, or ask `.pooling(n)` for a larger pool"
            ),
            FailureKind::Build(build) => build_failed(build, f),
            FailureKind::Io { path, reason } => write!(f, "cannot use `{}`: {reason}", path.display()),
            FailureKind::Engine { reason } => {
                write!(f, "the WebAssembly engine cannot be set up as asked: {}", text::from_str(reason))
            }
            _ => Ok(()),
        }
    }
}

fn plugin_error(during: &Stage, error: &plugin_sdk::Error, f: &mut Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "{during} failed: {} [{}]",
        text::from_str(error.message()),
        text::name(error.code())
    )?;
    if let Some(details) = error.details() {
        write!(
            f,
            "\n  details: {}",
            text::one_line(&details.to_string(), text::MAX_SHOWN)
        )?;
    }
    for cause in error.source().iter().take(MAX_LISTED) {
        write!(f, "\n  caused by: {}", text::from_str(cause))?;
    }
    Ok(())
}

fn panicked(during: &Stage, panic: &Panic, f: &mut Formatter<'_>) -> fmt::Result {
    let Panic {
        message,
        file,
        line,
        column,
    } = panic;
    write!(f, "{during} panicked at {file}:{line}:{column}: {message}")
}

fn raw_help(region: Region) -> &'static str {
    match region {
        Region::Result => "\n  help: a raw command is called with `call_raw`",
        _ => "",
    }
}

fn unknown_command(
    name: &str,
    nearest: Option<&str>,
    known: &[String],
    f: &mut Formatter<'_>,
) -> fmt::Result {
    write!(f, "the plugin has no command `{}`", text::name(name))?;
    if let Some(nearest) = nearest {
        write!(f, "; did you mean `{}`?", text::name(nearest))?;
    }
    match known {
        [] => f.write_str("\n  it has no commands at all"),
        known => {
            f.write_str("\n  it has ")?;
            list(
                known.iter().map(|name| format!("`{}`", text::name(name))),
                f,
            )
        }
    }
}

fn missing_export_help(name: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let hook = match name {
        "plugin_start" => "start",
        "plugin_stop" => "stop",
        "plugin_event" => "event",
        abi::HEAP_EXPORT => {
            return f.write_str(
                    "\n  help: it is there when the plugin's crate is built with `Source::crate_dir(…).count_allocations()`",
                );
        }
        _ => {
            return f.write_str(
                "\n  help: is it a plugin? One is made by `#[plugin]` on a struct and on its impl",
            );
        }
    };
    write!(
        f,
        "\n  help: it is there when a function of the plugin carries `#[{hook}]`"
    )
}

fn missing_imports(imports: &[Import], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("the module imports what the harness does not offer: ")?;
    list(imports.iter(), f)?;
    let from = |prefix: &str| {
        imports
            .iter()
            .any(|import| import.module.starts_with(prefix))
    };
    if from("__wbindgen") {
        f.write_str(
            "\n  help: some dependency was built for JavaScript (`wasm-bindgen`); `cargo tree --target wasm32-unknown-unknown -i wasm-bindgen` tells which",
        )?;
    }
    if from("wasi") {
        f.write_str(
            "\n  help: it was built for WASI; build it with `--target wasm32-unknown-unknown`",
        )?;
    }
    Ok(())
}

fn build_failed(failure: &BuildFailure, f: &mut Formatter<'_>) -> fmt::Result {
    match failure {
        BuildFailure::NoCrate { dir } => write!(
            f,
            "there is no crate in `{}`: it has no `Cargo.toml`\n  help: a test of the plugin's own crate passes `env!(\"CARGO_MANIFEST_DIR\")`",
            dir.display()
        ),
        BuildFailure::Workspace { dir } => write!(
            f,
            "`{}` is a workspace without a crate of its own\n  help: name the folder of the plugin's crate",
            dir.display()
        ),
        BuildFailure::NotCdylib { manifest } => not_cdylib(manifest, f),
        BuildFailure::MissingTarget { toolchain } => {
            match toolchain {
                Some(toolchain) => write!(f, "the toolchain `{toolchain}`")?,
                None => f.write_str("the active toolchain")?,
            }
            f.write_str(
                " has no standard library for wasm32-unknown-unknown\n  help: rustup target add wasm32-unknown-unknown",
            )?;
            match toolchain {
                Some(toolchain) => write!(f, " --toolchain {toolchain}"),
                None => Ok(()),
            }
        }
        BuildFailure::Failed { command, output } => {
            write!(
                f,
                "the plugin's crate does not build: `{command}` failed with\n{}",
                output.trim_end()
            )
        }
        BuildFailure::NoCargo { program, reason } => write!(
            f,
            "cannot run `{program}` to build the plugin's crate: {reason}\n  \
             help: install Rust with rustup, or set the variable CARGO to where cargo is"
        ),
    }
}

fn not_cdylib(manifest: &Path, f: &mut Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "`{}` does not make a WebAssembly module of the crate's library\n  help: add these lines to it:\n\n    \
         [lib]\n    crate-type = [\"cdylib\", \"rlib\"]\n",
        manifest.display()
    )
}

fn list<T: Display>(items: impl ExactSizeIterator<Item = T>, f: &mut Formatter<'_>) -> fmt::Result {
    let rest = items.len().saturating_sub(MAX_LISTED);
    for (nth, item) in items.take(MAX_LISTED).enumerate() {
        if nth > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    if rest > 0 {
        write!(f, " and {rest} more")?;
    }
    Ok(())
}
