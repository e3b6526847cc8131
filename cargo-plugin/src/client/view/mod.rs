//! A plugin in the form that templates read: every text that depends on the plugin is already
//! written in the template's language.
//!
//! `data` is that form, `writer` makes it, and `docs` writes its comments.

mod data;
mod docs;
mod writer;

use super::language::{FileNames, Language};
use super::names::{Case, identifier};
use crate::interface::Plugin;
use data::View;
use writer::Writer;

/// Writes a plugin in a language.
pub fn of<L: Language>(plugin: &Plugin, language: &L) -> (View, FileNames) {
    let writer = Writer::new(plugin, language);
    let view = writer.view();
    let names = FileNames {
        class: writer.class.clone(),
        id: plugin.id.clone(),
        module: identifier(&plugin.id, Case::Snake),
    };
    (view, names)
}
