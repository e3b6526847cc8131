//! The guest's stack at the time of a failure.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use super::ways::{self, WayOut};
use crate::symbols::{self, Symbols};
use crate::text;

/// The maximum number of frames in a backtrace, inlined ones included.
const MAX_FRAMES: usize = 256;

/// The maximum length, in bytes, of the name of a function or file. A longer file name keeps its
/// end, which says most.
const MAX_NAME: usize = 300;

/// A frame of the guest stack.
///
/// The details depend on the build. A module with debug information (such as one of the profile
/// `dev`, if it was built here or is [trusted](crate::Source::trust_debug_info)) has all of them, a
/// module that is not stripped has functions, and every module has offsets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Frame {
    /// The function's name in Rust's notation.
    pub function: Option<String>,
    /// The function's index in the module.
    pub function_index: u32,
    /// The offset of the instruction in the module's bytes.
    pub module_offset: Option<u64>,
    /// The source file, as the compiler was given it.
    pub file: Option<String>,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The column, counted from 1.
    pub column: Option<u32>,
    /// `true` if the function was inlined into that of the next frame.
    pub inlined: bool,
}

/// The stack from the engine, innermost frame first. Its frames are resolved on first use.
#[derive(Clone, Default)]
pub(crate) struct Backtrace {
    raw: Vec<RawFrame>,
    /// `true` if the engine does not keep the stack.
    pub(super) is_unknown: bool,
    pub(super) symbols: Option<Arc<Symbols>>,
    read: OnceLock<Read>,
}

/// A frame of the guest stack, as the engine knows it.
#[derive(Clone, Debug)]
pub(crate) struct RawFrame {
    /// The name in the module, which may be mangled.
    pub(crate) function: Option<String>,
    pub(crate) function_index: u32,
    pub(crate) module_offset: Option<u64>,
}

#[derive(Clone)]
struct Read {
    frames: Vec<Frame>,
    /// The frames between the panic machinery and the SDK's.
    relevant: Range<usize>,
}

impl Backtrace {
    /// Creates a backtrace, with names from `symbols` for functions that the module does not name.
    /// `None` means an engine that does not keep the stack.
    pub(crate) fn new(frames: Option<Vec<RawFrame>>, symbols: Option<Arc<Symbols>>) -> Self {
        let is_unknown = frames.is_none();
        let mut raw = frames.unwrap_or_default();
        let nameless = raw.iter().filter(|frame| frame.function.is_none());
        let nameless = nameless.map(|frame| frame.function_index).collect();
        if let Some(names) = symbols.as_ref().map(|symbols| symbols.names(&nameless)) {
            for frame in &mut raw {
                let name = || names.get(&frame.function_index).cloned();
                frame.function = frame.function.take().or_else(name);
            }
        }
        Backtrace {
            raw,
            is_unknown,
            symbols,
            read: OnceLock::new(),
        }
    }

    /// Returns how a guest that executed `unreachable` got there.
    pub(crate) fn way_out(&self) -> WayOut {
        let names = || {
            self.raw
                .iter()
                .filter_map(|frame| frame.function.as_deref())
        };
        let count = |test: fn(&str) -> bool| names().filter(|name| test(name)).count();
        WayOut::of(
            count(ways::is_failed_allocation),
            count(ways::is_panic),
            names().any(ways::is_mangled),
        )
    }

    pub(super) fn all(&self) -> &[Frame] {
        &self.read().frames
    }

    pub(super) fn relevant(&self) -> &[Frame] {
        let read = self.read();
        let relevant = read.frames.get(read.relevant.clone());
        relevant.unwrap_or(&read.frames)
    }

    fn read(&self) -> &Read {
        self.read.get_or_init(|| {
            let frames = self.frames();
            Read {
                relevant: relevant(&frames),
                frames,
            }
        })
    }

    fn frames(&self) -> Vec<Frame> {
        let lines = self.symbols.as_ref().and_then(|symbols| symbols.lines());
        let mut frames = Vec::new();
        for raw in &self.raw {
            let symbols = match (&lines, raw.module_offset) {
                (Some(lines), Some(offset)) => lines.at(offset),
                _ => Vec::new(),
            };
            let name = |name: &Option<String>| -> Option<String> {
                let symbol = name.as_deref()?;
                Some(text::function_name(symbol, MAX_NAME))
            };
            let physical = Frame {
                function: name(&raw.function),
                function_index: raw.function_index,
                module_offset: raw.module_offset,
                file: None,
                line: None,
                column: None,
                inlined: false,
            };
            let last = symbols.len().saturating_sub(1);
            let located = symbols.iter().enumerate().map(|(nth, symbol)| Frame {
                function: name(&symbol.function).or_else(|| match nth == last {
                    true => physical.function.clone(),
                    false => None,
                }),
                file: symbol.file.as_deref().map(end_of),
                line: symbol.line,
                column: symbol.column,
                inlined: nth != last,
                ..physical
            });
            frames.extend(located);
            if symbols.is_empty() {
                frames.push(physical);
            }
        }
        frames.truncate(MAX_FRAMES);
        frames
    }
}

fn end_of(file: &str) -> String {
    let from = file.ceil_char_boundary(file.len().saturating_sub(MAX_NAME));
    text::one_line(file.split_at(from).1, MAX_NAME)
}

/// Returns the range of the frames of the plugin and the code that it called.
///
/// A panic and a failed allocation end in frames of the standard library, which are not the cause.
/// The number of these frames, and the details known of them, depend on the build of the library.
fn relevant(frames: &[Frame]) -> Range<usize> {
    let named = |frame: &Frame, test: fn(&str) -> bool| frame.function.as_deref().is_some_and(test);
    let library = frames
        .iter()
        .take_while(|frame| belongs_to_library(frame))
        .count();
    let gave_up = frames
        .iter()
        .take(library)
        .any(|frame| named(frame, gives_up));
    let start = match gave_up {
        true => library,
        false => call_of_host(frames),
    };
    let sdk = frames
        .iter()
        .rev()
        .take_while(|frame| named(frame, belongs_to_sdk))
        .count();
    let end = frames.len() - sdk;
    match start < end {
        true => start..end,
        false => 0..frames.len(),
    }
}

/// Returns whether a panic or a failed allocation ends in this function.
fn gives_up(function: &str) -> bool {
    const NAMES: [&str; 7] = [
        "rust_begin_unwind",
        "rust_panic",
        "__rust_start_panic",
        "__rust_abort",
        "__rust_alloc_error_handler",
        "__rdl_oom",
        "__rdl_alloc_error_handler",
    ];
    const PREFIXES: [&str; 5] = [
        "std::panicking::",
        "core::panicking::",
        "std::sys::backtrace::",
        "std::alloc::",
        "alloc::alloc::handle_alloc_error",
    ];
    let function = without_compilers_crate(function);
    NAMES.contains(&function) || PREFIXES.iter().any(|prefix| function.starts_with(prefix))
}

/// Removes the crate of the compiler's own functions, which had none before Rust 1.86.
fn without_compilers_crate(function: &str) -> &str {
    function.strip_prefix("__rustc::").unwrap_or(function)
}

/// Returns whether a function is in the standard library, judged by its name or else by its file.
fn belongs_to_library(frame: &Frame) -> bool {
    let name = frame.function.as_deref();
    let file = frame.file.as_deref();
    name.is_some_and(|name| gives_up(name) || has_library_path(name))
        || file.is_some_and(symbols::is_of_standard_library)
}

/// Returns whether a function's path begins in the standard library. An implementation begins
/// there if both its trait and its type do, or the type is in no crate.
fn has_library_path(function: &str) -> bool {
    const CRATES: [&str; 5] = ["std", "core", "alloc", "__rustc", "panic_abort"];
    let first_crate = |path: &str| {
        let (before, _) = path.split_once("::")?;
        let name = before
            .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
            .next()?;
        Some(CRATES.contains(&name))
    };
    match function
        .strip_prefix('<')
        .and_then(|rest| rest.split_once(" as "))
    {
        Some((kind, role)) => first_crate(role) == Some(true) && first_crate(kind) != Some(false),
        None => first_crate(function) == Some(true),
    }
}

/// Returns the number of frames that belong to a function made by `#[host_functions]`, if the guest
/// was in one: its closure that calls the import, the SDK's code around that, and the function
/// itself.
fn call_of_host(frames: &[Frame]) -> usize {
    let name = |nth: usize| frames.get(nth)?.function.as_deref();
    let closure = name(0).and_then(|name| name.rsplit_once("::{"));
    let sdk = (1..frames.len())
        .take_while(|nth| name(*nth).is_some_and(|name| name.contains("plugin_sdk::imports::")))
        .count();
    match closure {
        Some((function, _)) if sdk > 0 && name(1 + sdk) == Some(function) => sdk + 2,
        _ => 0,
    }
}

/// Returns whether a function is a plugin's export, or the SDK's code between the export and the
/// author's function.
fn belongs_to_sdk(function: &str) -> bool {
    const EXPORTS: [&str; 9] = [
        "plugin_init",
        "plugin_start",
        "plugin_stop",
        "plugin_event",
        "plugin_cleanup",
        "plugin_state_save",
        "plugin_state_load",
        "alloc",
        "free",
    ];
    function.starts_with(plugin_sdk::abi::COMMAND_EXPORT_PREFIX)
        || ["plugin_sdk::", "<plugin_sdk::", "<&plugin_sdk::"]
            .iter()
            .any(|prefix| function.starts_with(prefix))
        || function.contains("<impl plugin_sdk::guest::")
        || function.starts_with("core::ops::function::")
        || function.contains("__plugin_sdk_")
        || EXPORTS.contains(&function)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relevant_of(names: &[&str]) -> Range<usize> {
        let frames: Vec<_> = names.iter().map(|name| (*name, "")).collect();
        relevant_in(&frames)
    }

    #[test]
    fn relevant_frames_exclude_the_panic_machinery_and_the_sdk() {
        let old = ["rust_panic", "core::option::unwrap_failed"];
        let new = ["__rustc::rust_begin_unwind", "core::panicking::panic_fmt"];
        for [first, second] in [old, new] {
            let names = [
                first,
                second,
                "shop::sell",
                "core::option::Option<T>::map",
                "shop::Shop::sell",
                "plugin_sdk::guest::Guest<P>::command",
                "command_sell",
            ];
            assert_eq!(relevant_of(&names), 2..5);
        }
    }

    /// Returns the relevant range of frames with these functions and, where known, files.
    fn relevant_in(frames: &[(&str, &str)]) -> Range<usize> {
        let frames: Vec<Frame> = frames
            .iter()
            .map(|(name, file)| Frame {
                function: Some((*name).to_owned()),
                function_index: 0,
                module_offset: None,
                file: (!file.is_empty()).then(|| (*file).to_owned()),
                line: None,
                column: None,
                inlined: false,
            })
            .collect();
        relevant(&frames)
    }

    #[test]
    fn library_frames_with_debug_info_are_excluded_by_file() {
        const OWN: &str = "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/rt.rs";
        const BUILT: &str = "/opt/lib/rustlib/src/rust/library/alloc/src/vec/mod.rs";
        let frames = [
            ("std::process::abort", OWN),
            ("__rustc::__rust_abort", OWN),
            ("rust_begin_unwind", OWN),
            ("core::panicking::panic_fmt", OWN),
            ("alloc::vec::Vec<T>::with_capacity", BUILT),
            (
                "<T as core::convert::Into<U>>::into",
                "/elsewhere/core/src/convert.rs",
            ),
            ("a name that says nothing", BUILT),
            ("shop::sell", "/shop/library/src/sell.rs"),
            ("plugin_sdk::guest::Guest<P>::command", "/sdk/src/guest.rs"),
            ("command_sell", "/shop/src/lib.rs"),
        ];
        assert_eq!(relevant_in(&frames), 7..8);
    }

    #[test]
    fn library_frames_without_debug_info_are_excluded_by_name() {
        for library in [
            "std::process::abort",
            "alloc::raw_vec::RawVecInner<A>::with_capacity_in",
            "<alloc::vec::Vec<T> as core::ops::index::Index<I>>::index",
            "<T as core::convert::Into<U>>::into",
            "<fn() -> core::option::Option<T> as core::ops::function::FnOnce<()>>::call_once",
        ] {
            let frames = ["core::panicking::panic_fmt", library, "shop::sell"];
            assert_eq!(relevant_of(&frames), 2..3, "{library}");
        }
        for own in [
            "<shop::Shop as core::fmt::Display>::fmt",
            "<alloc::vec::Vec<T> as shop::Sells>::sell",
            "stdlike::sell",
        ] {
            let frames = ["core::panicking::panic_fmt", own, "shop::sell"];
            assert_eq!(relevant_of(&frames), 1..3, "{own}");
        }
    }

    #[test]
    fn frames_like_machinery_are_kept_if_they_are_the_cause() {
        let names = [
            "alloc::raw_vec::RawVec<T>::grow",
            "shop::sell",
            "command_sell",
        ];
        assert_eq!(relevant_of(&names), 0..2);
        assert_eq!(relevant_of(&["dlmalloc::malloc", "alloc"]), 0..1);
        assert_eq!(relevant_of(&["plugin_sdk::memory::take", "alloc"]), 0..2);
        assert_eq!(relevant_of(&[]), 0..0);
    }
}
