//! Names of functions, demangled.

use crate::text;

/// A function's name from the module's name section.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Function {
    /// The path in Rust's notation: `std::time::Instant::now`. Bounded and free of terminal
    /// escapes.
    pub path: String,
    /// The crate that defines the function, with `_` for `-`; `None` if the name does not contain
    /// it.
    pub krate: Option<String>,
}

impl Function {
    /// Parses a name from a module, which may be mangled.
    ///
    /// ```
    /// use plugin_sdk_harness::inspect::Function;
    ///
    /// let function = Function::named("_ZN4shop4sell17h9105936bbf4dddd7E");
    /// assert_eq!(function.path, "shop::sell");
    /// assert_eq!(function.krate.unwrap(), "shop");
    /// ```
    pub fn named(name: &str) -> Self {
        let path = text::function_name(name, 200);
        let krate = krate(&path);
        Function { path, krate }
    }
}

/// Returns the first word of a path. In `<a::B as c::D>::e` it is that of the type, unless the type
/// is built into the language and so belongs to no crate.
fn krate(path: &str) -> Option<String> {
    let (ty, of) = match path.strip_prefix('<') {
        Some(rest) => rest.split_once(" as ").unwrap_or((rest, "")),
        None => (path, ""),
    };
    let first = |path: &str| {
        let path = path.trim_start_matches(['&', '<', '*', '(', '[']);
        let path = path
            .trim_start_matches("mut ")
            .trim_start_matches("const ")
            .trim_start_matches("dyn ");
        let word: String = path
            .chars()
            .take_while(|character| character.is_alphanumeric() || *character == '_')
            .collect();
        path.get(word.len()..)
            .is_some_and(|rest| rest.starts_with("::") && !word.is_empty())
            .then_some(word)
    };
    first(ty).or_else(|| first(of))
}

/// Finds `…/registry/src/<registry>/<name>-<version>/…`.
pub(super) fn packages(text: &str, packages: &mut Vec<(String, String)>) {
    for rest in text.split("/registry/src/").skip(1) {
        let Some(folder) = rest.split('/').nth(1) else {
            continue;
        };
        // The version begins after the first hyphen that is followed by a digit and a point.
        let version = folder.match_indices('-').find_map(|(at, _)| {
            let version = folder.get(at + 1..)?;
            let starts = version.starts_with(|character: char| character.is_ascii_digit());
            (starts && version.contains('.')).then_some((folder.get(..at)?, version))
        });
        if let Some((name, version)) = version {
            let plain = |text: &str| {
                text.len() <= 64
                    && text.chars().all(|character| {
                        character.is_ascii_alphanumeric() || "-_.+".contains(character)
                    })
            };
            if plain(name) && plain(version) && packages.len() < 10_000 {
                packages.push((name.to_owned(), version.to_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_is_read_from_the_path() {
        for (path, expected) in [
            ("chrono::offset::utc::Utc::now", Some("chrono")),
            (
                "<chrono::DateTime as core::fmt::Display>::fmt",
                Some("chrono"),
            ),
            (
                "<&mut chrono::DateTime as core::fmt::Display>::fmt",
                Some("chrono"),
            ),
            ("<u8 as my_crate::Trait>::method", Some("my_crate")),
            ("<[T] as alloc::slice::Join>::join", Some("alloc")),
            ("command_greet", None),
            ("__rust_alloc", None),
        ] {
            assert_eq!(krate(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn packages_are_read_from_registry_folders() {
        let mut found = Vec::new();
        packages(
            "x/registry/src/index.crates.io-1949cf8c6b5b557f/js-sys-0.3.70/src/lib.rs\0/registry/src/reg/wasm-bindgen-0.2.93/a/registry/src/reg/none/b",
            &mut found,
        );
        let found: Vec<_> = found
            .iter()
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        assert_eq!(found, ["js-sys 0.3.70", "wasm-bindgen 0.2.93"]);
    }
}
