//! Detection of functions that a dependency defines under a name that the plugin exports.
//!
//! A module has at most one function of a name. If both have the same type, the linker and
//! link-time optimisation report an error. If their types differ, the linker silently keeps one and
//! replaces the other with a trap.

use std::path::{Path, PathBuf};

use wasmparser::{KnownCustom, Linking, SymbolFlags, SymbolInfo};

use crate::failure::{BuildFailure, is_of_plugins};
use crate::sections;

/// A name that both the plugin and a dependency define.
pub(crate) struct Clash {
    pub(crate) symbol: String,
    /// The crate name of the dependency, with underscores.
    pub(crate) dependency: String,
}

impl From<Clash> for BuildFailure {
    fn from(clash: Clash) -> Self {
        let Clash { symbol, dependency } = clash;
        BuildFailure::Clash { symbol, dependency }
    }
}

/// Finds the clash that a compiler or linker reports.
///
/// Of several, prefers the first whose symbol only a plugin would define.
pub(crate) fn reported(output: &str) -> Option<Clash> {
    let of_linker = output.split("duplicate symbol: ").skip(1);
    let mut clashes = of_linker.filter_map(duplicate);
    let Some(first) = clashes.next() else {
        return multiply_defined(output);
    };
    let telling = clashes.find(|clash| is_of_plugins(&clash.symbol));
    Some(match is_of_plugins(&first.symbol) {
        true => first,
        false => telling.unwrap_or(first),
    })
}

/// Parses the linker's message: the symbol, then one line for each place that defines it.
fn duplicate(message: &str) -> Option<Clash> {
    let (symbol, rest) = message.split_once('\n')?;
    let defined = rest
        .lines()
        .map_while(|line| line.trim_start().strip_prefix(">>> defined in "));
    let libraries = defined.filter_map(|place| place.split_once(".rlib("));
    let (library, _) = libraries.last()?;
    Some(Clash {
        symbol: symbol.trim().to_owned(),
        dependency: crate_of(Path::new(library)),
    })
}

/// Parses the message of link-time optimisation.
fn multiply_defined(output: &str) -> Option<Clash> {
    let (_, rest) = output.split_once("Linking globals named '")?;
    let (symbol, rest) = rest.split_once("': symbol multiply defined")?;
    let (_, rest) = rest.split_once("failed to load bitcode of module \"")?;
    let (dependency, _) = rest.split_once('.')?;
    Some(Clash {
        symbol: symbol.to_owned(),
        dependency: crate_of(Path::new(dependency)),
    })
}

/// Finds the clash that the linker has settled silently: the module lacks one of these
/// exports, and one of the libraries that it was linked from defines it.
pub(crate) fn settled<'a>(
    mut lacking: impl Iterator<Item = &'a str>,
    libraries: &[PathBuf],
) -> Option<Clash> {
    lacking.find_map(|name| {
        let library = libraries.iter().find(|library| defines(library, name))?;
        Some(Clash {
            symbol: name.to_owned(),
            dependency: crate_of(&library.with_extension("")),
        })
    })
}

/// Returns the crate name of a library file: `r11_shim` for `…/libr11_shim-1a2b3c`.
fn crate_of(library: &Path) -> String {
    let name = library.file_name().unwrap_or(library.as_os_str());
    let name = name.to_string_lossy();
    let name = name.strip_prefix("lib").unwrap_or(&name);
    let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
    name.to_owned()
}

/// Returns whether a Rust library defines a function of the given name.
fn defines(library: &Path, name: &str) -> bool {
    std::fs::read(library).is_ok_and(|bytes| {
        members(&bytes).any(|object| functions(object).any(|function| function == name))
    })
}

/// Returns the members of an archive, up to the first malformed one.
fn members(archive: &[u8]) -> impl Iterator<Item = &[u8]> {
    const MAGIC: &[u8] = b"!<arch>\n";
    /// The size of the header of a member: a name, some numbers, the size in decimal, and two
    /// bytes.
    const HEADER: usize = 60;
    let mut rest = archive.strip_prefix(MAGIC);
    std::iter::from_fn(move || {
        let (header, after) = rest?.split_at_checked(HEADER)?;
        let size = std::str::from_utf8(header.get(48..58)?).ok()?;
        let size: usize = size.trim_end().parse().ok()?;
        let (member, after) = after.split_at_checked(size)?;
        // Members begin at even offsets.
        rest = after.get(size % 2..);
        Some(member)
    })
}

/// Returns the names of the functions that an object file defines.
fn functions(object: &[u8]) -> impl Iterator<Item = &str> {
    let linking = sections::custom(object).filter_map(|section| match section.as_known() {
        KnownCustom::Linking(linking) => Some(linking),
        _ => None,
    });
    let tables = linking
        .flat_map(|linking| linking.subsections())
        .filter_map(|part| match part {
            Ok(Linking::SymbolTable(symbols)) => Some(symbols),
            _ => None,
        });
    tables.flatten().filter_map(|symbol| match symbol {
        Ok(SymbolInfo::Func {
            flags,
            name: Some(name),
            ..
        }) if !flags.contains(SymbolFlags::UNDEFINED) => Some(name),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(output: &str) -> Option<(String, String)> {
        reported(output).map(|clash| (clash.symbol, clash.dependency))
    }

    #[test]
    fn linker_messages_yield_symbol_and_dependency() {
        let own = "rust-lld: error: duplicate symbol: alloc\n\
            >>> defined in /t/deps/plugin.0f.rcgu.o\n\
            >>> defined in /t/deps/libmy_shim-1a2b.rlib(my_shim.3c.rcgu.o)\n\nmore";
        let clash = Some(("alloc".to_owned(), "my_shim".to_owned()));
        assert_eq!(found(own), clash);
        let optimised = "warning: Linking globals named 'alloc': symbol multiply defined!\n\n\
            error: failed to load bitcode of module \"my_shim-1a2b.my_shim.3c-cgu.0.rcgu.o\": \n";
        assert_eq!(found(optimised), clash);
        let second = own.replace("alloc", "plugin_init");
        let of_plugin = Some(("plugin_init".to_owned(), "my_shim".to_owned()));
        assert_eq!(found(&[own, &second].join("\n")), of_plugin);
        assert_eq!(found("error: cannot find type `Alloc`"), None);
        assert_eq!(found("rust-lld: error: duplicate symbol: alloc"), None);
    }

    #[test]
    fn truncated_archives_yield_the_members_before_the_end() {
        let header = |size: &str| format!("{:48}{size:10}`\n", "name/");
        let whole = ["!<arch>\n", &header("3"), "one\n", &header("2"), "22"].concat();
        let found = |archive: &str| -> Vec<String> {
            let members = members(archive.as_bytes());
            members
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
                .collect()
        };
        assert_eq!(found(&whole), ["one", "22"]);
        assert_eq!(found(whole.trim_end_matches('2')), ["one"]);
        assert_eq!(found(&whole.replace("3  ", "x  ")), [""; 0]);
        assert_eq!(found("no archive"), [""; 0]);
    }
}
