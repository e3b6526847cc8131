//! Modules before an engine reads them: identification of bytes, and a module's interface.

pub mod inspect;
mod interface;
mod words;
pub(crate) mod write;

pub(crate) use interface::{ExportType, Interface, examine, function_names, within};
pub(crate) use words::{function_type, in_words};
