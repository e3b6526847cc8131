//! Exact whole numbers, as large as any of Rust's integer types, positive or negative.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Number;

/// A whole number of at most 128 bits and a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    is_negative: bool,
    magnitude: u128,
}

impl Whole {
    pub const ONE: Whole = Whole {
        is_negative: false,
        magnitude: 1,
    };

    fn new(is_negative: bool, magnitude: u128) -> Self {
        Whole {
            is_negative: is_negative && magnitude > 0,
            magnitude,
        }
    }

    /// Parses digits with an optional sign. Returns `None` for anything else, and for numbers that
    /// are too large.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-');
        let is_negative = digits.is_some();
        let digits = digits.or(text.strip_prefix('+')).unwrap_or(text);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Whole::new(is_negative, digits.parse().ok()?))
    }

    /// Returns the value of a JSON number that is whole, in any notation.
    pub fn of(number: &Number) -> Option<Self> {
        let float = || number.as_f64().and_then(Whole::of_float);
        Whole::parse(&number.to_string()).or_else(float)
    }

    /// Returns the value of a float if it is whole and fits.
    pub fn of_float(float: f64) -> Option<Self> {
        // `u128::MAX` rounds to 2^128 here. The cast of a float that large saturates.
        let is_whole = float.fract() == 0.0 && float.abs() < u128::MAX as f64;
        is_whole.then(|| Whole::new(float < 0.0, float.abs() as u128))
    }

    /// Returns the nearest float.
    pub fn to_float(self) -> f64 {
        let float = self.magnitude as f64;
        if self.is_negative { -float } else { float }
    }

    /// Returns the number as JSON, with every digit.
    pub fn to_number(self) -> Option<Number> {
        serde_json::from_str(&self.to_string()).ok()
    }

    /// Returns the next larger number, or the number itself if it is the largest.
    pub fn next(self) -> Self {
        match self.is_negative {
            true => Whole::new(true, self.magnitude - 1),
            false => Whole::new(false, self.magnitude.saturating_add(1)),
        }
    }

    /// Returns the next smaller number, or the number itself if it is the smallest.
    pub fn previous(self) -> Self {
        self.negated().next().negated()
    }

    fn negated(self) -> Self {
        Whole::new(!self.is_negative, self.magnitude)
    }
}

impl From<i128> for Whole {
    fn from(number: i128) -> Self {
        Whole::new(number < 0, number.unsigned_abs())
    }
}

impl From<i64> for Whole {
    fn from(number: i64) -> Self {
        i128::from(number).into()
    }
}

impl From<u128> for Whole {
    fn from(number: u128) -> Self {
        Whole::new(false, number)
    }
}

impl Ord for Whole {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, true) => other.magnitude.cmp(&self.magnitude),
        }
    }
}

impl PartialOrd for Whole {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_negative {
            f.write_str("-")?;
        }
        self.magnitude.fmt(f)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn whole(text: &str) -> Whole {
        Whole::parse(text).unwrap()
    }

    #[test]
    fn numbers_of_128_bits_are_exact_and_ordered() {
        let ordered = [
            "-340282366920938463463374607431768211455",
            "-170141183460469231731687303715884105728",
            "-1",
            "0",
            "18446744073709551616",
            "340282366920938463463374607431768211454",
            "340282366920938463463374607431768211455",
        ];
        assert!(ordered.map(whole).is_sorted_by(|one, other| one < other));
        for text in ordered {
            assert_eq!(whole(text).to_string(), text);
            assert_eq!(whole(text).to_number().unwrap().to_string(), text);
        }
        assert_eq!(whole("-0"), whole("0"));
        for text in [
            "",
            "-",
            "1.0",
            "1e3",
            "340282366920938463463374607431768211456",
        ] {
            assert_eq!(Whole::parse(text), None, "{text}");
        }
    }

    #[test]
    fn neighbours_cross_zero_and_stop_at_the_ends() {
        assert_eq!(whole("-1").next(), whole("0"));
        assert_eq!(whole("0").previous(), whole("-1"));
        assert_eq!(
            Whole::new(false, u128::MAX).next(),
            Whole::new(false, u128::MAX)
        );
    }

    #[test]
    fn whole_floats_convert_to_numbers() {
        let of = |text: &str| Whole::of(&serde_json::from_str(text).unwrap());
        assert_eq!(of("1e3"), Some(whole("1000")));
        assert_eq!(of("-2.0"), Some(whole("-2")));
        assert_eq!(of("0.5"), None);
        assert_eq!(of("1e300"), None);
    }
}
