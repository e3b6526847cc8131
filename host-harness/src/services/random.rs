//! Random bytes.

use plugin_sdk::Result;
use plugin_sdk::services::random::Random;

use super::budget::Deadline;
use super::{Shared, error};

/// The bytes drawn between two checks of the deadline.
const AT_ONCE: usize = 64 << 10;

/// Draws bytes as long as the call has time left.
fn in_time(bytes: &mut [u8], mut draw: impl FnMut(&mut [u8]) -> Result<()>) -> Result<()> {
    if bytes.len() <= AT_ONCE {
        return draw(bytes);
    }
    let deadline = Deadline::of_call();
    for part in bytes.chunks_mut(AT_ONCE) {
        deadline.check("drawing so many random bytes")?;
        draw(part)?;
    }
    Ok(())
}

/// Random numbers that are the same for the same seed in every run: for tests, not for anything
/// that must be unpredictable. Clones share one sequence.
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
    /// Creates the sequence of a seed.
    pub fn new(seed: u64) -> Self {
        SeededRandom(Shared::new(fastrand::Rng::with_seed(seed)))
    }

    /// Returns the seed of the rest of the sequence.
    pub(crate) fn current_seed(&self) -> u64 {
        self.0.lock().get_seed()
    }

    /// Starts another sequence.
    pub fn seed(&self, seed: u64) {
        self.0.lock().seed(seed);
    }
}

/// Creates the sequence of seed 0.
impl Default for SeededRandom {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Random for SeededRandom {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        let mut sequence = self.0.lock();
        in_time(bytes, |part| {
            sequence.fill(part);
            Ok(())
        })
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
        in_time(bytes, |part| {
            getrandom::fill(part)
                .map_err(|error| error::unavailable("the host has no random numbers", error))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::budget;
    use super::*;

    #[test]
    fn long_fill_continues_one_sequence_and_stops_in_time() {
        let mut many = vec![0; 3 * AT_ONCE];
        SeededRandom::new(1).fill(&mut many).unwrap();
        let mut one = vec![0; AT_ONCE];
        let mut random = SeededRandom::new(1);
        random.fill(&mut one).unwrap();
        assert_eq!(many[..AT_ONCE], one);
        random.fill(&mut one).unwrap();
        assert_eq!(many[AT_ONCE..2 * AT_ONCE], one);
        let late = budget::Call {
            left: Some(Duration::ZERO),
            ..budget::Call::default()
        };
        for random in [
            &mut SeededRandom::new(1) as &mut dyn Random,
            &mut SystemRandom,
        ] {
            let refused = budget::within(late, || random.fill(&mut many)).unwrap_err();
            assert_eq!(refused.code(), "timeout");
        }
    }

    #[test]
    fn seeds_differ_and_clones_share_a_sequence() {
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
