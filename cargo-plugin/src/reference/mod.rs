//! The reference of a plugin for people, written from its manifest: as Markdown, and as a page that
//! shows the same Markdown as HTML.
//!
//! The manifest may be anyone's. `prose` keeps an author's text from changing what surrounds it,
//! and `html` is where nothing of it can become markup of its own.

mod anchors;
mod html;
mod markdown;
mod prose;
mod syntax;

pub use self::html::page;
pub use self::markdown::markdown;
