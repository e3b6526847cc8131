//! Integers and floats, most of them near an end of their range.

use fastrand::Rng;
use serde_json::Value;

use crate::schema::{Bound, Integers, Whole};
use Whole::{Negative, Positive};

/// The number of floats that are tried.
const MOST_TRIES: usize = 16;

/// The numbers with which arithmetic goes wrong most often.
const FLOATS: [f64; 14] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.1,
    0.5,
    1e-300,
    f64::MIN_POSITIVE,
    16_777_217.0,
    9_007_199_254_740_993.0,
    f32::MAX as f64,
    1e300,
    f64::MAX,
    f64::MIN,
];

/// Returns an integer within bounds, or `None` if no integer is.
pub fn integer(random: &mut Rng, integers: &Integers) -> Option<Value> {
    let (least, most) = (
        Whole::from(i128::from(i64::MIN)),
        Positive(i64::MAX as u128),
    );
    let low = integers
        .lowest
        .unwrap_or(least.min(integers.highest.unwrap_or(most)));
    let high = integers.highest.unwrap_or(most.max(low));
    let span = distance(low, high)?;
    let number = match random.u8(..8) {
        0 => low,
        1 => high,
        2 => offset(low, 1.min(span)),
        3 => offset(low, span.saturating_sub(1)),
        4 | 5 => Whole::from(random.i128(-2..=20)),
        6 => Positive((1 << random.u32(..127)) + random.u128(..3) - 1),
        _ => offset(low, random.u128(..=span)),
    };
    // A number out of range becomes one of the few within it.
    let number = match integers.contains(number) && number >= low && number <= high {
        true => number,
        false => offset(low, random.u128(..=span.min(20))),
    };
    from_text(&number.to_string())
}

/// Returns a float within bounds, or `None` if none was found.
pub fn float(random: &mut Rng, bounds: &[Bound]) -> Option<Value> {
    let mut numbers = (0..MOST_TRIES).map(|_| {
        let near = random.choice(bounds).map(|bound| bound.at);
        match (random.u8(..6), near) {
            (0 | 1, Some(at)) => at,
            (2, Some(at)) => at.next_up(),
            (3, Some(at)) => at.next_down(),
            (4, Some(at)) => at + random.f64() * 100.0 - 50.0,
            (0..=3, None) => random.choice(FLOATS).unwrap_or(0.0),
            _ => f64::from(random.i16(..)) / 8.0,
        }
    });
    let number = numbers
        .find(|number| number.is_finite() && bounds.iter().all(|bound| bound.allows(*number)))?;
    Some(Value::from(number))
}

/// Returns a number of JSON from its digits.
pub fn from_text(digits: &str) -> Option<Value> {
    serde_json::from_str(digits).ok()
}

/// Returns the difference of two numbers, or `None` if the second one is less.
fn distance(low: Whole, high: Whole) -> Option<u128> {
    match (low, high) {
        _ if low > high => None,
        (Negative(low), Negative(high)) => Some(low.abs_diff(high)),
        (Negative(low), Positive(high)) => Some(low.unsigned_abs().saturating_add(high)),
        (Positive(low), Positive(high)) => high.checked_sub(low),
        (Positive(_), Negative(_)) => None,
    }
}

/// Returns the number that is greater by this much.
fn offset(low: Whole, by: u128) -> Whole {
    match low {
        Negative(low) => match low.checked_add_unsigned(by) {
            Some(sum) => Whole::from(sum),
            None => Positive(by - low.unsigned_abs()),
        },
        Positive(low) => Positive(low.saturating_add(by)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn bounds(lowest: Option<Whole>, highest: Option<Whole>) -> Integers {
        Integers { lowest, highest }
    }

    #[test]
    fn integers_reach_both_ends_of_every_range() {
        let mut random = Rng::with_seed(1);
        for (lowest, highest) in [
            (Positive(0), Positive(255)),
            (Negative(-3), Negative(-1)),
            (Negative(i128::MIN), Positive(u128::MAX)),
            (Negative(i128::MIN), Negative(i128::MIN)),
            (Positive(u128::MAX), Positive(u128::MAX)),
        ] {
            let integers = bounds(Some(lowest), Some(highest));
            let found: Vec<String> = (0..200)
                .map(|_| integer(&mut random, &integers).unwrap().to_string())
                .collect();
            for text in &found {
                assert!(integers.contains(Whole::parse(text).unwrap()), "{text}");
            }
            assert!(found.contains(&lowest.to_string()), "{lowest}");
            assert!(found.contains(&highest.to_string()), "{highest}");
        }
    }

    #[test]
    fn open_and_empty_ranges_do_not_fail() {
        let mut random = Rng::with_seed(2);
        for _ in 0..200 {
            assert!(integer(&mut random, &Integers::default()).is_some());
            let low = bounds(Some(Positive(u128::MAX)), None);
            assert!(integer(&mut random, &low).is_some());
            let high = bounds(None, Some(Negative(i128::MIN)));
            assert!(integer(&mut random, &high).is_some());
            let empty = bounds(Some(Positive(2)), Some(Positive(1)));
            assert_eq!(integer(&mut random, &empty), None);
        }
    }
}
