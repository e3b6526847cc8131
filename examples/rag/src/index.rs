//! An index from words to passages, which ranks passages for a query.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::rc::Rc;

use crate::Found;
use crate::passages::passages;
use crate::words::words;

/// The usual parameters of BM25: the saturation of repeated words, and the penalty on long
/// passages.
const SATURATION: f64 = 1.2;
const LENGTH: f64 = 0.75;

/// Passages and their words.
pub struct Index {
    passages: Vec<Passage>,
    /// The positions of each word, in the order of the passages.
    words: BTreeMap<String, Vec<Occurrence>>,
    bytes: usize,
    max_bytes: usize,
}

struct Passage {
    path: Rc<str>,
    offset: usize,
    text: String,
    /// The number of its words.
    words: u32,
}

struct Occurrence {
    passage: u32,
    times: u32,
}

impl Index {
    /// Creates an empty index, which takes about `max_bytes` bytes at most.
    pub fn new(max_bytes: usize) -> Self {
        Index {
            passages: Vec::new(),
            words: BTreeMap::new(),
            bytes: 0,
            max_bytes,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.passages.is_empty()
    }

    /// Returns the number of bytes that are left.
    pub fn room(&self) -> usize {
        self.max_bytes.saturating_sub(self.bytes)
    }

    /// Indexes a text and returns the number of its passages. Returns `None` and changes nothing if
    /// the text does not fit.
    pub fn add(&mut self, path: &str, text: &str, longest: usize) -> Option<usize> {
        let before = self.passages.len();
        let shared: Rc<str> = path.into();
        for range in passages(text, longest) {
            let offset = range.start;
            self.add_passage(&shared, offset, text.get(range).unwrap_or_default());
            if self.bytes > self.max_bytes {
                self.keep(|nth, _| nth < before);
                return None;
            }
        }
        Some(self.passages.len() - before)
    }

    fn add_passage(&mut self, path: &Rc<str>, offset: usize, text: &str) {
        let passage = self.passages.len() as u32;
        let mut count = 0;
        for word in words(text) {
            count += 1;
            let new = bytes_of_word(&word);
            let occurrences = self.words.entry(word).or_insert_with(|| {
                self.bytes += new;
                Vec::new()
            });
            match occurrences.last_mut() {
                Some(last) if last.passage == passage => last.times += 1,
                _ => {
                    self.bytes += size_of::<Occurrence>();
                    occurrences.push(Occurrence { passage, times: 1 });
                }
            }
        }
        let passage = Passage {
            path: path.clone(),
            offset,
            text: text.to_owned(),
            words: count,
        };
        self.bytes += passage.bytes();
        self.passages.push(passage);
    }

    /// Removes a file, or the content of a folder.
    pub fn forget(&mut self, path: &str) {
        let within = |passage: &Passage| match passage.path.strip_prefix(path) {
            Some(rest) => path.is_empty() || rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        self.keep(|_, passage| !within(passage));
    }

    /// Removes all passages but some, and renumbers these.
    fn keep(&mut self, wanted: impl Fn(usize, &Passage) -> bool) {
        let mut kept = 0;
        let passages = self.passages.iter().enumerate();
        let places: Vec<Option<u32>> = passages
            .map(|(nth, passage)| {
                wanted(nth, passage).then(|| {
                    kept += 1;
                    kept - 1
                })
            })
            .collect();
        let place = |passage: u32| places.get(passage as usize).copied().flatten();

        let mut nth = 0..;
        self.passages
            .retain(|_| nth.next().and_then(place).is_some());
        self.words.retain(|_, occurrences| {
            occurrences.retain_mut(|occurrence| match place(occurrence.passage) {
                Some(place) => {
                    occurrence.passage = place;
                    true
                }
                None => false,
            });
            !occurrences.is_empty()
        });
        let passages = self.passages.iter().map(Passage::bytes);
        let words = self.words.iter().map(|(word, occurrences)| {
            bytes_of_word(word) + size_of_val::<[Occurrence]>(occurrences)
        });
        self.bytes = passages.chain(words).sum();
    }

    /// Returns the passages that match a query best.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Found> {
        let mut wanted = words(query);
        wanted.sort_unstable();
        wanted.dedup();
        let count = self.passages.len() as f64;
        let all_words: f64 = self.passages.iter().map(|p| f64::from(p.words)).sum();

        let mut scores = vec![0.0; self.passages.len()];
        for word in wanted {
            let occurrences = self.words.get(&word).map_or(&[][..], Vec::as_slice);
            let having = occurrences.len() as f64;
            let rarity = (1.0 + (count - having + 0.5) / (having + 0.5)).ln();
            for occurrence in occurrences {
                let nth = occurrence.passage as usize;
                if let (Some(passage), Some(score)) = (self.passages.get(nth), scores.get_mut(nth))
                {
                    let times = f64::from(occurrence.times);
                    let length = f64::from(passage.words) * count / all_words;
                    let held_back = SATURATION * (1.0 - LENGTH + LENGTH * length);
                    *score += rarity * times * (SATURATION + 1.0) / (times + held_back);
                }
            }
        }
        // The best passages so far, the worst of them on top: the least in this order matches best.
        let mut best = BinaryHeap::new();
        for (passage, score) in self.passages.iter().zip(scores) {
            if score > 0.0 {
                // Rounded: the last digits of logarithms differ between machines, and the order
                // must not.
                let thousandths = Reverse((score * 1000.0).round() as u64);
                best.push((thousandths, &*passage.path, passage.offset, &*passage.text));
            }
            if best.len() > limit {
                best.pop();
            }
        }
        let best = best.into_sorted_vec().into_iter();
        best.map(|(Reverse(thousandths), path, offset, text)| Found {
            path: path.to_owned(),
            offset,
            score: thousandths as f64 / 1000.0,
            text: text.to_owned(),
        })
        .collect()
    }
}

/// The overhead of an allocation, in bytes.
const ALLOCATED: usize = 16;

impl Passage {
    fn bytes(&self) -> usize {
        size_of::<Passage>() + ALLOCATED + self.text.len()
    }
}

/// Returns the size of an occurrence of a word, in bytes.
fn bytes_of_word(word: &str) -> usize {
    size_of::<(String, Vec<Occurrence>)>() + 2 * ALLOCATED + word.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(texts: &[(&str, &str)]) -> Index {
        let mut index = Index::new(1 << 20);
        for (path, text) in texts {
            index.add(path, text, 100).unwrap();
        }
        index
    }

    fn paths(index: &Index, query: &str) -> Vec<String> {
        let found = index.search(query, 10).into_iter();
        found.map(|found| found.path).collect()
    }

    #[test]
    fn rare_words_rank_higher_and_long_passages_lower() {
        let index = index(&[
            ("a", "a cat, a dog, a bird"),
            ("b", "a cat and a dog"),
            ("c", "a cat"),
            ("d", "an axolotl and a cat"),
        ]);
        assert_eq!(paths(&index, "cat"), ["c", "b", "d", "a"]);
        assert_eq!(paths(&index, "the axolotl or the CAT")[0], "d");
        assert_eq!(paths(&index, "dog bird")[0], "a");
        assert_eq!(paths(&index, "cow"), [""; 0]);
    }

    #[test]
    fn equal_scores_keep_the_order_of_files() {
        let index = index(&[
            ("b", "same words"),
            ("a", "same words"),
            ("c", "same words"),
        ]);
        let found = index.search("words", 10);
        assert_eq!(paths(&index, "words"), ["a", "b", "c"]);
        assert!(found.iter().all(|each| each.score == found[0].score));
        assert_eq!(index.search("words", 2), found[..2]);
    }

    #[test]
    fn removed_files_leave_no_trace_in_the_index() {
        let kept = [("docs-2/x", "kept words"), ("a", "more words kept")];
        let before = index(&kept);
        let mut index = index(&[
            ("docs/a", "lost words"),
            kept[0],
            ("docs/b/c", "words lost forever"),
            kept[1],
        ]);
        assert_eq!(paths(&index, "lost"), ["docs/a", "docs/b/c"]);
        index.forget("docs");
        assert_eq!(
            index.search("words lost", 9),
            before.search("words lost", 9)
        );
        assert_eq!(index.bytes, before.bytes);
        index.forget("");
        assert!(index.is_empty() && index.words.is_empty() && index.bytes == 0);
    }

    #[test]
    fn a_text_that_does_not_fit_changes_nothing() {
        let mut index = Index::new(1000);
        assert_eq!(index.add("a", "a few words", 100), Some(1));
        let (bytes, room) = (index.bytes, index.room());
        assert_eq!(bytes + room, 1000);
        let many: String = (0..1000).map(|number| format!("{number} ")).collect();
        assert_eq!(index.add("b", &many, 100), None);
        assert_eq!(index.bytes, bytes);
        assert_eq!(paths(&index, "7 words"), ["a"]);
    }
}
