//! Files next to a module that describe it, or that name its functions.
//!
//! The first byte of an input selects the file; the rest is its contents.

use std::cell::LazyCell;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use plugin_sdk_harness::registry::{PluginOptions, PluginStatus, Registry};
use plugin_sdk_harness::{Engine, Plugin, Source, symbols_file};
use serde_json::Value;
use tempfile::TempDir;

use crate::Verdict;
use crate::modules::plugin::{TRAP, plugin};
use crate::modules::section::with_section;
use crate::verdict::ensure;

/// The file name of the module, without its extension.
const STEM: &str = "module";

/// The most characters of a text that a registry shows.
const MAX_SHOWN: usize = 2000;

/// A plugin that does not describe itself.
static MODULE: LazyLock<Vec<u8>> =
    LazyLock::new(|| wat::parse_str(plugin(TRAP)).unwrap_or_default());

thread_local! {
    /// A folder with the module.
    static FOLDER: LazyCell<Result<TempDir, String>> = const { LazyCell::new(|| {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let file = folder.path().join(STEM).with_extension("wasm");
        fs::write(file, &*MODULE).map_err(|error| error.to_string())?;
        Ok(folder)
    }) };
}

/// Checks one input.
pub fn check(input: &[u8]) -> Verdict {
    let (selector, contents) = input.split_first().unwrap_or((&0, &[]));
    FOLDER.with(|folder| {
        let folder = folder.as_ref().map_err(String::clone)?.path();
        match selector % 4 {
            0 => described(folder, "module.json", contents, json),
            1 => described(folder, "plugin.json", contents, json),
            2 => described(folder, "skill.toml", contents, |_| None),
            _ => named(folder, contents),
        }
    })
}

/// A file that is removed again.
struct Written<'a>(&'a Path);

impl Drop for Written<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.0);
    }
}

/// Returns the document that a sidecar in JSON contains.
fn json(contents: &[u8]) -> Option<Result<Value, ()>> {
    Some(serde_json::from_slice(contents).map_err(|_| ()))
}

/// Loads the module next to a sidecar. `read` returns the document in it, if that is known.
fn described(
    folder: &Path,
    name: &str,
    contents: &[u8],
    read: fn(&[u8]) -> Option<Result<Value, ()>>,
) -> Verdict {
    let path = folder.join(name);
    fs::write(&path, contents).map_err(|error| error.to_string())?;
    let _written = Written(&path);
    let registry = Registry::new();
    let module = Source::file(folder.join(STEM).with_extension("wasm"));
    let options = PluginOptions::new().without_start();
    let options = options.setup(|_, plugin| plugin.engine(Engine::Wasmi));
    let loaded = registry.load(module, options);
    match loaded {
        Ok(id) => {
            let status = registry.status(&id).map_err(|error| error.to_string())?;
            follows(&status, read(contents))
        }
        Err(error) => {
            ensure!(!error.to_string().is_empty(), "an error has no text");
            Ok(())
        }
    }
}

/// Checks that a plugin's status follows from the document.
fn follows(status: &PluginStatus, document: Option<Result<Value, ()>>) -> Verdict {
    let id = &status.id;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let valid = !id.is_empty() && !id.starts_with('.') && id.bytes().all(allowed);
    ensure!(valid, "the id {id:?} is no file name");
    for text in [&status.name, &status.version, &status.description] {
        ensure!(
            text.chars().count() <= MAX_SHOWN,
            "a text has {} bytes",
            text.len()
        );
    }
    let expected = match document {
        None => return Ok(()),
        Some(Err(())) => return Err("a sidecar that is not JSON was read".to_owned()),
        Some(Ok(document)) => {
            let text = |name: &str| {
                document
                    .get(name)
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            };
            let id = text("id").or_else(|| text("name")).unwrap_or_default();
            if id.is_empty() { STEM.to_owned() } else { id }
        }
    };
    ensure!(*id == expected, "the id is {id:?}, not {expected:?}");
    Ok(())
}

/// Calls a function that traps, with a file of function names next to the module.
fn named(folder: &Path, contents: &[u8]) -> Verdict {
    let path = folder.join(STEM).with_extension("symbols");
    // The hash of the module, and names from the input.
    let file = symbols_file(&MODULE, &MODULE).ok_or("the module has no names")?;
    let section = file.get(9).map_or(0, |len| usize::from(*len) + 10);
    let hash = file.get(..section).unwrap_or_default().to_vec();
    fs::write(&path, with_section(hash, "name", contents)).map_err(|error| error.to_string())?;
    let _written = Written(&path);
    let source = Source::file(folder.join(STEM).with_extension("wasm"));
    let plugin = Plugin::builder(source)
        .engine(Engine::Wasmtime)
        .no_cache()
        .build();
    let mut plugin = plugin.map_err(|failure| format!("the module is not loaded: {failure}"))?;
    match plugin.call_raw("trap", b"") {
        Ok(_) => Err("a trap became a result".to_owned()),
        Err(failure) => is_trap(failure.code(), &failure.to_string()),
    }
}

fn is_trap(code: &str, text: &str) -> Verdict {
    ensure!(code == "trap", "a trap became {code}: {text}");
    let hidden = text.chars().find(|c| c.is_control() && *c != '\n');
    ensure!(hidden.is_none(), "a failure shows {hidden:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(sidecar: &str) -> PluginStatus {
        let folder = TempDir::new().expect("a folder");
        let module = folder.path().join("module.wasm");
        fs::write(&module, &*MODULE).expect("a module");
        fs::write(folder.path().join("module.json"), sidecar).expect("a sidecar");
        let registry = Registry::new();
        let id = registry
            .load(Source::file(module), PluginOptions::new())
            .expect("a plugin");
        registry.status(&id).expect("its status")
    }

    #[test]
    fn a_status_that_does_not_follow_from_the_sidecar_is_noticed() {
        let shop = status(r#"{"id": "shop"}"#);
        let document = |text: &str| json(text.as_bytes());
        assert_eq!(follows(&shop, document(r#"{"id": "shop"}"#)), Ok(()));
        assert!(follows(&shop, document(r#"{"id": "other"}"#)).is_err());
        assert!(follows(&shop, document("{}")).is_err());
        assert!(follows(&shop, document("{")).is_err());
    }

    #[test]
    fn an_id_that_is_no_file_name_is_noticed() {
        let mut shop = status("{}");
        shop.id = "../shop".to_owned();
        assert!(follows(&shop, None).is_err());
    }

    #[test]
    fn a_failure_of_another_kind_is_noticed() {
        assert_eq!(is_trap("trap", "unreachable\n  at x"), Ok(()));
        assert!(is_trap("engine", "?").is_err());
        assert!(is_trap("trap", "\u{1b}[31m").is_err());
    }
}
