//! Writes comments: descriptions, and lists of permissions, events and errors.

use crate::client::language::Language;
use crate::interface::{Command, Plugin};
use crate::text;

/// The greatest length of a list in a comment.
const MAX_LISTED: usize = 100;

/// Writes the comments of a language.
pub struct Docs<'l, L>(pub &'l L);

impl<L: Language> Docs<'_, L> {
    /// Returns the documentation of the client's class.
    pub fn plugin(&self, plugin: &Plugin) -> Vec<String> {
        let mut doc = self.lines(&plugin.description);
        let permissions = plugin.permissions.iter();
        let permissions = permissions.map(|one| (&one.name, &one.reason));
        self.append(&mut doc, "It asks for permissions:", permissions);
        let emits = plugin.emits.iter();
        let emits = emits.map(|one| (&one.topic, &one.description));
        self.append(&mut doc, "It emits events:", emits);
        doc
    }

    /// Returns the documentation of a command's function.
    pub fn command(&self, command: &Command) -> Vec<String> {
        let mut doc = self.lines(&command.description);
        let errors = command.errors.iter();
        let errors = errors.map(|one| (&one.code, &one.description));
        self.append(&mut doc, "Errors:", errors);
        doc
    }

    /// Returns the documentation of the function that passes an event.
    pub fn event(&self, plugin: &Plugin) -> Vec<String> {
        let mut doc = vec!["Passes an event to the plugin.".to_owned()];
        let handles = plugin.handles.iter();
        let handles = handles.map(|one| (&one.topic, &one.description));
        self.append(&mut doc, "It handles these topics:", handles);
        doc
    }

    /// Returns the lines of a description.
    pub fn lines(&self, description: &str) -> Vec<String> {
        let lines = text::lines(description.trim());
        lines.map(|line| self.safe(&line)).collect()
    }

    /// Returns the first paragraph of a text in one line.
    pub fn line(&self, text: &str) -> String {
        self.safe(&text::first_line(text))
    }

    fn safe(&self, line: &str) -> String {
        self.0.comment(line).trim_end().to_owned()
    }

    /// Appends a list of names with their meanings, unless it is empty.
    fn append<'t>(
        &self,
        doc: &mut Vec<String>,
        title: &str,
        items: impl Iterator<Item = (&'t String, &'t String)>,
    ) {
        let before = doc.len();
        doc.extend(items.take(MAX_LISTED).map(|(name, meaning)| {
            let name = self.line(name);
            match self.line(meaning) {
                none if none.is_empty() => format!("- `{name}`"),
                meaning => format!("- `{name}`: {meaning}"),
            }
        }));
        if doc.len() > before {
            let blank = (before > 0).then(String::new);
            let title = blank.into_iter().chain([title.to_owned(), String::new()]);
            doc.splice(before..before, title);
        }
    }
}
