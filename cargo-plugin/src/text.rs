//! Text from a plugin's author, made safe to show: users may run a tool on a plugin that they do
//! not trust.
//!
//! Characters that a terminal would interpret are escaped, as in `\u{1b}`; text of unbounded length
//! is cut.

use std::ffi::OsStr;
use std::fmt;
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

/// Returns the lines of an error's message, without the end of the last one.
pub fn block(message: &dyn fmt::Display) -> String {
    let lines: Vec<String> = lines(message.to_string().trim_end()).collect();
    lines.join("\n")
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

/// Returns a word for a shell, in quotes if that is necessary. What a terminal would interpret and
/// bytes that are not UTF-8 are escaped in the form `$'\033'`.
pub fn quoted(word: impl AsRef<OsStr>) -> String {
    let bytes = word.as_ref().as_encoded_bytes();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:+@%,=".contains(c);
    match str::from_utf8(bytes) {
        Ok(word) if !word.is_empty() && word.chars().all(is_plain) => word.to_owned(),
        Ok(word) if word.chars().all(|c| is_safe(c) && !c.is_control()) => {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
        _ => format!("$'{}'", escaped_bytes(bytes)),
    }
}

/// Escapes the quotes in bytes, and those that are not printable ASCII, by their numbers. Octal
/// ones end after three digits, whatever follows.
fn escaped_bytes(bytes: &[u8]) -> String {
    let escaped = bytes.iter().map(|byte| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        byte => format!("\\{byte:03o}"),
    });
    escaped.collect()
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
        assert_eq!(block(&"a\x1b\n  b\n"), "a\\u{1b}\n  b");
        assert_eq!(first_line("One\ntwo.\n\nThree."), "One two.");
    }

    #[cfg(unix)]
    #[test]
    fn quoted_words_are_the_same_to_a_shell() {
        use std::os::unix::ffi::OsStrExt;

        let words: [&[u8]; 7] = [
            b"a.wasm",
            b"",
            b"it's $HOME",
            "ä b".as_bytes(),
            b"a\xff'b\\1",
            b"\x1b[2J1\n",
            "\u{202e}x".as_bytes(),
        ];
        let shown = words.map(|word| quoted(OsStr::from_bytes(word)));
        assert!(shown.iter().all(|word| word.chars().all(is_safe)));
        assert!(!shown.concat().contains('\n'));
        let command = format!("printf '%s\\0' {}", shown.join(" "));
        let run = std::process::Command::new("bash")
            .args(["-c", &command])
            .output();
        let Ok(run) = run else {
            println!("not run: there is no bash");
            return;
        };
        let read: Vec<&[u8]> = run.stdout.split_inclusive(|byte| *byte == 0).collect();
        let expected = words.map(|word| [word, b"\0"].concat());
        assert_eq!(read, expected);
    }
}
