//! Text that a guest chose, made fit to show.

use std::fmt::Write;

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
}
