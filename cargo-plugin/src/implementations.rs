//! Implementations of a plugin in other languages, which go-musicfox's `plugin.json` lists next to
//! the one in Rust.

use std::fs;
use std::path::{Path, PathBuf};

use plugin_sdk_harness::inspect::Inspection;
use serde_json::Value;

use crate::artifact::Bundle;
use crate::error::{Error, Result};
use crate::target_host::{BuildTarget, Host};
use crate::text;

/// The name of the implementation that is built from the crate.
const RUST: &str = "rust";

/// The host whose sidecar has the list.
const MUSICFOX: &str = "musicfox";

/// The longest name of a language, in bytes.
const MAX_NAME: usize = 32;

/// The options of `package` for implementations in other languages.
#[derive(clap::Args)]
pub struct ImplementationOptions {
    /// Adds a module of the same plugin in another language, as in `c=filter.wasm`; only with
    /// `--host musicfox`
    #[arg(long = "implementation", value_name = "LANGUAGE=FILE")]
    implementations: Vec<String>,
    /// The language whose module the host loads, if it is not `rust`
    #[arg(long, value_name = "LANGUAGE")]
    preferred: Option<String>,
}

/// The implementations that a package has in addition to the one in Rust.
pub struct Implementations {
    modules: Vec<Implementation>,
    preferred: Option<String>,
}

struct Implementation {
    language: String,
    path: PathBuf,
    wasm: Vec<u8>,
}

impl ImplementationOptions {
    /// Reads the modules, before anything is built.
    pub fn read(&self) -> Result<Implementations> {
        let mut modules: Vec<Implementation> = Vec::new();
        for given in &self.implementations {
            let (language, path) = given.split_once('=').ok_or_else(|| {
                Error::new(format!(
                    "`{}` is not LANGUAGE=FILE",
                    text::line(given, MAX_NAME)
                ))
                .help("for instance `--implementation c=filter.wasm`")
            })?;
            check_language(language)?;
            if modules.iter().any(|known| known.language == language) {
                return Err(Error::new(format!(
                    "the implementation `{language}` is given twice"
                )));
            }
            let path = PathBuf::from(path);
            let wasm = fs::read(&path).map_err(|error| {
                Error::new(format!("cannot read `{}`", text::path(&path))).because(error)
            })?;
            modules.push(Implementation {
                language: language.to_owned(),
                path,
                wasm,
            });
        }
        if let Some(preferred) = &self.preferred {
            let languages = modules.iter().map(|module| module.language.as_str());
            let known: Vec<&str> = languages.chain([RUST]).collect();
            if !known.contains(&preferred.as_str()) {
                let known = known.join(", ");
                let preferred = text::line(preferred, MAX_NAME);
                return Err(Error::new(format!(
                    "the preferred implementation `{preferred}` is not one of {known}"
                )));
            }
        }
        Ok(Implementations {
            modules,
            preferred: self.preferred.clone(),
        })
    }
}

/// Checks a name that becomes part of a file's name.
fn check_language(language: &str) -> Result<()> {
    if language == RUST {
        return Err(Error::new(
            "the implementation `rust` is this crate, which is built",
        ));
    }
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if language.is_empty() || language.len() > MAX_NAME || !language.chars().all(is_word) {
        return Err(Error::new(format!(
            "`{}` is no name of a language: it has lower-case letters, digits and hyphens, at most {MAX_NAME} of them",
            text::line(language, MAX_NAME)
        )));
    }
    Ok(())
}

impl Implementations {
    fn is_empty(&self) -> bool {
        self.modules.is_empty() && self.preferred.is_none()
    }

    /// Checks, before anything is built, that a host has such a list.
    ///
    /// # Errors
    /// If there are implementations, and the host has no list of them.
    pub fn check_host(&self, target: Option<BuildTarget>) -> Result<()> {
        match self.is_empty() || target.is_some_and(|target| target.name() == MUSICFOX) {
            true => Ok(()),
            false => Err(no_list()),
        }
    }

    /// Returns the names and contents of the modules, and lists them in the bundle's sidecar.
    ///
    /// # Errors
    /// If the host has no such list, or a module is not made for the host.
    pub fn add_to(&self, bundle: &mut Bundle) -> Result<Vec<(String, Vec<u8>)>> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let listed = bundle.sidecars.iter_mut().find_map(|sidecar| {
            let wasm = sidecar.document.get_mut("wasm")?;
            wasm.get("implementations")?;
            Some(wasm)
        });
        let (Some(wasm), BuildTarget::Host(host)) = (listed, bundle.host) else {
            return Err(no_list());
        };
        let mut files = Vec::new();
        for module in &self.modules {
            module.check(host)?;
            let file = format!("{}-{}.wasm", bundle.manifest.id, module.language);
            // The same limits as those of the implementation in Rust.
            if let Some(implementations) = wasm.get_mut("implementations") {
                let mut entry = implementations.get(RUST).cloned().unwrap_or_default();
                if let (Value::Object(entry), Value::Object(all)) = (&mut entry, implementations) {
                    entry.insert("file".to_owned(), file.clone().into());
                    all.insert(module.language.clone(), Value::Object(entry.clone()));
                }
            }
            files.push((file, module.wasm.clone()));
        }
        if let (Some(preferred), Value::Object(wasm)) = (&self.preferred, wasm) {
            wasm.insert("preferred".to_owned(), preferred.clone().into());
        }
        Ok(files)
    }
}

fn no_list() -> Error {
    Error::new("only go-musicfox's `plugin.json` lists implementations")
        .help("add `--host musicfox`")
}

impl Implementation {
    /// Checks that the module has the exports and imports of the host.
    fn check(&self, host: Host) -> Result<()> {
        let wrong = |why: String| {
            Error::new(format!(
                "`{}` is not for go-musicfox",
                text::path(Path::new(&self.path))
            ))
            .because(why)
        };
        let inspection = Inspection::of(&self.wasm).map_err(|failure| wrong(failure.message()))?;
        let failures = host.exports(&inspection).into_iter();
        let mut failures = failures.chain(host.imports(&inspection).failures);
        match failures.next() {
            Some(failure) => Err(wrong(failure.message())),
            None => Ok(()),
        }
    }
}
