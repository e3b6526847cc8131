//! The parts of a language that its templates cannot express.

use super::names::Case;
use crate::interface::{Element, Plugin, Type};

/// A language in which clients are written: one folder next to this file, with a template and the
/// type that implements this trait.
///
/// `view` asks it for all text that depends on the plugin, so that a template never contains text
/// from a plugin that was not made safe.
pub trait Language {
    /// The identifiers: the case and the reserved words of each kind.
    const IDENTIFIERS: Identifiers;

    /// Returns the files of a client, as paths with their templates. The first is the client
    /// itself.
    fn files(&self, names: &FileNames) -> Vec<(String, &'static str)>;

    /// Returns the ways in which templates mention a type: its spelling as `type`, and further
    /// expressions that the language's template needs, by name.
    fn spell(&self, ty: &Type, types: &dyn Spelling) -> Vec<(&'static str, String)>;

    /// Returns the ways in which templates mention the bytes of a raw command.
    fn element(&self, element: Element) -> Vec<(&'static str, String)>;

    /// Returns a string literal.
    fn quote(&self, text: &str) -> String;

    /// Returns the name of a member in a type, where a language does not need a literal.
    fn key(&self, name: &str) -> String {
        self.quote(name)
    }

    /// Makes one line of a comment safe: it must not end the comment. The line has no control
    /// characters, and none that turn text around.
    fn comment(&self, line: &str) -> String;

    /// Returns further values for the templates.
    fn further(
        &self,
        plugin: &Plugin,
        types: &dyn Spelling,
    ) -> Vec<(&'static str, minijinja::Value)> {
        let _ = (plugin, types);
        Vec::new()
    }
}

/// The identifiers of a language.
pub struct Identifiers {
    /// The case of types and of the client's class.
    pub types: Kind,
    pub fields: Kind,
    pub methods: Kind,
    pub variants: Kind,
    /// The values of a choice, and the codes of errors.
    pub constants: Kind,
}

/// The identifiers of one kind.
#[derive(Clone, Copy)]
pub struct Kind {
    pub case: Case,
    /// Keywords, and the names that the template's own code uses.
    pub reserved: &'static [&'static str],
}

/// The names of a client's files.
pub struct FileNames {
    /// The client's class.
    pub class: String,
    /// The plugin's id as it is: small letters, digits and hyphens.
    pub id: String,
    /// The same with `_` for hyphens.
    pub module: String,
}

/// The identifiers and properties of a plugin's types.
pub trait Spelling {
    /// Returns the identifier of a type.
    fn name(&self, index: usize) -> &str;

    /// Returns whether the type is declared within the definition in which it is mentioned, so that
    /// a value would contain itself.
    fn is_within_itself(&self, index: usize) -> bool;

    /// Returns the plugin that the types belong to.
    fn plugin(&self) -> &Plugin;
}

/// Returns a literal in double quotes and ASCII. `escape` writes characters that are not
/// in ASCII or cannot be printed.
pub fn quoted(text: &str, escape: impl Fn(char) -> String) -> String {
    let mut literal = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => literal.extend(['\\', character]),
            '\n' => literal.push_str("\\n"),
            ' '..='~' => literal.push(character),
            other => literal.push_str(&escape(other)),
        }
    }
    literal.push('"');
    literal
}

/// Returns an escape for each UTF-16 unit of a character, as JavaScript and Java read them.
pub fn utf16_escape(character: char) -> String {
    let mut units = [0; 2];
    let units = character.encode_utf16(&mut units).iter();
    units.map(|unit| format!("\\u{unit:04x}")).collect()
}
