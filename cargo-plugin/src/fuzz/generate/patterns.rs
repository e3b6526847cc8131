//! Text that matches a pattern.

use fastrand::Rng;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// The greatest length of a pattern, in bytes, and its greatest depth.
const MAX_PATTERN: usize = 4_096;
const MAX_DEPTH: u32 = 64;

/// The greatest number of parts of text.
const MAX_PARTS: u32 = 4_096;

/// The length from which no more text is written, in bytes.
const MAX_TEXT: usize = 64 << 10;

/// The greatest number of repetitions in addition to those that the pattern requires.
const MOST_REPEATED: u32 = 4;

/// Returns text that matches a pattern; `None` if the pattern cannot be read, or its text would be
/// too long.
///
/// A pattern may have parts that this ignores, such as word boundaries, so the result may not
/// match.
pub fn matching(random: &mut Rng, pattern: &str) -> Option<String> {
    if pattern.len() > MAX_PATTERN {
        return None;
    }
    let mut parser = ParserBuilder::new().nest_limit(MAX_DEPTH).build();
    let parsed = parser.parse(pattern).ok()?;
    let mut writer = Writer {
        random,
        text: String::new(),
        left: MAX_PARTS,
    };
    writer.append(&parsed)?;
    Some(writer.text)
}

struct Writer<'r> {
    random: &'r mut Rng,
    text: String,
    /// The parts that may still be written: one that is empty could be repeated without end.
    left: u32,
}

impl Writer<'_> {
    /// Appends text for a part of the pattern; `None` at the limit.
    fn append(&mut self, part: &Hir) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        if self.text.len() > MAX_TEXT {
            return None;
        }
        match part.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.text.push_str(str::from_utf8(&literal.0).ok()?),
            HirKind::Class(Class::Unicode(class)) => {
                // `\d` and `\w` mean characters of ASCII in schemas, and all others here.
                let ranges = class.ranges();
                let is_open = ranges.last().is_some_and(|range| range.end() == char::MAX);
                let ascii: Vec<_> = ranges
                    .iter()
                    .filter(|range| range.end().is_ascii())
                    .collect();
                let range = match is_open || ascii.is_empty() {
                    true => self.random.choice(ranges),
                    false => self.random.choice(ascii),
                }?;
                let character = self.random.char(range.start()..=range.end());
                self.text.push(character);
            }
            HirKind::Class(Class::Bytes(class)) => {
                let range = self.random.choice(class.ranges())?;
                let byte = self.random.u8(range.start()..=range.end());
                self.text.push(char::from(byte));
            }
            HirKind::Repetition(repetition) => {
                let least = repetition.min;
                let more = least.saturating_add(MOST_REPEATED);
                let most = repetition.max.unwrap_or(more).min(more).max(least);
                for _ in 0..self.random.u32(least..=most) {
                    self.append(&repetition.sub)?;
                }
            }
            HirKind::Capture(capture) => self.append(&capture.sub)?,
            HirKind::Concat(parts) => {
                for part in parts {
                    self.append(part)?;
                }
            }
            HirKind::Alternation(parts) => {
                let part = self.random.choice(parts)?;
                self.append(part)?;
            }
        }
        Some(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn text_matches_its_pattern() {
        let mut random = Rng::with_seed(3);
        for pattern in [
            "^[a-z]{2,5}$",
            "^(one|two|three)-[0-9]+$",
            r"^\d{4}/\w+$",
            "^-?(0|[1-9][0-9]*)([.][0-9]+)?$",
            "^[^a]$",
            "^$",
        ] {
            let schema = serde_json::json!({"type": "string", "pattern": pattern});
            for _ in 0..50 {
                let text = matching(&mut random, pattern).unwrap();
                assert!(
                    jsonschema::is_valid(&schema, &text.clone().into()),
                    "{pattern}: {text:?}"
                );
            }
        }
    }

    #[test]
    fn hostile_pattern_has_no_text() {
        let mut random = Rng::with_seed(4);
        let deep = "(".repeat(1_000) + "a" + &")".repeat(1_000);
        let long = "a".repeat(5_000);
        for pattern in ["(", "a{1000}{1000}", &deep, &long, r"(?=a)b"] {
            assert_eq!(matching(&mut random, pattern), None, "{pattern}");
        }
    }
}
