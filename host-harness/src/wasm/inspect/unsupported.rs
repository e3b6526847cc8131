//! Functions of the standard library that do not work in a plugin, although a module calls them.

use std::collections::{HashSet, VecDeque};

use super::{Code, Function, Inspection};
use crate::failure;

/// The greatest number of functions that lead to others.
const MAX_USERS: usize = 1000;

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
        let mut found = Vec::new();
        for (message, help) in failure::unsupported() {
            let paths = FUNCTIONS.iter().find(|(known, _)| *known == message);
            let paths = paths.map_or(&[][..], |(_, paths)| *paths);
            // The path may also be written `<std::time::Instant>::now`.
            let is_one = |function: &Function| {
                let plain = function.path.replace(['<', '>'], "");
                paths.iter().any(|path| plain.starts_with(path))
            };
            let own = self.named().filter(|(_, function)| is_one(function));
            let own: Vec<u32> = own.map(|(index, _)| index).collect();
            if own.is_empty() && !self.has_text(message) {
                continue;
            }
            found.push(Unsupported {
                message,
                help,
                callers: self.users(code, own, &["std", "core", "alloc"]),
            });
        }
        found
    }

    /// Returns the functions that lead to any of these through those of the crates in `passed_by`,
    /// which are skipped: at most 1000, nearest first, each path once.
    pub fn users(
        &self,
        code: &Code,
        functions: impl IntoIterator<Item = u32>,
        passed_by: &[&str],
    ) -> Vec<Function> {
        let mut next: VecDeque<u32> = functions.into_iter().collect();
        let mut seen: HashSet<u32> = next.iter().copied().collect();
        let mut paths = HashSet::new();
        let mut found = Vec::new();
        while let Some(callee) = next.pop_front() {
            for caller in code.callers(callee) {
                if !seen.insert(caller) {
                    continue;
                }
                let is_skipped = |named: &Function| match named.krate.as_deref() {
                    Some(krate) => passed_by.contains(&krate),
                    // Generated code of tools.
                    None => named.path.starts_with("__"),
                };
                match self
                    .named_function(caller)
                    .filter(|named| !is_skipped(named))
                {
                    None => next.push_back(caller),
                    Some(user) if paths.insert(&*user.path) => found.push(user.clone()),
                    Some(_) => {}
                }
                if found.len() >= MAX_USERS {
                    return found;
                }
            }
        }
        found
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// With one search for each function, it takes minutes.
    #[test]
    fn callers_of_a_long_chain_are_found_in_one_search() {
        let chain =
            (1..10_000).map(|nth| format!("(func (@name \"std::fs::a\") call {})", nth - 1));
        let users = (0..1_100).map(|nth| {
            let callee = if nth == 0 { 9_999 } else { nth };
            format!(
                "(func (@name \"shop::sell{}\") call {callee} call 0)",
                nth % 1_050
            )
        });
        let functions: String = chain.chain(users).collect();
        let text = format!("(module (func (@name \"std::fs::a\")) {functions})");
        let wasm = wat::parse_str(text).unwrap();
        let inspection = Inspection::of(&wasm).unwrap();
        let found = inspection.unsupported(&inspection.code().unwrap());
        let files = found
            .iter()
            .find(|one| one.message.contains("filesystem"))
            .unwrap();
        let paths: HashSet<&str> = files.callers.iter().map(|user| &*user.path).collect();
        assert_eq!((files.callers.len(), paths.len()), (MAX_USERS, MAX_USERS));
        assert!(paths.iter().all(|path| path.starts_with("shop::sell")));
    }
}
