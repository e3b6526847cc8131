//! The durations of steps and test binaries, to find the slowest ones.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The durations that were recorded, in no order: some steps run at the same time.
static RECORDED: Mutex<Vec<(String, Duration)>> = Mutex::new(Vec::new());

/// Records the duration of a step or a test binary.
pub fn record(name: impl Into<String>, took: Duration) {
    recorded().push((name.into(), took));
}

/// Returns the slowest of what was recorded, the slowest one first.
pub fn slowest(most: usize) -> Vec<(String, Duration)> {
    let mut all = recorded().clone();
    all.sort_by(|(_, one), (_, other)| other.cmp(one));
    all.truncate(most);
    all
}

/// Parses a duration such as `10s`, `5m` or `24h`.
///
/// # Errors
/// If it is not a whole number of seconds, minutes or hours.
pub fn parse(text: &str) -> Result<Duration, String> {
    let units = [('s', 1u64), ('m', 60), ('h', 3600)];
    let parsed = units.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(*unit)?.parse().ok()?;
        number.checked_mul(*seconds)
    });
    parsed
        .filter(|seconds| (1..=MOST_SECONDS).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{text:?} is not a time; write for example `10s`, `5m` or `24h`"))
}

/// The longest time that can be chosen: a year.
const MOST_SECONDS: u64 = 365 * 24 * 3600;

/// Returns a duration as text for people.
pub fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!(
            "{} min {} s",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        )
    }
}

/// Each change of the list is complete, so a thread that panics leaves it sound.
fn recorded() -> MutexGuard<'static, Vec<(String, Duration)>> {
    RECORDED.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_durations_are_readable() {
        assert_eq!(shown(Duration::from_millis(230)), "0.2 s");
        assert_eq!(shown(Duration::from_secs(125)), "2 min 5 s");
    }

    #[test]
    fn times_have_a_number_and_a_unit() {
        assert_eq!(parse("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(parse("24h"), Ok(Duration::from_secs(24 * 3600)));
        for wrong in [
            "",
            "s",
            "10",
            "0s",
            "-1s",
            "1.5m",
            "9d",
            "99999999999999999999h",
            "5µ",
        ] {
            let words = parse(wrong).unwrap_err();
            assert!(words.contains("write for example `10s`"), "{words}");
        }
    }

    #[test]
    fn the_slowest_come_first() {
        let hour = Duration::from_secs(3600);
        record("a test binary of three hours", hour * 3);
        record("a build of four hours", hour * 4);
        record("a step of two hours", hour * 2);
        let names = slowest(2).into_iter().map(|(name, _)| name);
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["a build of four hours", "a test binary of three hours"]
        );
    }
}
