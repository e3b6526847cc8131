//! Sanitises text from a guest for display.

use std::borrow::Cow;
use std::fmt::{Display, Write};

/// The longest mangled name that is demangled, in bytes. A longer one is shown as it is.
const MAX_MANGLED: usize = 4096;

/// The most bytes of one text from a guest that a message shows.
pub(crate) const MAX_SHOWN: usize = 4096;

/// Sanitises text from guest memory: replaces invalid UTF-8, cuts long text, and escapes all
/// characters that a terminal would interpret.
pub(crate) fn from_bytes(bytes: &[u8]) -> String {
    let kept = bytes.get(..MAX_SHOWN).unwrap_or(bytes);
    let mut text = filtered(&String::from_utf8_lossy(kept), MAX_SHOWN);
    if kept.len() < bytes.len() {
        note_cut(&mut text, bytes.len() - kept.len());
    }
    text
}

/// Sanitises text from a guest that is already UTF-8.
pub(crate) fn from_str(text: &str) -> String {
    from_bytes(text.as_bytes())
}

/// Sanitises a name (of an export or an import), on one line.
pub(crate) fn name(name: &str) -> String {
    one_line(name, 80)
}

/// Sanitises the first bytes of a text, on one line, for a message that quotes it.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut cut = text.len().min(limit);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let (kept, rest) = text.split_at(cut);
    let mut line = filtered(kept, usize::MAX)
        .replace('\n', "\\n")
        .replace('\t', "\\t");
    if !rest.is_empty() {
        line.push('…');
    }
    line
}

/// Returns the name of a function as Rust writes it, without its hash, on one line of about `limit`
/// bytes.
///
/// A mangled name of a few hundred bytes can expand to any length, so demangling stops at the
/// limit.
pub(crate) fn function_name(symbol: &str, limit: usize) -> String {
    let demangled = match symbol.len() <= MAX_MANGLED {
        true => rustc_demangle::try_demangle(symbol).ok(),
        false => None,
    };
    match demangled {
        Some(name) => {
            let name = beginning(format_args!("{name:#}"), limit);
            one_line(&without_brackets(&name), limit)
        }
        None => one_line(symbol, limit),
    }
}

/// Writes a type's method as its author does: `Shop::sell` instead of `<Shop>::sell`, which the
/// newer of the two mangling schemes of rustc yields.
fn without_brackets(name: &str) -> Cow<'_, str> {
    let mut depth = 0_usize;
    let end = name.char_indices().find_map(|(at, c)| {
        match c {
            '<' => depth += 1,
            // Not the arrow of a function type.
            '>' if !name.get(..at)?.ends_with('-') => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(at)
    });
    let parts = end.and_then(|end| Some((name.get(1..end)?, name.get(end + 1..)?)));
    match parts {
        Some((path, method))
            if method.starts_with("::")
                && path.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && path.contains("::")
                && !path.contains(" as ") =>
        {
            format!("{path}{method}").into()
        }
        _ => name.into(),
    }
}

/// Returns the start of the `Display` output of a value. Formatting stops one character beyond
/// `limit` bytes.
pub(crate) fn beginning(value: impl Display, limit: usize) -> String {
    let mut shown = Beginning {
        text: String::new(),
        limit,
    };
    // An error only means that there is more text.
    let _ = write!(shown, "{value}");
    shown.text
}

/// A writer that accepts text until it has one character more than the limit, which shows that
/// there is more.
struct Beginning {
    text: String,
    limit: usize,
}

impl Write for Beginning {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let room = (self.limit + 1).saturating_sub(self.text.len());
        let mut cut = part.len().min(room);
        while !part.is_char_boundary(cut) {
            cut += 1;
        }
        let (kept, rest) = part.split_at(cut);
        self.text.push_str(kept);
        match rest {
            "" => Ok(()),
            _ => Err(std::fmt::Error),
        }
    }
}

fn note_cut(text: &mut String, bytes: usize) {
    let _ = write!(text, "… ({bytes} bytes more)");
}

/// Keeps line breaks and tabs. Escapes other characters that a terminal would interpret, or that
/// change the direction of text.
fn filtered(text: &str, limit: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(limit));
    for (at, character) in text.char_indices() {
        if shown.len() >= limit {
            note_cut(&mut shown, text.len() - at);
            break;
        }
        match is_safe(character) {
            true => shown.push(character),
            false => shown.extend(character.escape_unicode()),
        }
    }
    shown
}

/// Returns true if a terminal only shows a character, or breaks a line at it.
pub fn is_safe(character: char) -> bool {
    let turns_text_around = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    matches!(character, '\n' | '\t') || !(character.is_control() || turns_text_around)
}

/// The greatest length of names that are compared, in bytes.
const MAX_NEAREST: usize = 200;

/// The greatest number of names among which a similar one is looked for.
const MAX_CANDIDATES: usize = 1000;

/// Returns the name that is so similar to another one that it may be meant.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let is_short = |name: &&str| name.len() <= MAX_NEAREST;
    let (_, nearest) = names
        .into_iter()
        .filter(|name| is_short(name) && is_short(&wanted))
        .take(MAX_CANDIDATES)
        .map(|name| (strsim::damerau_levenshtein(name, wanted), name))
        .filter(|(distance, name)| distance * 3 <= name.len().max(3))
        .min_by_key(|(distance, _)| *distance)?;
    Some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_but_not_tabs_and_lines_are_escaped() {
        assert_eq!(from_str("left\n\tright: 1"), "left\n\tright: 1");
        assert_eq!(
            from_str("\x1b[2J\r\0\u{9b}"),
            "\\u{1b}[2J\\u{d}\\u{0}\\u{9b}"
        );
        assert_eq!(from_str("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(name("a\nb\u{7}"), "a\\nb\\u{7}");
    }

    #[test]
    fn invalid_utf8_is_replaced() {
        assert_eq!(from_bytes(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn escaped_text_is_bounded() {
        let shown = from_str(&"x".repeat(10_000));
        assert!(shown.ends_with("… (5904 bytes more)"), "{shown}");
        assert!(from_str(&"\x1b".repeat(100_000)).len() < MAX_SHOWN + 100);
        assert_eq!(one_line("äöü", 3), "ä…");
    }

    /// Returns a C++ name that a demangler expands to 16⁹ words.
    fn cpp_bomb() -> String {
        (1..10).fold("_Z1f1AIiiE".to_owned(), |name, level| {
            let before = match level {
                1 => "S_".to_owned(),
                _ => format!("S{}_", level - 2),
            };
            format!("{name}S_I{}E", before.repeat(16))
        })
    }

    #[test]
    fn function_names_are_demangled_and_bounded() {
        let name = |symbol: &str| function_name(symbol, 300);
        assert_eq!(name("_ZN4shop4sell17h9105936bbf4dddd7E"), "shop::sell");
        assert_eq!(name("_RNvCs1234_4shop4sell"), "shop::sell");
        assert_eq!(name("command_sell"), "command_sell");
        assert_eq!(name("a\x1b[2J"), "a\\u{1b}[2J");
        // Every level refers twice to the previous one: a few hundred bytes expand to 2⁵⁰ words.
        let mut doubling = "_RINvC1a1bTuuE".to_owned();
        for level in 0..50 {
            let digit = |n: usize| char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[n % 36]);
            let reference = |at: usize| format!("B{}{}_", digit(at / 36), digit(at % 36));
            let at = 9 + level * 10;
            doubling += &format!("T{0}{0}E", reference(at.min(1200)));
        }
        doubling.push('E');
        for bomb in [
            cpp_bomb(),
            doubling,
            format!("_R{}", "I".repeat(4000)),
            format!("_RNvC{}", "9".repeat(100)),
            format!("_ZN{}E", "1a".repeat(2000)),
            format!("$s{}", "4main1aSi".repeat(500)),
            "x".repeat(1 << 20),
            "\x1b]0;".repeat(1000),
        ] {
            let shown = name(&bomb);
            assert!(shown.len() < 2000, "{} bytes of {bomb:.40}", shown.len());
            assert!(!shown.contains('\x1b'), "{bomb:.40}");
        }
    }

    #[test]
    fn methods_look_the_same_in_both_manglings() {
        assert_eq!(without_brackets("<shop::Shop>::sell"), "shop::Shop::sell");
        assert_eq!(
            without_brackets("<shop::Shop<fn() -> u8>>::sell::{closure#0}"),
            "shop::Shop<fn() -> u8>::sell::{closure#0}"
        );
        for name in [
            "<shop::Shop as shop::Sells>::sell",
            "<u32>::pow",
            "shop::sell",
            "<",
            "",
        ] {
            assert_eq!(without_brackets(name), name);
        }
    }

    #[test]
    fn formatting_stops_at_the_limit() {
        struct Endless;
        impl Display for Endless {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                loop {
                    f.write_str("word ")?;
                }
            }
        }
        assert_eq!(beginning(Endless, 11), "word word wo");
        assert_eq!(beginning("all of it", 11), "all of it");
    }
}
