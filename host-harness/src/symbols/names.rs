//! The function names of a stripped module, in a sidecar file that belongs to that module alone.
//!
//! The file is a WebAssembly module with two custom sections: `plugin-sdk-symbols`, the SHA-256 of
//! the module that the names belong to, and `name`, in the standard form. The harness looks for it
//! next to the module and uses it only if the hash matches. So the module itself stays unchanged,
//! and names of another build are never shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasm_encoder::{CustomSection, Module, NameMap, NameSection};
use wasmparser::KnownCustom;

use crate::sections;
use crate::wasm::function_names;

/// The extension of these files. They must not look like plugins to hosts that load every module in
/// a folder.
pub(super) const EXTENSION: &str = "symbols";

/// The name of the section with the module's hash.
const SECTION: &str = "plugin-sdk-symbols";

/// The largest file of names that is read, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// The most files of a folder that are visited, and the most of them that are opened.
const MAX_ENTRIES: usize = 1000;
const MAX_OPENED: usize = 32;

/// The longest name that is kept, in bytes.
const MAX_NAME: usize = 4096;

/// The result of a search next to a module.
pub(super) enum Found {
    /// The names that belong to the module.
    Names(Vec<u8>),
    /// A file with the expected name, but with the names of another module.
    OfAnother(PathBuf),
    /// No file.
    Nothing,
}

/// Creates the file that keeps a module's function names for later failures.
///
/// `named` is the module before it was stripped, and `shipped` is the result: the file is found by
/// the hash of the latter. Returns `None` if the module has no names.
///
/// `cargo plugin build` writes it next to the module as `<id>.symbols`, where the harness finds it;
/// see [`Source::symbols`](crate::Source::symbols).
///
/// ```
/// use plugin_sdk_harness::symbols_file;
///
/// let named = b"\0asm\x01\0\0\0\x00\x0b\x04name\x01\x04\x01\x00\x01f";
/// let shipped = b"\0asm\x01\0\0\0";
/// assert!(symbols_file(named, shipped).is_some());
/// assert_eq!(symbols_file(shipped, shipped), None);
/// ```
pub fn symbols_file(named: &[u8], shipped: &[u8]) -> Option<Vec<u8>> {
    let names: BTreeMap<u32, &str> = names(named).collect();
    if names.is_empty() {
        return None;
    }
    let mut functions = NameMap::new();
    for (index, name) in names {
        functions.append(index, name);
    }
    let mut section = NameSection::new();
    section.functions(&functions);
    let mut file = beginning(shipped);
    file.section(&section);
    Some(file.finish())
}

/// Searches for the names of a module in a file, or next to one.
pub(super) fn find(wasm: &[u8], place: &Path) -> Found {
    let beginning = beginning(wasm).finish();
    let mut other = None;
    for (nth, file) in candidates(place).into_iter().enumerate() {
        match read(&file, &beginning) {
            Some(names) => return Found::Names(names),
            // The folder may contain the files of other plugins.
            None if nth == 0 && file.is_file() => other = Some(file),
            None => {}
        }
    }
    other.map_or(Found::Nothing, Found::OfAnother)
}

/// Returns the names of some functions.
pub(super) fn of(file: &[u8], functions: &BTreeSet<u32>) -> BTreeMap<u32, String> {
    let wanted = names(file)
        .filter(|(index, name)| functions.contains(index) && name.len() <= MAX_NAME)
        .take(functions.len());
    wanted
        .map(|(index, name)| (index, name.to_owned()))
        .collect()
}

/// Returns the default path of the file with a module's names.
pub(super) fn expected(place: &Path) -> PathBuf {
    match place.extension() {
        _ if is_symbols(place) => place.to_path_buf(),
        Some(_) => place.with_extension(EXTENSION),
        None => place.join(format!("*.{EXTENSION}")),
    }
}

fn is_symbols(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension == EXTENSION)
}

/// Returns the files that may have the names, the likeliest first: the file itself if it is a file
/// of names, or the one named after the module; then all others in the folder.
fn candidates(place: &Path) -> Vec<PathBuf> {
    let is_folder = place.is_dir();
    let first = (!is_folder).then(|| expected(place));
    let folder = match (is_folder, place.parent()) {
        (true, _) => place,
        (false, Some(parent)) if parent != Path::new("") => parent,
        (false, _) => Path::new("."),
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let others = entries
        .take(MAX_ENTRIES)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_symbols(path) && Some(path) != first.as_ref());
    let mut others: Vec<PathBuf> = others.collect();
    others.sort();
    first.into_iter().chain(others).take(MAX_OPENED).collect()
}

/// Reads a file of names if it starts with these bytes, which any other file does not.
fn read(file: &Path, beginning: &[u8]) -> Option<Vec<u8>> {
    // Opening a pipe would block.
    let metadata = file.metadata().ok().filter(|metadata| metadata.is_file())?;
    if metadata.len() > MAX_BYTES {
        return None;
    }
    let mut file = File::open(file).ok()?;
    let mut bytes = vec![0; beginning.len()];
    file.read_exact(&mut bytes).ok()?;
    if bytes != beginning {
        return None;
    }
    file.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Returns the beginning of the file with a module's names.
fn beginning(wasm: &[u8]) -> Module {
    let mut file = Module::new();
    file.section(&CustomSection {
        name: SECTION.into(),
        data: Sha256::digest(wasm).as_slice().into(),
    });
    file
}

/// Returns the function names of a module, up to the first that cannot be read.
fn names(wasm: &[u8]) -> impl Iterator<Item = (u32, &str)> {
    let sections = sections::custom(wasm).filter_map(|section| match section.as_known() {
        KnownCustom::Name(section) => Some(section),
        _ => None,
    });
    let names = sections.flat_map(function_names);
    names.map(|naming| (naming.index, naming.name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const WAT: &str = r#"(module (func $shop::sell (export "sell")) (func $shop::buy))"#;

    fn stripped(wat: &str) -> Vec<u8> {
        wat::parse_str(wat.replace("$shop::sell", "").replace("$shop::buy", "")).unwrap()
    }

    /// Creates a folder with a module and its names, and returns the folder, the module's path and
    /// its bytes.
    fn folder() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let (named, shipped) = (wat::parse_str(WAT).unwrap(), stripped(WAT));
        let module = folder.path().join("shop.wasm");
        std::fs::write(&module, &shipped).unwrap();
        let symbols = symbols_file(&named, &shipped).unwrap();
        std::fs::write(folder.path().join("shop.symbols"), symbols).unwrap();
        (folder, module, shipped)
    }

    fn found(wasm: &[u8], place: &Path) -> Option<String> {
        match find(wasm, place) {
            Found::Names(file) => of(&file, &BTreeSet::from([1])).remove(&1),
            _ => None,
        }
    }

    #[test]
    fn names_next_to_the_module_are_found_by_hash() {
        let (folder, module, shipped) = folder();
        let buy = Some("shop::buy".to_owned());
        assert_eq!(found(&shipped, &module), buy);
        assert_eq!(found(&shipped, folder.path()), buy);
        let symbols = folder.path().join("shop.symbols");
        assert_eq!(found(&shipped, &symbols), buy);
        // The file names do not matter.
        std::fs::rename(&symbols, folder.path().join("x.symbols")).unwrap();
        assert_eq!(found(&shipped, &module), buy);
        assert_eq!(found(&shipped, &folder.path().join("renamed.wasm")), buy);
    }

    #[test]
    fn names_of_another_build_are_never_used() {
        let (folder, module, shipped) = folder();
        let other =
            stripped(r#"(module (func $shop::sell (export "sell") nop) (func $shop::buy))"#);
        assert!(matches!(find(&other, &module), Found::OfAnother(_)));
        assert!(matches!(
            find(&other, &folder.path().join("other.wasm")),
            Found::Nothing
        ));
        assert!(matches!(
            find(&shipped, Path::new("nowhere/at/all.wasm")),
            Found::Nothing
        ));
    }

    #[test]
    fn broken_file_of_names_yields_no_names() {
        let (_folder, module, shipped) = folder();
        let symbols = module.with_extension(EXTENSION);
        let whole = std::fs::read(&symbols).unwrap();
        for len in 0..whole.len() {
            std::fs::write(&symbols, whole.get(..len).unwrap()).unwrap();
            assert_eq!(found(&shipped, &module), None, "{len}");
        }
        let forged = [
            &beginning(&shipped).finish()[..],
            b"\0\xff\xff\xff\xff\x0f\x04name",
        ]
        .concat();
        std::fs::write(&symbols, forged).unwrap();
        assert_eq!(found(&shipped, &module), None);
        std::fs::remove_file(&symbols).unwrap();
        std::fs::create_dir(&symbols).unwrap();
        assert_eq!(found(&shipped, &module), None);
    }
}
