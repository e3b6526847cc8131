//! Random bytes.

use plugin_sdk::Result;
use plugin_sdk::services::random::Random;

use super::{Shared, error};

/// Numbers that are the same for the same seed, in every run: for tests, and for nothing that must not be guessed. Clones go on with one sequence.
///
/// ```
/// use plugin_sdk::services::random::Random;
/// use plugin_sdk_harness::services::SeededRandom;
///
/// let (mut one, mut other) = ([0; 16], [0; 16]);
/// SeededRandom::new(7).fill(&mut one)?;
/// SeededRandom::new(7).fill(&mut other)?;
/// assert_eq!(one, other);
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SeededRandom(Shared<fastrand::Rng>);

impl SeededRandom {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        SeededRandom(Shared::new(fastrand::Rng::with_seed(seed)))
    }

    /// Begins another sequence.
    pub fn seed(&self, seed: u64) {
        self.0.lock().seed(seed);
    }
}

/// The sequence of seed 0.
impl Default for SeededRandom {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Random for SeededRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.0.lock().fill(bytes);
        Ok(())
    }
}

/// The operating system's random numbers, fit for keys.
///
/// ```
/// use plugin_sdk::services::random::Random;
/// use plugin_sdk_harness::services::SystemRandom;
///
/// let (mut one, mut other) = ([0; 32], [0; 32]);
/// SystemRandom.fill(&mut one)?;
/// SystemRandom.fill(&mut other)?;
/// assert_ne!(one, other);
/// # Ok::<(), plugin_sdk::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        getrandom::fill(bytes)
            .map_err(|error| error::unavailable("the host has no random numbers", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_differ_and_a_sequence_goes_on() {
        let draw = |random: &mut SeededRandom| {
            let mut bytes = [0; 9];
            random.fill(&mut bytes).unwrap();
            bytes
        };
        let mut one = SeededRandom::new(1);
        let first = draw(&mut one);
        assert_ne!(first, draw(&mut one));
        assert_ne!(first, draw(&mut SeededRandom::new(2)));
        one.clone().seed(1);
        assert_eq!(first, draw(&mut one), "a clone is the same sequence");
    }
}
