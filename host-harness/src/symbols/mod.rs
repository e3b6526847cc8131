//! Finds the function and the source line of a code offset, from a module's debug information.
//!
//! This is only for modules that were built here, or whose debug information the host's author
//! [trusts](crate::Source::trust_debug_info): an attacker could craft DWARF that takes any amount
//! of time and stack to read. The engine is configured to ignore it, for this reason and because it
//! would read all of it at every trap. Here it is read only when a failure is inspected.

#[cfg(not(feature = "symbols"))]
mod absent;
#[cfg(feature = "symbols")]
mod lookup;
#[cfg(feature = "symbols")]
mod names;

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

#[cfg(not(feature = "symbols"))]
use absent::Found;
#[cfg(feature = "symbols")]
use names::Found;
#[cfg(feature = "symbols")]
pub use names::symbols_file;

/// The largest source file that a line is read from, in bytes.
const MAX_SOURCE: u64 = 2 << 20;

/// The longest source line that is shown, in bytes.
const MAX_LINE: usize = 300;

/// A module's debug information, its source folder, and the function names stripped from it.
#[cfg_attr(
    not(feature = "symbols"),
    expect(dead_code, reason = "only `lookup.rs` reads some of it")
)]
pub(crate) struct Symbols {
    wasm: Arc<[u8]>,
    sources: Option<Sources>,
    /// `true` if the debug information may be read.
    trusted: bool,
    /// The place to search for function names: the module's own file, or the path that the host's
    /// author named.
    place: Option<PathBuf>,
    names: OnceLock<Found>,
}

/// The folders to read source files from. Names of other files are shown relative to them.
struct Sources {
    crate_dir: PathBuf,
    /// The workspace's folder; the crate's if it is not in a workspace.
    workspace: PathBuf,
}

/// The debug information for one offset: a function, or one inlined into the next.
pub(crate) struct Symbol {
    pub(crate) function: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

impl Symbols {
    /// Creates the symbols of a module with untrusted debug information: only the function names
    /// from a file next to it.
    pub(crate) fn untrusted(wasm: Arc<[u8]>) -> Self {
        Symbols {
            trusted: false,
            ..Symbols::new(wasm, None)
        }
    }

    /// Creates the symbols of a module that was built from the crate in a folder, or that is
    /// trusted.
    pub(crate) fn new(wasm: Arc<[u8]>, crate_dir: Option<&Path>) -> Self {
        let sources = crate_dir
            .and_then(|dir| dir.canonicalize().ok())
            .map(|crate_dir| Sources {
                workspace: workspace_of(&crate_dir).to_path_buf(),
                crate_dir,
            });
        Symbols {
            wasm,
            sources,
            trusted: true,
            place: None,
            names: OnceLock::new(),
        }
    }

    /// Returns the symbols of a module with the same code.
    pub(crate) fn moved_to(&self, wasm: Arc<[u8]>) -> Self {
        let symbols = Symbols::new(wasm, self.crate_dir());
        Symbols {
            trusted: self.trusted,
            ..symbols
        }
    }

    /// Sets the place to search for function names.
    pub(crate) fn next_to(mut self, place: Option<&Path>) -> Self {
        self.place = place.map(Path::to_path_buf);
        self
    }

    /// Returns the folder of the crate that the module was built from.
    pub(crate) fn crate_dir(&self) -> Option<&Path> {
        self.sources
            .as_ref()
            .map(|sources| sources.crate_dir.as_path())
    }

    /// Returns a line of a source file in the crate's or workspace's folder, if the file can be
    /// found. Lines count from 1.
    pub(crate) fn source_line(&self, file: &str, line: u32) -> Option<String> {
        let path = self.sources.as_ref()?.find(Path::new(file))?;
        if path.metadata().ok()?.len() > MAX_SOURCE {
            return None;
        }
        let text = std::fs::read_to_string(path).ok()?;
        let line = text
            .lines()
            .nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
        (line.len() <= MAX_LINE).then(|| line.to_owned())
    }

    /// Returns the shortest name that still identifies a source file: relative to the workspace, or
    /// to its package or the standard library.
    pub(crate) fn shown<'a>(&self, file: &'a str) -> &'a str {
        let own = self.sources.as_ref().and_then(|sources| {
            let relative = Path::new(file).strip_prefix(&sources.workspace).ok()?;
            relative.to_str()
        });
        own.unwrap_or_else(|| short(file))
    }
}

/// Returns whether a source file belongs to the standard library, by its folder. Builds by rustup
/// and Debian have the compiler's commit or version in it, `-Zbuild-std` the folder `rust-src`.
pub(crate) fn is_of_standard_library(file: &str) -> bool {
    let file = file.replace('\\', "/");
    let in_library = |(before, _): (&str, &str)| {
        let mut folders = before.rsplit('/');
        match (folders.next(), folders.next()) {
            (Some("rust"), Some("src")) => true,
            (Some(commit), Some("rustc")) => commit.chars().all(|c| c.is_ascii_alphanumeric()),
            (Some(source), _) => source.starts_with("rustc-"),
            _ => false,
        }
    };
    // Crates that only the standard library uses.
    let own_dependency = file.starts_with("/rust/deps/");
    own_dependency || file.split_once("/library/").is_some_and(in_library)
}

/// Returns the name of a source file without the prefix that all packages of a registry, or all of
/// the standard library, share.
pub(crate) fn short(file: &str) -> &str {
    let std_library = || Some(file.find("/library/")? + 1);
    let from_registry = || {
        let registry = file.find("/registry/src/")? + "/registry/src/".len();
        let index = file.get(registry..)?.find('/')? + 1;
        Some(registry + index)
    };
    let absolute = Path::new(file).is_absolute();
    let from = absolute.then(|| from_registry().or_else(std_library));
    from.flatten()
        .and_then(|from| file.get(from..))
        .unwrap_or(file)
}

impl Sources {
    /// Finds the file with a name from the compiler, if it is in the workspace. A relative name is
    /// relative to the workspace or, if the crate is not a member of it, to the crate.
    fn find(&self, file: &Path) -> Option<PathBuf> {
        if file.components().any(|part| part == Component::ParentDir) {
            return None;
        }
        let inside = |dir: &Path| {
            let path = dir.join(file).canonicalize().ok()?;
            (path.starts_with(&self.workspace) && path.is_file()).then_some(path)
        };
        let in_workspace = inside(&self.workspace);
        let in_crate = inside(&self.crate_dir);
        match (in_workspace, in_crate) {
            // No line is better than a line of the wrong file.
            (Some(one), Some(other)) if one != other => None,
            (found, None) | (None, found) | (found, _) => found,
        }
    }
}

/// Returns the workspace folder of a crate, found as cargo finds it, or the crate's own folder.
fn workspace_of(crate_dir: &Path) -> &Path {
    let declares = |dir: &&Path| {
        std::fs::read_to_string(dir.join("Cargo.toml")).is_ok_and(|text| {
            text.lines()
                .any(|line| line.trim_start().starts_with("[workspace"))
        })
    };
    crate_dir.ancestors().find(declares).unwrap_or(crate_dir)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;

    use super::*;

    #[test]
    fn standard_library_files_are_recognised_by_folder() {
        for file in [
            "/rustc/ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96/library/core/src/panicking.rs",
            "/home/ada/.rustup/toolchains/nightly/lib/rustlib/src/rust/library/std/src/rt.rs",
            "C:\\rustlib\\src\\rust\\library\\std\\src\\rt.rs",
            "/usr/src/rustc-1.96.0/library/std/src/rt.rs",
            "/rust/deps/dlmalloc-0.2.11/src/dlmalloc.rs",
        ] {
            assert!(is_of_standard_library(file), "{file}");
        }
        for file in [
            "library/src/lib.rs",
            "/home/ada/library/core/src/lib.rs",
            "/home/ada/rust/library/core/src/lib.rs",
            "src/lib.rs",
        ] {
            assert!(!is_of_standard_library(file), "{file}");
        }
    }

    /// Creates a workspace with a file next to it, and returns the folder of one of its crates.
    fn workspace() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("secret.rs", "secret\n");
        write("all/Cargo.toml", "[workspace]\nmembers = [\"shop\"]\n");
        write("all/src/lib.rs", "of the workspace\n");
        write("all/shop/Cargo.toml", "[package]\nname = \"shop\"\n");
        write("all/shop/src/lib.rs", "of the crate\n");
        write("all/shop/src/stock.rs", "first\n  second\n");
        let crate_dir = dir.path().join("all/shop");
        (dir, crate_dir)
    }

    fn symbols(crate_dir: &Path) -> Symbols {
        Symbols::new(Vec::new().into(), Some(crate_dir))
    }

    #[test]
    fn source_file_is_found_by_each_of_its_names() {
        let (dir, crate_dir) = workspace();
        let symbols = symbols(&crate_dir);
        let absolute = dir
            .path()
            .canonicalize()
            .unwrap()
            .join("all/shop/src/stock.rs");
        let absolute = absolute.to_str().unwrap();
        for name in ["shop/src/stock.rs", "src/stock.rs", absolute] {
            assert_eq!(
                symbols.source_line(name, 2).as_deref(),
                Some("  second"),
                "{name}"
            );
        }
        assert_eq!(symbols.shown(absolute), "shop/src/stock.rs");
        assert_eq!(symbols.source_line("shop/src/stock.rs", 0), None);
        assert_eq!(symbols.source_line("shop/src/stock.rs", 3), None);
    }

    #[test]
    fn ambiguous_file_name_shows_no_line() {
        let (_dir, crate_dir) = workspace();
        assert_eq!(symbols(&crate_dir).source_line("src/lib.rs", 1), None);
    }

    #[test]
    fn files_outside_the_workspace_are_not_read() {
        let (dir, crate_dir) = workspace();
        let symbols = symbols(&crate_dir);
        let outside = dir.path().join("secret.rs");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&outside, crate_dir.join("src/link.rs")).unwrap();
        for name in [
            "../secret.rs",
            "shop/../../secret.rs",
            outside.to_str().unwrap(),
            "src/link.rs",
            "src",
            "",
        ] {
            assert_eq!(symbols.source_line(name, 1), None, "{name}");
        }
    }

    #[test]
    fn module_of_unknown_origin_has_no_sources() {
        let symbols = Symbols::new(Vec::new().into(), None);
        assert_eq!(symbols.source_line("src/lib.rs", 1), None);
        assert!(symbols.lines().is_none());
    }

    #[test]
    fn package_file_is_shown_relative_to_the_registry() {
        assert_eq!(
            short("/home/ada/.cargo/registry/src/index-0123456789abcdef/serde-1.0.0/src/lib.rs"),
            "serde-1.0.0/src/lib.rs"
        );
        assert_eq!(
            short("/rustc/0123abc/library/core/src/option.rs"),
            "library/core/src/option.rs"
        );
        assert_eq!(short("src/library/lib.rs"), "src/library/lib.rs");
    }
}
