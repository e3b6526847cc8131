//! Counts lines, words and characters of a text: functions without state, which take JSON or plain
//! bytes.

#![forbid(unsafe_code)]

use std::cmp::Reverse;
use std::collections::BTreeMap;

use plugin_sdk::prelude::*;

/// Counts lines, words and characters of a text. It has no state, so its commands are free
/// functions.
#[plugin(type = "tool", commands(stats, count))]
#[derive(Default)]
pub struct TextStats;

/// The statistics of a text.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Stats {
    /// The number of lines, with or without a line break at the end.
    pub lines: u64,
    /// The number of words.
    pub words: u64,
    /// The number of characters, as Unicode counts them.
    pub characters: u64,
    /// The most frequent words first; equally frequent ones in alphabetical order.
    pub frequent: Vec<WordCount>,
}

/// A word and the number of its occurrences.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct WordCount {
    /// The word, in lower case.
    pub word: String,
    /// The number of its occurrences in any case.
    pub count: u64,
}

/// Counts lines, words and characters, and finds the `top` most frequent words of at least
/// `min_length` characters.
#[command]
pub fn stats(
    text: &str,
    #[arg(default = 5)] top: usize,
    #[arg(default = 1)] min_length: usize,
) -> Stats {
    let [lines, words, characters] = count(text);
    Stats {
        lines,
        words,
        characters,
        frequent: most_frequent(text, top, min_length),
    }
}

/// Counts lines, words and characters of a text in plain bytes: a large text needs no JSON quoting
/// and no copy.
///
/// Returns three little-endian numbers of 64 bits.
#[command(raw)]
pub fn count(text: &str) -> [u64; 3] {
    [
        text.lines().count() as u64,
        words(text).count() as u64,
        text.chars().count() as u64,
    ]
}

const APOSTROPHES: [char; 2] = ['\'', '’'];

/// Returns the words of a text: runs of letters and digits, with apostrophes inside.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !APOSTROPHES.contains(&c))
        .map(|word| word.trim_matches(APOSTROPHES))
        .filter(|word| !word.is_empty())
}

fn most_frequent(text: &str, top: usize, min_length: usize) -> Vec<WordCount> {
    let mut counts = BTreeMap::<String, u64>::new();
    for word in words(text).filter(|word| word.chars().count() >= min_length) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    let counts = counts.into_iter();
    let mut frequent: Vec<WordCount> = counts
        .map(|(word, count)| WordCount { word, count })
        .collect();
    // A stable sort: equally frequent words stay in alphabetical order.
    frequent.sort_by_key(|word| Reverse(word.count));
    frequent.truncate(top);
    frequent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frequent(text: &str, top: usize, min_length: usize) -> Vec<(String, u64)> {
        let stats = stats(text, top, min_length);
        let words = stats.frequent.into_iter();
        words.map(|word| (word.word, word.count)).collect()
    }

    #[test]
    fn lines_words_and_characters_are_counted() {
        assert_eq!(count("one two\nthree\n"), [2, 3, 14]);
        assert_eq!(count("no line break"), [1, 3, 13]);
        assert_eq!(count(""), [0, 0, 0]);
    }

    #[test]
    fn a_word_is_letters_digits_and_inner_apostrophes() {
        let text = "It's 'quoted', isn’t it? (v2) — naïve, 東京!";
        let found: Vec<&str> = words(text).collect();
        assert_eq!(
            found,
            ["It's", "quoted", "isn’t", "it", "v2", "naïve", "東京"]
        );
    }

    #[test]
    fn words_are_sorted_by_frequency_and_then_alphabetically() {
        let expected = [("the", 3), ("cat", 2), ("dog", 2)].map(|(word, n)| (word.to_owned(), n));
        assert_eq!(
            frequent("The dog, the cat, THE cat; a dog.", 3, 1),
            expected
        );
    }

    #[test]
    fn short_words_can_be_left_out() {
        assert_eq!(frequent("a a a über", 5, 4), [("über".to_owned(), 1)]);
        assert_eq!(frequent("a a a", 5, 2), []);
        assert_eq!(frequent("a a a", 0, 1), []);
    }
}
