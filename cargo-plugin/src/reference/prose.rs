//! An author's Markdown as a part of a larger document.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::syntax::OPTIONS;
use crate::text;

/// The most times that text is parsed again after markup in it was escaped.
const MAX_ROUNDS: usize = 8;

/// The deepest level of a heading.
const MAX_LEVEL: usize = 6;

/// Returns text of several paragraphs for a place below a heading of this level. Its own headings
/// become deeper, its HTML becomes text, and whatever follows is not a part of it.
pub fn block(markdown: &str, level: usize) -> String {
    let text = without_html(text::shown(markdown.trim()));
    let text = deepened(&text, level);
    if is_closed(&text) {
        return text;
    }
    // A code block without an end.
    ["```", "~~~"]
        .iter()
        .map(|fence| format!("{text}\n{fence}"))
        .find(|text| is_closed(text))
        .unwrap_or_else(|| text.replace('`', "\\`").replace('~', "\\~"))
}

/// Returns text in one line.
pub fn line(markdown: &str) -> String {
    let words = text::shown(markdown);
    without_html(words.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Returns text that is not Markdown, with the characters escaped that have a meaning there, except
/// brackets.
pub fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut last = ' ';
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let within_a_word =
            last.is_alphanumeric() && rest.peek().is_some_and(|next| next.is_alphanumeric());
        match character {
            '\\' | '`' | '*' | '<' | '&' | '~' => escaped.push('\\'),
            '_' if !within_a_word => escaped.push('\\'),
            _ => {}
        }
        escaped.push(character);
        last = character;
    }
    escaped
}

/// Escapes the beginnings of HTML. Text that was part of it is parsed differently afterwards, so
/// this is repeated.
fn without_html(mut text: String) -> String {
    for _ in 0..MAX_ROUNDS {
        let events = Parser::new_ext(&text, OPTIONS).into_offset_iter();
        let html =
            events.filter(|(event, _)| matches!(event, Event::Html(_) | Event::InlineHtml(_)));
        let starts = html.flat_map(|(_, range)| {
            let part = text.get(range.clone()).unwrap_or_default();
            let starts = part.match_indices('<').map(move |(at, _)| range.start + at);
            starts.collect::<Vec<_>>()
        });
        let starts: Vec<usize> = starts.collect();
        if starts.is_empty() {
            return text;
        }
        text = with_insertions(&text, starts.into_iter().map(|at| (at, "\\")));
    }
    text.replace('<', "&lt;")
}

/// Makes headings deeper.
fn deepened(text: &str, level: usize) -> String {
    let events = Parser::new_ext(text, OPTIONS).into_offset_iter();
    let headings = events.filter_map(|(event, range)| match event {
        Event::Start(Tag::Heading { level: own, .. })
            if text.get(range.start..)?.starts_with('#') =>
        {
            Some((
                range.start,
                MAX_LEVEL.saturating_sub(own as usize).min(level),
            ))
        }
        _ => None,
    });
    let all = "######";
    let more = headings.map(|(at, more)| (at, all.get(..more).unwrap_or(all)));
    with_insertions(text, more.collect::<Vec<_>>())
}

/// Inserts text at positions in ascending order.
fn with_insertions<'t>(text: &str, all: impl IntoIterator<Item = (usize, &'t str)>) -> String {
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    for (at, inserted) in all {
        changed.push_str(text.get(done..at).unwrap_or_default());
        changed.push_str(inserted);
        done = done.max(at);
    }
    changed.push_str(text.get(done..).unwrap_or_default());
    changed
}

/// Returns true if a paragraph after the text is a paragraph of its own.
fn is_closed(text: &str) -> bool {
    let followed = format!("{text}\n\nend");
    let mut depth = 0_usize;
    let mut outermost = false;
    let mut last = None;
    for event in Parser::new_ext(&followed, OPTIONS) {
        match &event {
            Event::Start(tag) => {
                outermost = depth == 0 && matches!(tag, Tag::Paragraph);
                depth += 1;
            }
            Event::End(TagEnd::Paragraph) => depth = depth.saturating_sub(1),
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                last = None;
            }
            Event::Text(text) => last = Some(text.to_string()),
            _ => {}
        }
    }
    outermost && last.as_deref() == Some("end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_text() {
        for (html, text) in [
            ("a <b>bold</b> word", "a \\<b>bold\\</b> word"),
            ("<script>alert(1)</script>", "\\<script>alert(1)\\</script>"),
            ("<!-- a\n\nb --> c", "\\<!-- a\n\nb --> c"),
            ("a `Vec<u8>` and 1 < 2", "a `Vec<u8>` and 1 < 2"),
            ("```\n<b>\n```", "```\n<b>\n```"),
            ("<!--\n-->\n    <b>", "\\<!--\n-->\n    \\<b>"),
        ] {
            assert_eq!(block(html, 2), text, "{html}");
        }
        assert_eq!(line("one\n<b>two\n\n`<i>`"), "one \\<b>two `<i>`");
    }

    #[test]
    fn headings_are_below_the_one_above() {
        assert_eq!(
            block("Text.\n\n# Errors\n\nMany.", 3),
            "Text.\n\n#### Errors\n\nMany."
        );
        assert_eq!(block("##### a\n\n###### b", 3), "###### a\n\n###### b");
        assert_eq!(block("```\n# no heading\n```", 3), "```\n# no heading\n```");
    }

    #[test]
    fn an_open_code_block_is_closed() {
        for open in [
            "```\ncode",
            "~~~\ncode",
            "* a\n  ```\n  code",
            "````\ncode\n```",
        ] {
            assert!(is_closed(&block(open, 2)), "{open}");
        }
        assert_eq!(block("```\ncode", 2), "```\ncode\n```");
        assert_eq!(block("* a\n* b", 2), "* a\n* b");
    }

    #[test]
    fn plain_text_has_no_meaning_in_markdown() {
        assert_eq!(
            plain("a_b _c_ *d* `e` <f> \\"),
            "a_b \\_c\\_ \\*d\\* \\`e\\` \\<f> \\\\"
        );
    }
}
