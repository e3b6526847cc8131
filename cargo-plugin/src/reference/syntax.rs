//! The Markdown that the reference understands and consists of.

use pulldown_cmark::Options;

/// CommonMark, with tables and struck-out text.
pub const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH);
