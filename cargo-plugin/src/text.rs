//! Text that a plugin's author chose, made fit to show: whoever runs a tool on a plugin need not trust it.
//!
//! What a terminal would act on is written out, as in `\u{1b}`; what may be of any length is bounded.

use std::path::Path;

use serde_json::Value;

/// How long a JSON value gets, in bytes.
const MAX_VALUE: usize = 100;

/// How long a path gets, in bytes.
const MAX_PATH: usize = 1000;

/// How many lines of a text are shown, and how long they get, in bytes.
const MAX_LINES: usize = 200;
const MAX_LINE: usize = 2000;

/// The greatest number of names that a list shows.
const MAX_NAMED: usize = 12;

/// Text of any number of lines, free of whatever a terminal would act on.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match is_safe(character) {
            true => shown.push(character),
            false => shown.extend(character.escape_unicode()),
        }
    }
    shown
}

/// As [`shown`], in one line of at most so many bytes, or a few more where characters are escaped.
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

/// The lines of a text.
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines()
        .take(MAX_LINES)
        .map(|text| line(text, MAX_LINE))
}

/// A value as JSON, in one line.
pub fn json(value: &Value) -> String {
    line(&value.to_string(), MAX_VALUE)
}

/// JSON text in which no string has anything left that a terminal would act on. The value is the same.
pub fn safe_json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match is_safe(character) {
            true => safe.push(character),
            false => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    safe.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    safe
}

/// A path, in one line.
pub fn path(path: &Path) -> String {
    line(&path.display().to_string(), MAX_PATH)
}

/// What a description says first: its first paragraph, in one line.
pub fn first_line(description: &str) -> String {
    let paragraph = description.trim().split("\n\n").next().unwrap_or_default();
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

/// Whether a terminal shows a character and does nothing else, or breaks a line.
pub fn is_safe(character: char) -> bool {
    let turns_text_around = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    matches!(character, '\n' | '\t') || !(character.is_control() || turns_text_around)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_terminal_would_act_on() {
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
