//! Which commands a plugin has, and how one is named in a call.

use std::sync::Arc;

use plugin_sdk::abi;

use crate::failure::{Failure, FailureKind, Stage};

/// The commands of a module, sorted by name; a command's number is its place.
///
/// A table is shared by all instances of its module, and its address tells whose numbers a [`Command`] holds.
#[derive(Clone)]
pub struct CommandTable(Arc<[Entry]>);

struct Entry {
    name: Arc<str>,
    export: Box<str>,
    /// The export that takes many inputs at once, if there is one.
    batch: Option<Box<str>>,
}

/// A command that was looked up already: see [`Plugin::command`](crate::Plugin::command).
///
/// It may be used with every instance of the same module, and is looked up anew by its name in any other.
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

/// What names a command in a call: its name, or a [`Command`] that was looked up already.
///
/// It is implemented for `&str`, `&String` and `&Command`, and for nothing else.
pub trait CommandName: sealed::Sealed {}

impl<T: sealed::Sealed> CommandName for T {}

pub(crate) mod sealed {
    use super::CommandTable;

    pub trait Sealed: Copy {
        /// The command's number, if there is such a command; `last` is that of the previous call, which is the likeliest.
        fn number_in(self, table: &CommandTable, last: usize) -> Option<usize>;

        /// The command's name, for whoever has to say that there is none.
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
    /// The command's name.
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
    /// The commands with these names, and those of them that take batches, as the module exports them without the prefixes.
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

    /// The name of a command's export.
    pub(crate) fn export(&self, number: usize) -> &str {
        self.0.get(number).map_or("", |entry| &entry.export)
    }

    /// The name of the export that takes many inputs of a command, if there is one.
    pub(crate) fn batch_export(&self, number: usize) -> Option<&str> {
        self.0.get(number)?.batch.as_deref()
    }

    /// A handle to a command.
    pub(crate) fn command(&self, name: &str) -> Result<Command, Failure> {
        match self.find(name) {
            Some(number) => Ok(Command {
                number,
                table: self.clone(),
            }),
            None => Err(self.unknown(name)),
        }
    }

    /// The number of a command, if there is such a command.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.0
            .binary_search_by(|entry| (*entry.name).cmp(name))
            .ok()
    }

    /// The failure of a look-up.
    #[cold]
    pub(crate) fn unknown(&self, name: &str) -> Failure {
        let kind = FailureKind::UnknownCommand {
            name: name.to_owned(),
            nearest: self.nearest(name),
            known: self.names().map(str::to_owned).collect(),
        };
        Failure::new(kind, Stage::Command(name.into()))
    }

    /// The name that is most like another one, if any is like it. A guest may have very many, and very long ones.
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
    fn a_command_is_found_by_its_name_whatever_was_called_last() {
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
    fn a_handle_is_looked_up_anew_in_another_module() {
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
    fn a_mistyped_name_gets_the_nearest_one_and_a_strange_one_gets_none() {
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
