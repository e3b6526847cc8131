//! Sizes of the parts of a module: sections, crates and functions.

use std::collections::BTreeMap;
use std::io::{self, Write};

use plugin_sdk_harness::inspect;
use serde::Serialize;

use crate::error::Result;
use crate::quantities;
use crate::terminal::HEADING;
use crate::wasm::Anatomy;

/// The owner of functions whose names do not contain a crate.
const UNKNOWN: &str = "(unknown)";

/// The crate of functions that the compiler adds under names without a path.
const BUILTINS: &str = "compiler_builtins";
const BUILTIN_NAMES: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "bcmp"];

/// The sizes of the parts of a module as shipped.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Breakdown {
    /// The size of the whole file.
    pub bytes: usize,
    /// The sections, largest first.
    pub sections: Vec<Part>,
    /// The code of each crate, largest first.
    pub crates: Vec<Part>,
    /// The functions, largest first.
    pub functions: Vec<Part>,
}

/// A part of a module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    pub name: String,
    pub bytes: usize,
}

impl Breakdown {
    /// Measures a module, and the same module before its names were stripped; `exports` belong to
    /// the crate `owner`.
    pub fn of(shipped: &[u8], named: &Anatomy, owner: &str) -> Result<Self> {
        let sections = Anatomy::of(shipped)?
            .sections
            .into_iter()
            .map(|section| (section.name, section.range.len()));
        let mut crates: BTreeMap<String, usize> = BTreeMap::new();
        let mut functions = Vec::new();
        for function in &named.functions {
            let name = match &function.symbol {
                Some(symbol) => inspect::Function::named(symbol).path,
                None => UNKNOWN.to_owned(),
            };
            let of = match crate_of(&name) {
                Some(name) => name,
                None if BUILTIN_NAMES.contains(&name.as_str()) => BUILTINS,
                None if named.interface.exports.contains(&name) => owner,
                None => UNKNOWN,
            };
            *crates.entry(of.to_owned()).or_default() += function.bytes;
            functions.push((name, function.bytes));
        }
        Ok(Breakdown {
            bytes: shipped.len(),
            sections: largest_first(sections),
            crates: largest_first(crates),
            functions: largest_first(functions),
        })
    }

    /// Adds the part of a component of so many bytes that is not the module.
    pub fn within(mut self, component: usize) -> Self {
        self.sections.push(Part {
            name: "(component)".to_owned(),
            bytes: component.saturating_sub(self.bytes),
        });
        self.sections = largest_first(
            self.sections
                .into_iter()
                .map(|part| (part.name, part.bytes)),
        );
        self.bytes = component;
        self
    }

    /// Writes the largest `top` parts of each kind, or all if there are fewer.
    pub fn text(&self, top: usize, out: &mut dyn Write) -> io::Result<()> {
        self.table("Sections", &self.sections, top, out)?;
        self.table("Crates", &self.crates, top, out)?;
        self.table("Functions", &self.functions, top, out)
    }

    fn table(
        &self,
        title: &str,
        parts: &[Part],
        top: usize,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if parts.is_empty() || top == 0 {
            return Ok(());
        }
        writeln!(out, "\n{HEADING}{title}{HEADING:#}")?;
        let mut line = |bytes: usize, name: &str| {
            let share = 100.0 * bytes as f64 / self.bytes.max(1) as f64;
            writeln!(
                out,
                "{:>12} {share:>5.1}%  {name}",
                quantities::bytes(bytes as u64)
            )
        };
        for part in parts.iter().take(top) {
            line(part.bytes, &part.name)?;
        }
        match parts.get(top..) {
            None | Some([]) => Ok(()),
            Some(rest) => {
                let bytes = rest.iter().map(|part| part.bytes).sum();
                line(bytes, &format!("({} more)", rest.len()))
            }
        }
    }
}

fn largest_first(parts: impl IntoIterator<Item = (String, usize)>) -> Vec<Part> {
    let mut parts: Vec<Part> = parts
        .into_iter()
        .map(|(name, bytes)| Part { name, bytes })
        .collect();
    parts.sort_by(|one, other| other.bytes.cmp(&one.bytes).then(one.name.cmp(&other.name)));
    parts
}

/// Returns the crate in which a function's path begins: the crate of the type of a method, or of
/// the trait if the type belongs to no crate.
fn crate_of(function: &str) -> Option<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for (at, _) in function.match_indices("::") {
        let before = function.get(..at)?;
        let start = before.rfind(|c| !is_word(c)).map_or(0, |last| last + 1);
        let head = before.get(start..)?;
        let begins_path = !before.get(..start)?.ends_with(':');
        if begins_path && head.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return Some(match head {
                // Code that the compiler generates for the standard library.
                "__rustc" => "std",
                head => head,
            });
        }
    }
    // A method of a slice or a similar type.
    function.contains("::").then_some("core")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_belong_to_the_crate_of_their_type_or_trait() {
        for (function, owner) in [
            ("hello::greet", "hello"),
            ("hello::_::<impl hello::Greeter>::greet", "hello"),
            (
                "<hello::Config as core::default::Default>::default",
                "hello",
            ),
            ("<&T as core::fmt::Display>::fmt", "core"),
            ("<T as serde_core::de::Expected>::fmt", "serde_core"),
            (
                "<&mut dyn core::fmt::Write as core::fmt::Write>::write_str",
                "core",
            ),
            ("core::ptr::drop_in_place<plugin_sdk::error::Error>", "core"),
            ("alloc::raw_vec::RawVecInner<A>::finish_grow", "alloc"),
            ("__rustc::__rust_alloc", "std"),
            ("<[T]>::to_vec", "core"),
            (
                "<(A, B) as plugin_sdk::command::Arguments>::read",
                "plugin_sdk",
            ),
        ] {
            assert_eq!(crate_of(function), Some(owner), "{function}");
        }
        assert_eq!(crate_of("memcpy"), None);
    }
}
