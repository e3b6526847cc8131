//! The commands of a plugin, and the ways to name one in a call.

use std::sync::Arc;

use plugin_sdk::abi;

use crate::failure::{Failure, FailureKind, Stage};

/// The commands of a module, sorted by name; a command's number is its index.
///
/// All instances of a module share its table. The table's address identifies the module to which a
/// [`Command`]'s number belongs.
#[derive(Clone)]
pub struct CommandTable(Arc<[Entry]>);

struct Entry {
    name: Arc<str>,
    export: Box<str>,
    /// The name of the batch export, if there is one.
    batch: Option<Box<str>>,
}

/// A resolved command; see [`Plugin::command`](crate::Plugin::command).
///
/// It works with every instance of the same module. Instances of other modules look it up by name.
#[derive(Clone)]
pub struct Command {
    table: CommandTable,
    number: usize,
}

/// An export to call, in a form that costs nothing where no failure has to name it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Callee {
    Command(usize),
    /// Many inputs of a command that has an export for it.
    Batch(usize),
    Export(&'static str),
}

/// An identifier of a command in a call: its name, or a resolved [`Command`].
///
/// Implemented only for `&str`, `&String` and `&Command`.
pub trait CommandName: sealed::Sealed {}

impl<T: sealed::Sealed> CommandName for T {}

pub(crate) mod sealed {
    use super::CommandTable;

    pub trait Sealed: Copy {
        /// Returns the command's number, if it exists.
        ///
        /// `last` is the number in the previous call, which is tried first.
        fn number_in(self, table: &CommandTable, last: usize) -> Option<usize>;

        /// Returns the command's name, for errors.
        fn shown(&self) -> &str;
    }
}

impl sealed::Sealed for &str {
    #[inline]
    fn number_in(self, table: &CommandTable, last: usize) -> Option<usize> {
        if table.0.get(last).is_some_and(|entry| *entry.name == *self) {
            return Some(last);
        }
        table.find(self)
    }

    fn shown(&self) -> &str {
        self
    }
}

impl sealed::Sealed for &String {
    #[inline]
    fn number_in(self, table: &CommandTable, last: usize) -> Option<usize> {
        self.as_str().number_in(table, last)
    }

    fn shown(&self) -> &str {
        self
    }
}

impl sealed::Sealed for &Command {
    #[inline]
    fn number_in(self, table: &CommandTable, last: usize) -> Option<usize> {
        if Arc::ptr_eq(&self.table.0, &table.0) {
            return Some(self.number);
        }
        self.name().number_in(table, last)
    }

    fn shown(&self) -> &str {
        self.name()
    }
}

impl Command {
    /// Returns the command's name.
    pub fn name(&self) -> &str {
        self.table.name(self.number).map_or("", |name| &**name)
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Command").field(&self.name()).finish()
    }
}

impl CommandTable {
    /// Creates a table from the names of commands and batches, without the exports' prefixes.
    pub(crate) fn new(mut names: Vec<&str>, mut batches: Vec<&str>) -> Self {
        names.sort_unstable();
        batches.sort_unstable();
        let entry = |name: &str| Entry {
            name: name.into(),
            export: format!("{}{name}", abi::COMMAND_EXPORT_PREFIX).into(),
            batch: batches
                .binary_search(&name)
                .is_ok()
                .then(|| format!("{}{name}", abi::BATCH_EXPORT_PREFIX).into()),
        };
        CommandTable(names.into_iter().map(entry).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|entry| &*entry.name)
    }

    pub(crate) fn name(&self, number: usize) -> Option<&Arc<str>> {
        self.0.get(number).map(|entry| &entry.name)
    }

    /// Returns the name of the export for a command.
    pub(crate) fn export(&self, number: usize) -> &str {
        self.0.get(number).map_or("", |entry| &entry.export)
    }

    /// Returns the name of the batch export for a command, if there is one.
    pub(crate) fn batch_export(&self, number: usize) -> Option<&str> {
        self.0.get(number)?.batch.as_deref()
    }

    /// Returns the name of the called command; empty for another export.
    #[inline]
    pub(crate) fn called(&self, callee: Callee) -> &str {
        match callee {
            Callee::Export(_) => "",
            Callee::Command(number) | Callee::Batch(number) => {
                self.name(number).map_or("", |name| name)
            }
        }
    }

    /// Returns the name of a callee in a transcript.
    pub(crate) fn recorded(&self, callee: Callee) -> &str {
        match callee {
            Callee::Export(name) => name,
            Callee::Command(_) | Callee::Batch(_) => self.called(callee),
        }
    }

    /// Returns the name of a callee in reports: batches differ from single calls.
    pub(crate) fn reported(&self, callee: Callee) -> &str {
        let name = match callee {
            Callee::Command(number) => self.name(number).map(|name| &**name),
            Callee::Batch(number) => self.batch_export(number),
            Callee::Export(name) => Some(name),
        };
        name.unwrap_or("")
    }

    /// Returns the stage of a call, for failures.
    pub(crate) fn stage(&self, callee: Callee) -> Stage {
        match callee {
            Callee::Export(name) => Stage::Export(name),
            Callee::Command(number) | Callee::Batch(number) => self
                .name(number)
                .cloned()
                .map_or(Stage::Load, Stage::Command),
        }
    }

    /// Returns a handle to a command.
    pub(crate) fn command(&self, name: &str) -> Result<Command, Failure> {
        match self.find(name) {
            Some(number) => Ok(Command {
                number,
                table: self.clone(),
            }),
            None => Err(self.unknown(name)),
        }
    }

    /// Returns the number of a command, if it exists.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.0
            .binary_search_by(|entry| (*entry.name).cmp(name))
            .ok()
    }

    /// Returns the failure for an unknown command.
    #[cold]
    pub(crate) fn unknown(&self, name: &str) -> Failure {
        let kind = FailureKind::UnknownCommand {
            name: name.to_owned(),
            nearest: self.nearest(name),
            known: self.names().map(str::to_owned).collect(),
        };
        Failure::new(kind, Stage::Command(name.into()))
    }

    /// Returns the most similar name, if any is similar.
    ///
    /// A guest may have very many names, and very long ones.
    fn nearest(&self, name: &str) -> Option<String> {
        let usual = |name: &&str| name.len() <= 64;
        let candidates = self.names().filter(usual).take(1000);
        candidates
            .filter(|_| usual(&name))
            .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
            .filter(|(distance, candidate)| *distance <= candidate.len().max(name.len()) / 3)
            .min()
            .map(|(_, candidate)| candidate.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::sealed::Sealed;
    use super::*;

    #[test]
    fn commands_are_found_by_name_after_any_previous_call() {
        let table = CommandTable::new(vec!["greet", "add", "count"], Vec::new());
        for last in 0..4 {
            for (number, name) in table.names().enumerate() {
                assert_eq!(name.number_in(&table, last).unwrap(), number);
            }
        }
        assert_eq!(
            table.export("greet".number_in(&table, 0).unwrap()),
            "command_greet"
        );
    }

    #[test]
    fn handles_are_resolved_again_in_another_module() {
        let one = CommandTable::new(vec!["b"], Vec::new());
        let other = CommandTable::new(vec!["a", "b"], Vec::new());
        let handle = one.command("b").unwrap();
        assert_eq!((&handle).number_in(&one, 0).unwrap(), 0);
        assert_eq!((&handle).number_in(&other, 0).unwrap(), 1);
        assert!(
            (&handle)
                .number_in(&CommandTable::new(vec!["c"], Vec::new()), 0)
                .is_none()
        );
    }

    #[test]
    fn only_similar_names_are_suggested() {
        let table = CommandTable::new(vec!["greet", "count", "text_reverse"], Vec::new());
        assert_eq!(table.nearest("gret").as_deref(), Some("greet"));
        assert_eq!(
            table.nearest("text-reverse").as_deref(),
            Some("text_reverse")
        );
        assert_eq!(table.nearest("delete"), None);
        assert_eq!(table.nearest(&"g".repeat(1_000_000)), None);
    }
}
