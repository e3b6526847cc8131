//! The names of a stripped module's functions, in a file that belongs to it alone.
//!
//! The file is a WebAssembly module with two custom sections: `plugin-sdk-symbols`, the SHA-256 of
//! the module that the names belong to, and `name`, in the form that tools know. It is found beside
//! the module, and used only where the hash is the module's: nothing is added to the module itself,
//! and no other build's names are ever shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmparser::{KnownCustom, Name};

use crate::sections;

/// The extension of such files. They must not look like plugins to hosts that load whatever module
/// is in a folder.
pub(super) const EXTENSION: &str = "symbols";

/// The section that has the module's hash.
const SECTION: &str = "plugin-sdk-symbols";

const HEADER: &[u8; 8] = b"\0asm\x01\0\0\0";

/// The largest file of names that is read, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// The most files of a folder that are looked at, and the most of them that are opened.
const MAX_ENTRIES: usize = 1000;
const MAX_OPENED: usize = 32;

/// The longest name that is kept, in bytes.
const MAX_NAME: usize = 4096;

/// The result of a search next to a module.
pub(super) enum Found {
    /// The names that belong to it.
    Names(Vec<u8>),
    /// A file of the right name, with the names of another module.
    OfAnother(PathBuf),
    /// No file.
    Nothing,
}

/// Makes the file that keeps the names of a module's functions for later failures.
///
/// `named` is the module before it was stripped and `shipped` what became of it: the names are
/// found by the hash of the latter. `None` where the module has no names.
///
/// `cargo plugin build` writes it beside the module as `<id>.symbols`, where failures find it: see
/// [`Source::symbols`](crate::Source::symbols).
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
    let mut names: BTreeMap<u32, &str> = BTreeMap::new();
    each_name(named, |index, name| {
        names.insert(index, name);
        true
    });
    if names.is_empty() {
        return None;
    }
    let mut map = Vec::new();
    leb(&mut map, names.len());
    for (index, name) in names {
        leb(&mut map, usize::try_from(index).ok()?);
        leb(&mut map, name.len());
        map.extend_from_slice(name.as_bytes());
    }
    // Subsection 1: functions.
    let mut contents = vec![1];
    leb(&mut contents, map.len());
    contents.append(&mut map);
    let mut file = beginning(shipped);
    custom_section(&mut file, "name", &contents);
    Some(file)
}

/// Looks for the names of a module in a file, or beside one.
pub(super) fn find(wasm: &[u8], place: &Path) -> Found {
    let beginning = beginning(wasm);
    let mut other = None;
    for (nth, file) in candidates(place).into_iter().enumerate() {
        match read(&file, &beginning) {
            Some(names) => return Found::Names(names),
            // Files of other plugins may well lie in the same folder.
            None if nth == 0 && file.is_file() => other = Some(file),
            None => {}
        }
    }
    other.map_or(Found::Nothing, Found::OfAnother)
}

/// The names of some functions.
pub(super) fn of(file: &[u8], functions: &BTreeSet<u32>) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    each_name(file, |index, name| {
        if functions.contains(&index) && name.len() <= MAX_NAME {
            names.insert(index, name.to_owned());
        }
        names.len() < functions.len()
    });
    names
}

/// The file that has a module's names if nobody has renamed it.
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

/// The files that may have the names, the likeliest first: a file of names itself, that of a
/// module's name, all in a folder.
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

/// A file of names that begins so; no other is read any further.
fn read(file: &Path, beginning: &[u8]) -> Option<Vec<u8>> {
    // Opening a pipe would wait.
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

/// How the file of a module's names begins.
fn beginning(wasm: &[u8]) -> Vec<u8> {
    let mut file = HEADER.to_vec();
    custom_section(&mut file, SECTION, &Sha256::digest(wasm));
    file
}

fn custom_section(file: &mut Vec<u8>, name: &str, contents: &[u8]) {
    let mut section = Vec::new();
    leb(&mut section, name.len());
    section.extend_from_slice(name.as_bytes());
    section.extend_from_slice(contents);
    file.push(0);
    leb(file, section.len());
    file.append(&mut section);
}

/// Writes a number as WebAssembly has it.
fn leb(out: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        match number {
            0 => return out.push(low),
            _ => out.push(low | 0x80),
        }
    }
}

/// Calls a function with the names of a module's functions until it says that it has enough, or
/// until there is something that cannot be read.
fn each_name<'a>(wasm: &'a [u8], mut next: impl FnMut(u32, &'a str) -> bool) {
    for section in sections::custom(wasm) {
        let KnownCustom::Name(section) = section.as_known() else {
            continue;
        };
        for subsection in section {
            let Ok(Name::Function(functions)) = subsection else {
                continue;
            };
            for naming in functions {
                match naming {
                    Ok(naming) if next(naming.index, naming.name) => {}
                    _ => return,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const WAT: &str = r#"(module (func $shop::sell (export "sell")) (func $shop::buy))"#;

    fn stripped(wat: &str) -> Vec<u8> {
        wat::parse_str(wat.replace("$shop::sell", "").replace("$shop::buy", "")).unwrap()
    }

    /// A folder with a module, its names beside it, and the folder's path.
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
    fn names_are_found_beside_the_module_by_its_hash() {
        let (folder, module, shipped) = folder();
        let buy = Some("shop::buy".to_owned());
        assert_eq!(found(&shipped, &module), buy);
        assert_eq!(found(&shipped, folder.path()), buy);
        let symbols = folder.path().join("shop.symbols");
        assert_eq!(found(&shipped, &symbols), buy);
        // Whatever the files are called now.
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
    fn a_broken_file_of_names_has_as_many_as_can_be_read() {
        let (_folder, module, shipped) = folder();
        let symbols = module.with_extension(EXTENSION);
        let whole = std::fs::read(&symbols).unwrap();
        for len in 0..whole.len() {
            std::fs::write(&symbols, whole.get(..len).unwrap()).unwrap();
            assert_eq!(found(&shipped, &module), None, "{len}");
        }
        let forged = [&beginning(&shipped)[..], b"\0\xff\xff\xff\xff\x0f\x04name"].concat();
        std::fs::write(&symbols, forged).unwrap();
        assert_eq!(found(&shipped, &module), None);
        std::fs::remove_file(&symbols).unwrap();
        std::fs::create_dir(&symbols).unwrap();
        assert_eq!(found(&shipped, &module), None);
    }
}
