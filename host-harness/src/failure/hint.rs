//! Hints for panics whose message does not say what to do.

use super::kind::Panic;

/// Messages of the standard library for functions that WebAssembly does not support, each with the
/// replacement to call. The library panics with the message, or returns an error that the plugin
/// unwraps.
const UNSUPPORTED: [(&str, &str); 9] = [
    (
        "time not implemented on this platform",
        "`std::time` has no clock in a plugin: `plugin_sdk::time::monotonic()` is what `Instant::now()` is elsewhere, and \
         `plugin_sdk::time::now()` what `SystemTime::now()` is",
    ),
    (
        "can't sleep",
        "a plugin cannot wait: let it return, and have its host call it again later",
    ),
    (
        "failed to spawn thread",
        "a plugin has one thread: do the work in the call, or let the host do it",
    ),
    (
        "condvar wait not supported",
        "a plugin has one thread, so no other thread can end the wait: do the work in the call",
    ),
    (
        "this target does not support random data generation",
        "`plugin_sdk::random` gives random bytes in a plugin",
    ),
    (
        "no filesystem on this platform",
        "`std::fs` has no files in a plugin: `plugin_sdk::files` reaches those that the host grants",
    ),
    (
        PRINTING,
        "what a plugin prints goes nowhere: write `log::info!(…)` instead of `println!`, `eprintln!` or `dbg!`, and `#[plugin(log)]` at the plugin's \
         struct, and the host gets the line",
    ),
    (
        "no pids on this platform",
        "a plugin is not a process; its configuration can distinguish it from others",
    ),
    (
        "not supported on this platform",
        "the standard library cannot do this in a plugin: files, sockets, processes and threads are the host's, and `plugin_sdk` reaches \
         those that the host offers (`plugin_sdk::files`, `plugin_sdk::http`)",
    ),
];

/// The beginning of the standard library's message for a failed `println!`. Printing never fails in
/// a plugin, but the text is in every module that prints.
pub(crate) const PRINTING: &str = "failed printing to ";

/// Returns the messages of the standard library, each with a hint.
pub(crate) fn unsupported() -> impl Iterator<Item = (&'static str, &'static str)> {
    UNSUPPORTED.into_iter()
}

pub(super) fn panic(panic: &Panic) -> Option<&'static str> {
    let message = panic.message.as_str();
    let (_, help) = UNSUPPORTED
        .iter()
        .find(|(said, _)| message.contains(said))?;
    Some(help)
}

pub(super) fn trap(message: &str) -> Option<&'static str> {
    if message.contains("`unreachable`") {
        Some(
            "the plugin ended itself without recording a panic: by `std::process::abort`, by a panic while another one was handled, or because an \
             allocation failed; a build with names and debug information, as by the profile `dev`, shows which",
        )
    } else if message.contains("out of bounds memory access") {
        Some("in a Rust plugin this takes unsafe code, its own or a dependency's")
    } else {
        None
    }
}
