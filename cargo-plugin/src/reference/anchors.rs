//! The anchors of headings, as renderers of Markdown make them.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use super::syntax::OPTIONS;

/// The anchors of the headings so far. The second heading of a name gets a number.
#[derive(Default)]
pub struct Anchors(BTreeMap<String, usize>);

impl Anchors {
    /// Returns the anchor of the next heading.
    pub fn next(&mut self, heading: &str) -> String {
        let anchor = anchor(heading);
        let before = self.0.entry(anchor.clone()).or_default();
        let own = match *before {
            0 => anchor,
            number => format!("{anchor}-{number}"),
        };
        *before += 1;
        own
    }
}

/// Returns the anchors of the headings of one level.
pub fn of_level(level: HeadingLevel, markdown: &str) -> Vec<String> {
    let mut anchors = Anchors::default();
    let mut found = Vec::new();
    let mut events = Parser::new_ext(markdown, OPTIONS);
    while let Some(event) = events.next() {
        if let Event::Start(Tag::Heading { level: own, .. }) = event {
            let anchor = anchors.next(&words(&heading(&mut events)));
            found.extend((own == level).then_some(anchor));
        }
    }
    found
}

/// Takes the events of a heading that has begun.
pub fn heading<'t>(events: &mut impl Iterator<Item = Event<'t>>) -> Vec<Event<'t>> {
    events
        .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
        .collect()
}

/// Returns the words of a heading.
pub fn words(heading: &[Event<'_>]) -> String {
    let words = heading.iter().filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(&**text),
        _ => None,
    });
    words.collect()
}

fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '))
        .map(|c| if c == ' ' { '-' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_headings_have_different_anchors() {
        let text = "# Mood\n\n### `mood`\n\n## Types\n\n### Mood\n\n### A b";
        assert_eq!(
            of_level(HeadingLevel::H3, text),
            ["mood-1", "mood-2", "a-b"]
        );
    }
}
