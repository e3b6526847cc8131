//! Cuts a text into passages.

use std::ops::Range;

/// Returns the ranges of the passages of a text: at most `longest` bytes each, not blank, without
/// surrounding white space.
///
/// A passage ends at a pause: between paragraphs if possible, else between lines, sentences or
/// words, and inside a word only if nothing else is left.
pub fn passages(text: &str, longest: usize) -> Vec<Range<usize>> {
    let mut passages = Vec::new();
    let mut start = 0;
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let (passage, _) = rest.split_at(pause(rest, longest));
        let begin = start + passage.len() - passage.trim_start().len();
        let trimmed = passage.trim();
        if !trimmed.is_empty() {
            passages.push(begin..begin + trimmed.len());
        }
        start += passage.len();
    }
    passages
}

/// Returns the length of the first passage of a text.
fn pause(text: &str, longest: usize) -> usize {
    if text.len() <= longest {
        return text.len();
    }
    let (window, _) = text.split_at(text.floor_char_boundary(longest));
    // An early pause would make the passage too short to be useful.
    let late = |end: &usize| *end > window.len() / 3;
    let after = |pause: &str| window.rfind(pause).map(|at| at + pause.len()).filter(late);
    ["\n\n", "\n", ". ", "。", " "]
        .into_iter()
        .find_map(after)
        .or_else(|| (!window.is_empty()).then_some(window.len()))
        .unwrap_or_else(|| text.ceil_char_boundary(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, longest: usize) -> Vec<&str> {
        let passages = passages(text, longest).into_iter();
        passages.map(|passage| &text[passage]).collect()
    }

    #[test]
    fn paragraphs_precede_lines_sentences_and_words_as_pauses() {
        let text = "One two.\nThree.\n\nFour five six. Seven.\nEight nine ten eleven";
        assert_eq!(cut(text, 100), [text]);
        assert_eq!(
            cut(text, 24),
            [
                "One two.\nThree.",
                "Four five six. Seven.",
                "Eight nine ten eleven"
            ]
        );
        assert_eq!(
            cut(text, 16),
            [
                "One two.\nThree.",
                "Four five six.",
                "Seven.",
                "Eight nine ten",
                "eleven"
            ]
        );
    }

    #[test]
    fn text_without_pauses_is_cut_between_characters() {
        assert_eq!(cut("aaaaaaaaaa", 4), ["aaaa", "aaaa", "aa"]);
        assert_eq!(cut("語語語", 7), ["語語", "語"]);
        assert_eq!(cut("語語。語語", 10), ["語語。", "語語"]);
        assert_eq!(cut("語", 1), ["語"], "a character is never cut");
    }

    #[test]
    fn only_white_space_is_lost_and_no_passage_is_blank() {
        assert_eq!(cut("", 16), [""; 0]);
        assert_eq!(cut(" \n\n \n", 2), [""; 0]);
        let text =
            "Words of many lengths, \n\n\n some of them unbelievablylongandthenlongerstill.  ";
        for longest in 1..text.len() {
            let words = |text: &str| text.split_whitespace().collect::<String>();
            let kept: String = cut(text, longest).concat();
            assert_eq!(words(&kept), words(text), "{longest}");
            assert!(
                cut(text, longest)
                    .iter()
                    .all(|passage| passage.len() <= longest)
            );
        }
    }
}
