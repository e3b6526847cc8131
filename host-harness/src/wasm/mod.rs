//! Modules before an engine sees them: what some bytes are, and what a module shows to the outside.

pub mod inspect;
mod interface;
mod words;

pub(crate) use interface::{ExportType, Interface, examine, within};
pub(crate) use words::{function_type, in_words};
