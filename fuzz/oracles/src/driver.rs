//! A driver that needs neither libFuzzer nor a nightly toolchain: it replays the corpus of a
//! target, and changes it at random.
//!
//! It measures no coverage, so it finds less than libFuzzer in the same time. The same seed makes
//! the same inputs.

use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;

use crate::expected_panic::message;
use crate::{Target, Verdict};

/// An input for which a property does not hold.
#[derive(Debug)]
pub struct Fault {
    /// The property, or the message of a panic.
    pub words: String,
    /// The input.
    pub input: Vec<u8>,
}

/// Returns the inputs in a target's corpus, sorted by name.
///
/// # Errors
///
/// Fails if the folder or a file cannot be read, or if there is no input.
pub fn corpus(target: &Target) -> io::Result<Vec<(String, Vec<u8>)>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus")).join(target.name);
    let mut inputs = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        inputs.push((name, fs::read(path)?));
    }
    if inputs.is_empty() {
        let missing = format!("{} has no inputs", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, missing));
    }
    inputs.sort();
    Ok(inputs)
}

/// Checks one input, and turns a panic into a fault.
///
/// # Errors
///
/// Fails with the fault.
pub fn check(target: &Target, input: &[u8]) -> Result<(), Fault> {
    let verdict = panic::catch_unwind(AssertUnwindSafe(|| target.check(input)));
    let verdict: Verdict =
        verdict.unwrap_or_else(|payload| Err(format!("it panicked: {}", message(&*payload))));
    verdict.map_err(|words| Fault {
        words,
        input: input.to_vec(),
    })
}

/// Checks changed inputs until `each` returns `false`, and returns their number. `each` gets the
/// number of executions and the next input.
///
/// # Errors
///
/// Fails with the first fault.
pub fn explore(
    target: &Target,
    corpus: Vec<Vec<u8>>,
    seed: u64,
    mut each: impl FnMut(u64, &[u8]) -> bool,
) -> Result<u64, Fault> {
    let mut changes = Changes::new(corpus, seed, target.max_len);
    let mut executions = 0;
    let mut input = Vec::new();
    loop {
        changes.next(&mut input);
        if !each(executions, &input) {
            return Ok(executions);
        }
        check(target, &input)?;
        executions += 1;
    }
}

/// Numbers at which implementations change their behaviour.
const EDGES: [u32; 10] = [
    0,
    1,
    16,
    127,
    128,
    255,
    65_535,
    65_536,
    i32::MAX as u32,
    u32::MAX,
];

/// The number of inputs that are kept in addition to the corpus.
const WALKS: usize = 64;

/// Changes inputs at random. Some results replace earlier ones, so that changes add up.
struct Changes {
    random: fastrand::Rng,
    /// The corpus, and then the results that are kept.
    pool: Vec<Vec<u8>>,
    corpus: usize,
    max_len: usize,
}

impl Changes {
    fn new(mut pool: Vec<Vec<u8>>, seed: u64, max_len: usize) -> Self {
        pool.push(Vec::new());
        Changes {
            random: fastrand::Rng::with_seed(seed),
            corpus: pool.len(),
            pool,
            max_len,
        }
    }

    /// Writes the next input.
    fn next(&mut self, input: &mut Vec<u8>) {
        input.clear();
        input.extend_from_slice(self.any());
        for _ in 0..=self.random.u32(..5) {
            self.change(input);
        }
        input.truncate(self.max_len);
        if self.random.u32(..32) == 0 {
            self.keep(input.clone());
        }
    }

    fn any(&mut self) -> &[u8] {
        let nth = self.random.usize(..self.pool.len());
        self.pool.get(nth).map_or(&[], Vec::as_slice)
    }

    fn keep(&mut self, input: Vec<u8>) {
        let nth = self.corpus + self.random.usize(..WALKS);
        match self.pool.get_mut(nth) {
            Some(place) => *place = input,
            None => self.pool.push(input),
        }
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.usize(..=input.len());
        match self.random.u32(..9) {
            0 => input.insert(at, self.random.u8(..)),
            1 if at < input.len() => drop(input.remove(at)),
            2 => input.truncate(at),
            3 => {
                let bit = 1 << self.random.u32(..8);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= bit;
                }
            }
            4 => {
                // Near it, as the digits of a number are.
                let by = self.random.u8(1..10);
                if let Some(byte) = input.get_mut(at) {
                    *byte = byte.wrapping_add(by);
                }
            }
            5 => {
                let edge = *self.random.choice(&EDGES).unwrap_or(&0);
                let size = *self.random.choice(&[1, 2, 4]).unwrap_or(&1);
                for (byte, edge) in input.iter_mut().skip(at).take(size).zip(edge.to_le_bytes()) {
                    *byte = edge;
                }
            }
            6 => {
                // A part of itself again.
                let end = self.random.usize(at..=input.len());
                let part = input.get(at..end.min(at + 64)).unwrap_or_default().to_vec();
                let to = self.random.usize(..=input.len());
                input.splice(to..to, part);
            }
            7 => {
                // A part of another input.
                let other = self.any();
                let other = other
                    .get(..other.len().min(256))
                    .unwrap_or_default()
                    .to_vec();
                let from = self.random.usize(..=other.len());
                let to = self.random.usize(from..=other.len());
                let end = self.random.usize(at..=input.len());
                input.splice(at..end, other.into_iter().skip(from).take(to - from));
            }
            _ => {
                let other = self.random.usize(..=input.len());
                if at < input.len() && other < input.len() {
                    input.swap(at, other);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(check: fn(&[u8]) -> Verdict) -> Target {
        Target {
            name: "planted",
            max_len: 16,
            check,
        }
    }

    #[test]
    fn a_fault_and_a_panic_are_found_with_their_input() {
        let faults = [
            target(|input| match input {
                [b'x', ..] => Err("it begins with x".to_owned()),
                _ => Ok(()),
            }),
            target(|input| {
                assert!(input.len() < 5, "too long");
                Ok(())
            }),
        ];
        for (target, words) in faults
            .iter()
            .zip(["it begins with x", "it panicked: too long"])
        {
            let found = explore(target, vec![b"wa".to_vec()], 7, |executions, _| {
                executions < 100_000
            });
            let fault = found.expect_err("a fault");
            assert_eq!(fault.words, words);
            assert_eq!(check(target, &fault.input).expect_err("again").words, words);
        }
    }

    #[test]
    fn the_same_seed_makes_the_same_inputs() {
        let inputs = |seed| {
            let mut inputs = Vec::new();
            let each = |executions, input: &[u8]| {
                inputs.push(input.to_vec());
                executions < 500
            };
            explore(&target(|_| Ok(())), vec![b"some text".to_vec()], seed, each)
                .expect("no fault");
            inputs
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        assert!(inputs(1).iter().all(|input| input.len() <= 16));
    }
}
