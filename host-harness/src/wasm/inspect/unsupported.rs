//! Functions of the standard library that do not work in a plugin, although a module calls them.

use super::{Code, Function, Inspection};
use crate::failure;

/// A call into the standard library that always fails in a plugin.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unsupported {
    /// The library's message: `time not implemented on this platform`.
    pub message: &'static str,
    /// The replacement to call.
    pub help: &'static str,
    /// The callers, if the module has names.
    pub callers: Vec<Function>,
}

/// The standard library's functions that fail with these messages, by the beginnings of their
/// paths.
const FUNCTIONS: [(&str, &[&str]); 6] = [
    (
        "time not implemented on this platform",
        &[
            "std::time::Instant::now",
            "std::time::SystemTime::now",
            "std::sys::time::unsupported::",
            "std::sys::pal::unsupported::time::",
        ],
    ),
    (
        "can't sleep",
        &[
            "std::thread::sleep",
            "std::thread::functions::sleep",
            "std::sys::thread::unsupported::sleep",
        ],
    ),
    (
        "failed to spawn thread",
        &[
            "std::thread::spawn",
            "std::thread::functions::spawn",
            "std::thread::Builder::spawn",
            "std::thread::builder::Builder::spawn",
            "std::sys::thread::unsupported::Thread::new",
        ],
    ),
    (
        "this target does not support random data generation",
        &["std::sys::random::unsupported::"],
    ),
    (
        failure::PRINTING,
        &[
            "std::io::_print",
            "std::io::_eprint",
            "std::io::stdio::_print",
            "std::io::stdio::_eprint",
            "std::io::stdio::print_to",
        ],
    ),
    (
        "no filesystem on this platform",
        &["std::fs::", "std::sys::fs::unsupported::"],
    ),
];

impl Unsupported {
    /// Returns whether the call prints. Printing does not even fail: the text is lost.
    pub fn is_printing(&self) -> bool {
        self.message == failure::PRINTING
    }
}

impl Inspection<'_> {
    /// Returns the standard library's functions that the module calls in vain. The presence of a
    /// call does not mean that it ever runs.
    pub fn unsupported(&self, code: &Code) -> Vec<Unsupported> {
        let functions: Vec<(u32, Function)> = self.functions().collect();
        let mut found = Vec::new();
        for (message, help) in failure::unsupported() {
            let paths = FUNCTIONS.iter().find(|(known, _)| *known == message);
            let paths = paths.map_or(&[][..], |(_, paths)| *paths);
            // The path may also be written `<std::time::Instant>::now`.
            let is_one = |function: &Function| {
                let plain = function.path.replace(['<', '>'], "");
                paths.iter().any(|path| plain.starts_with(path))
            };
            let own = functions.iter().filter(|(_, function)| is_one(function));
            let own: Vec<u32> = own.map(|(index, _)| *index).collect();
            if own.is_empty() && !self.has_text(message) {
                continue;
            }
            let mut callers: Vec<Function> = own
                .iter()
                .flat_map(|index| self.users(code, *index, &["std", "core", "alloc"]))
                .collect();
            callers.dedup();
            found.push(Unsupported {
                message,
                help,
                callers,
            });
        }
        found
    }

    /// Returns the functions that lead to a function through those of the crates in `passed_by`,
    /// which are skipped: at most 20, nearest first.
    pub fn users(&self, code: &Code, function: u32, passed_by: &[&str]) -> Vec<Function> {
        let mut seen = vec![function];
        let mut found: Vec<Function> = Vec::new();
        let mut next = 0;
        while let Some(callee) = seen.get(next).copied() {
            next += 1;
            for caller in code.callers(callee) {
                if seen.contains(&caller) || seen.len() > 1000 {
                    continue;
                }
                let named = self.function(caller);
                let of = named.as_ref().and_then(|named| named.krate.as_deref());
                match (named.as_ref(), of) {
                    (Some(_), Some(of)) if passed_by.contains(&of) => seen.push(caller),
                    // Generated code of tools.
                    (Some(named), None) if named.path.starts_with("__") => seen.push(caller),
                    (Some(named), _) if found.len() < 20 && !found.contains(named) => {
                        found.push(named.clone())
                    }
                    (None, _) => seen.push(caller),
                    _ => {}
                }
            }
        }
        found
    }
}
