//! The files of a client, written from a language's templates.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::language::Language;
use super::view;
use crate::error::{Error, Result};
use crate::interface::Plugin;

/// The largest file that is written, in bytes.
const MAX_FILE: usize = 32 << 20;

/// A file of a client.
#[derive(Debug)]
pub struct File {
    /// The path within the folder that the user names.
    pub path: String,
    pub text: String,
}

/// Writes a client in a language.
///
/// # Errors
/// If a file would become too large.
pub fn files<L: Language>(plugin: &Plugin, language: &L) -> Result<Vec<File>> {
    let (view, names) = view::of(plugin, language);
    let view = Value::from(Serde(&view));
    let mut files = Vec::new();
    for (path, template) in language.files(&names) {
        let text = render(template, &view).map_err(|error| {
            // The templates are part of this program, and every view has the same members.
            Error::new(format!("the template of `{path}` cannot be filled in")).because(error)
        })?;
        if text.len() > MAX_FILE {
            return Err(Error::new(format!("the client `{path}` is too large"))
                .because(format!("it would have more than {} MiB", MAX_FILE >> 20)));
        }
        files.push(File { path, text });
    }
    Ok(files)
}

fn render(template: &str, view: &Value) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    // Everything in the view is already in the template's language.
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    environment.set_syntax(syntax);
    environment.render_str(template, view.clone())
}
