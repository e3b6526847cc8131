//! A plugin whose `Default` does work, for snapshots.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use plugin_sdk::prelude::*;

/// Counts words, with a table of squares at hand.
#[plugin(log)]
pub struct Prepared {
    squares: Vec<u64>,
    words: HashMap<String, u32>,
    keys: RandomState,
}

impl Default for Prepared {
    fn default() -> Self {
        #[cfg(feature = "asks")]
        let _ = plugin_sdk::random::fill(&mut [0; 8]);
        #[cfg(feature = "logs")]
        log::debug!("made");
        #[cfg(feature = "panics")]
        panic!("no state to begin with");
        #[allow(unreachable_code, reason = "with the feature `panics`")]
        Prepared {
            squares: (0..100).map(|root| root * root).collect(),
            words: HashMap::from([("the".to_owned(), 1)]),
            keys: RandomState::new(),
        }
    }
}

#[plugin]
impl Prepared {
    /// Returns the square of a number.
    #[command]
    pub fn square(&self, root: usize) -> Option<u64> {
        log::info!("square of {root}");
        self.squares.get(root).copied()
    }

    /// Counts a word, and returns how often it has been counted.
    #[command]
    pub fn count(&mut self, word: String) -> u32 {
        let count = self.words.entry(word).or_default();
        *count += 1;
        *count
    }

    /// Returns a number that depends on nothing but the keys of the hash map.
    #[command]
    pub fn keys(&self) -> u64 {
        self.keys.hash_one(1)
    }
}
