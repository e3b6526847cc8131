//! Text that a guest chose, made fit to show.

use std::borrow::Cow;
use std::fmt::{Display, Write};

/// A mangled name longer than this is shown as it is.
const MAX_MANGLED: usize = 4096;

/// The most bytes of one text of a guest's that any message shows.
pub(crate) const MAX_SHOWN: usize = 4096;

/// Text out of guest memory: what is not UTF-8 is replaced, what is too long is cut, and nothing is left that a terminal would act on.
pub(crate) fn from_bytes(bytes: &[u8]) -> String {
    let kept = bytes.get(..MAX_SHOWN).unwrap_or(bytes);
    let mut text = filtered(&String::from_utf8_lossy(kept), MAX_SHOWN);
    if kept.len() < bytes.len() {
        note_cut(&mut text, bytes.len() - kept.len());
    }
    text
}

/// Text that a guest chose and that is UTF-8 already.
pub(crate) fn from_str(text: &str) -> String {
    from_bytes(text.as_bytes())
}

/// A name (of an export, of an import), in one line.
pub(crate) fn name(name: &str) -> String {
    one_line(name, 80)
}

/// The first bytes of a text in one line, for a message that quotes it.
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

/// The name of a function as it is written in Rust, without its hash, in one line of about `limit` bytes.
///
/// A mangled name of some hundred bytes can stand for one of any length, so demangling stops at the limit.
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

/// Writes a method of a type as its author does, `Shop::sell`, where the name is `<Shop>::sell`, as
/// the newer of the compiler's two schemes has it.
fn without_brackets(name: &str) -> Cow<'_, str> {
    let mut depth = 0_usize;
    let end = name.char_indices().find_map(|(at, c)| {
        match c {
            '<' => depth += 1,
            // Not the arrow of a function's type.
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

/// The beginning of what a value displays as: displaying stops once there is a character more than `limit` bytes of it.
pub(crate) fn beginning(value: impl Display, limit: usize) -> String {
    let mut shown = Beginning {
        text: String::new(),
        limit,
    };
    // An error means that there is more, which is of no interest.
    let _ = write!(shown, "{value}");
    shown.text
}

/// Takes text until it has a character more than the limit, which tells that there is more.
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

/// Lines and tabs stay; whatever else a terminal would act on, or that would turn text around, is shown as its number.
fn filtered(text: &str, limit: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(limit));
    for (at, character) in text.char_indices() {
        if shown.len() >= limit {
            note_cut(&mut shown, text.len() - at);
            break;
        }
        match character {
            '\n' | '\t' => shown.push(character),
            _ if character.is_control() || turns_text_around(character) => {
                shown.extend(character.escape_unicode())
            }
            _ => shown.push(character),
        }
    }
    shown
}

fn turns_text_around(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_tabs_stay_and_escapes_do_not() {
        assert_eq!(from_str("left\n\tright: 1"), "left\n\tright: 1");
        assert_eq!(
            from_str("\x1b[2J\r\0\u{9b}"),
            "\\u{1b}[2J\\u{d}\\u{0}\\u{9b}"
        );
        assert_eq!(from_str("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(name("a\nb\u{7}"), "a\\nb\\u{7}");
    }

    #[test]
    fn what_is_not_utf8_is_replaced() {
        assert_eq!(from_bytes(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn text_is_bounded_even_where_it_grows_by_being_escaped() {
        let shown = from_str(&"x".repeat(10_000));
        assert!(shown.ends_with("… (5904 bytes more)"), "{shown}");
        assert!(from_str(&"\x1b".repeat(100_000)).len() < MAX_SHOWN + 100);
        assert_eq!(one_line("äöü", 3), "ä…");
    }

    /// A C++ name that a demangler writes out as 16⁹ words.
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
    fn names_of_functions_are_demangled_and_bounded() {
        let name = |symbol: &str| function_name(symbol, 300);
        assert_eq!(name("_ZN4shop4sell17h9105936bbf4dddd7E"), "shop::sell");
        assert_eq!(name("_RNvCs1234_4shop4sell"), "shop::sell");
        assert_eq!(name("command_sell"), "command_sell");
        assert_eq!(name("a\x1b[2J"), "a\\u{1b}[2J");
        // Every level refers to the one before twice: a name of some hundred bytes, or of 2⁵⁰ words.
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
    fn methods_read_alike_in_both_manglings() {
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
    fn displaying_stops_at_the_limit() {
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
