//! Clients: a file of source code in another language that loads a plugin and calls it by typed
//! functions.
//!
//! | file | |
//! |---|---|
//! | `names` | identifiers, made from a plugin's names |
//! | `language` | the parts of a language that its templates cannot express |
//! | `view` | a plugin in the form that templates read |
//! | `render` | the files, written from the templates |
//! | `typescript`, … | a folder for each language: its template, and its `Language` |
//!
//! A client is written from `interface`, the plugin in terms that every language has.
//!
//! Everything in a manifest is chosen by the plugin's author, and a client is code that a host's
//! author compiles. `view` is the only place where a plugin's text enters a client, and passes all
//! of it through `names` or the language's `quote` and `comment`.

mod go;
mod java;
mod language;
mod names;
mod python;
mod render;
mod rust;
#[cfg(test)]
mod tests;
mod typescript;
mod view;

use clap::ValueEnum;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_harness::manifest::Manifest;

use crate::error::Result;
use crate::interface::Plugin;

pub use render::File;

/// The languages of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// One `.rs` file; needs the crate `plugin-sdk-harness`
    Rust,
    /// One `.ts` file for Node 20 or later and browsers; no dependency
    Typescript,
    /// One `.py` file for Python 3.9 or later; needs the package `wasmtime`
    Python,
    /// A package of one `.go` file for Go 1.25 or later; needs the module wazero
    Go,
    /// A package of one `.java` file for Java 17 or later; needs `com.dylibso.chicory:runtime`
    Java,
}

/// A client, and the commands that it lacks.
pub struct Client {
    pub files: Vec<File>,
    /// The commands whose values are in the SDK's binary codec.
    pub omitted: Vec<String>,
}

/// Writes the client of a plugin.
///
/// # Errors
/// If the plugin describes more than a client can have.
pub fn write(manifest: &Manifest, inspection: &Inspection<'_>, lang: Lang) -> Result<Client> {
    let plugin = Plugin::new(manifest, inspection)?;
    let files = match lang {
        Lang::Typescript => render::files(&plugin, &typescript::TypeScript::new(&plugin)),
        Lang::Rust => render::files(&plugin, &rust::Rust),
        Lang::Python => render::files(&plugin, &python::Python),
        Lang::Go => render::files(&plugin, &go::Go),
        Lang::Java => render::files(&plugin, &java::Java),
    }?;
    Ok(Client {
        files,
        omitted: plugin.omitted,
    })
}
