//! ABI version 1 (`docs/abi.md`) from the host's side: the check of a module against it, the
//! commands that a module has, and the warnings for its author. The names of the exports are in
//! [`plugin_sdk::abi`].

mod check;
mod commands;
mod imports;
mod inspect;
mod warnings;

pub(crate) use check::{
    Contract, ExportedFunction, FUNCTIONS, I32, I64, check_command, check_exports, missing_heap,
    missing_hook,
};
pub(crate) use commands::{Callee, CommandTable};
pub use commands::{Command, CommandName};
pub(crate) use imports::{ImportedFunction, imported_function};
pub use warnings::Warning;
