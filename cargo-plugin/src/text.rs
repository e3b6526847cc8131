//! Text from a plugin's author, made safe to show: users may run a tool on a plugin that they do
//! not trust.
//!
//! Characters that a terminal would interpret are escaped, as in `\u{1b}`; text of unbounded length
//! is cut.

use std::path::Path;

use plugin_sdk_harness::is_safe;
pub use plugin_sdk_harness::nearest;
use serde_json::Value;

/// The greatest length of a JSON value, in bytes.
const MAX_VALUE: usize = 100;

/// The greatest length of a path, in bytes.
const MAX_PATH: usize = 1000;

/// The greatest number of lines shown of a text, and their greatest length in bytes.
const MAX_LINES: usize = 200;
const MAX_LINE: usize = 2000;

/// The greatest number of names that a list shows.
const MAX_NAMED: usize = 12;

/// Returns text of any number of lines, with everything escaped that a terminal would interpret.
pub fn shown(text: &str) -> String {
    escaped(text, |character| character.escape_unicode().to_string())
}

/// Returns equivalent JSON text, with every character in its strings escaped that a terminal would
/// interpret.
pub fn safe_json(text: &str) -> String {
    escaped(text, |character| {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units).iter();
        units.map(|unit| format!("\\u{unit:04x}")).collect()
    })
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match is_safe(character) {
            true => shown.push(character),
            false => shown.push_str(&escape(character)),
        }
    }
    shown
}

/// Like [`shown`], in one line of at most `limit` bytes, or slightly more if characters are
/// escaped.
pub fn line(text: &str, limit: usize) -> String {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let (kept, rest) = text.split_at(end);
    let mut line = shown(kept).replace(['\n', '\t'], " ");
    if !rest.is_empty() {
        line.push('…');
    }
    line
}

/// Returns the lines of a text.
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines()
        .take(MAX_LINES)
        .map(|text| line(text, MAX_LINE))
}

/// Formats a value as JSON in one line.
pub fn json(value: &Value) -> String {
    line(&value.to_string(), MAX_VALUE)
}

/// Formats a path in one line.
pub fn path(path: &Path) -> String {
    line(&path.display().to_string(), MAX_PATH)
}

/// Returns the first paragraph of a description, in one line.
pub fn first_line(description: &str) -> String {
    let description = description.trim();
    let paragraph = description
        .split_once("\n\n")
        .map_or(description, |(first, _)| first);
    line(paragraph, 500)
}

/// Lists the first names, and the number of further ones.
pub fn listed(names: &[String]) -> String {
    let shown = names.get(..MAX_NAMED).unwrap_or(names).join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Returns a word for a shell, in quotes if that is necessary.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:+@%,=".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(
            shown("a\n\tb\x1b[2J\u{9b}\u{202e}"),
            "a\n\tb\\u{1b}[2J\\u{9b}\\u{202e}"
        );
        assert_eq!(
            safe_json("{\n  \"a\": \"\u{9b}\u{202e}\u{7f}ä\"\n}"),
            "{\n  \"a\": \"\\u009b\\u202e\\u007fä\"\n}"
        );
        assert_eq!(line("a\nb", 10), "a b");
        assert_eq!(line("äöü", 3), "ä…");
        assert_eq!(first_line("One\ntwo.\n\nThree."), "One two.");
    }
}
