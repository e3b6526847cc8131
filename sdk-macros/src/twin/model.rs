//! The model of a twin test.

use proc_macro2::Span;
use syn::{Attribute, Ident, Path};

pub struct Twin {
    /// The name of the body, and of the module with the tests.
    pub ident: Ident,
    /// The plugin's type; `None` only for a test that does not run natively.
    pub plugin: Option<Path>,
    /// The place of the argument's type in the body.
    pub argument: Span,
    pub native: bool,
    pub wasm: bool,
    /// `#[ignore]`, if the function had it.
    pub ignored: Vec<Attribute>,
    /// The attributes that decide whether the function exists.
    pub conditions: Vec<Attribute>,
    /// The path of the harness.
    pub harness: Path,
}
