//! Exact whole numbers, as large as any of Rust's integer types.

use std::fmt;

use serde_json::Number;

/// A whole number from `i128::MIN` to `u128::MAX`, ordered by value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whole {
    /// A number below zero.
    Negative(i128),
    /// Zero, or a number above it.
    Positive(u128),
}

use Whole::{Negative, Positive};

impl Whole {
    /// Parses digits with an optional sign. Returns `None` for anything else, and for numbers out
    /// of range.
    pub fn parse(text: &str) -> Option<Self> {
        let positive = text.parse().map(Positive);
        positive
            .or_else(|_| text.parse::<i128>().map(Whole::from))
            .ok()
    }

    /// Returns the value of a JSON number that is whole, in any notation.
    pub fn of(number: &Number) -> Option<Self> {
        let float = || number.as_f64().and_then(Whole::of_float);
        Whole::parse(&number.to_string()).or_else(float)
    }

    /// Returns the value of a float if it is whole and in range.
    pub fn of_float(float: f64) -> Option<Self> {
        // As floats, the ends are -2^127 and 2^128.
        let in_range = (i128::MIN as f64..u128::MAX as f64).contains(&float);
        let whole = match float < 0.0 {
            true => Negative(float as i128),
            false => Positive(float as u128),
        };
        (in_range && float.fract() == 0.0).then_some(whole)
    }

    /// Returns the nearest float.
    pub fn to_float(self) -> f64 {
        match self {
            Negative(number) => number as f64,
            Positive(number) => number as f64,
        }
    }

    /// Returns the next larger number, or the number itself if it is the largest.
    pub fn next(self) -> Self {
        match self {
            Negative(number) => Whole::from(number + 1),
            Positive(number) => Positive(number.saturating_add(1)),
        }
    }

    /// Returns the next smaller number, or the number itself if it is the smallest.
    pub fn previous(self) -> Self {
        match self {
            Negative(number) => Negative(number.saturating_sub(1)),
            Positive(number) => number.checked_sub(1).map_or(Negative(-1), Positive),
        }
    }
}

impl From<i128> for Whole {
    fn from(number: i128) -> Self {
        u128::try_from(number).map_or(Negative(number), Positive)
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Negative(number) => number.fmt(f),
            Positive(number) => number.fmt(f),
        }
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
        let smallest = "-170141183460469231731687303715884105728";
        let largest = "340282366920938463463374607431768211455";
        let ordered = [smallest, "-1", "0", "18446744073709551616", largest];
        assert!(ordered.map(whole).is_sorted_by(|one, other| one < other));
        for text in ordered {
            assert_eq!(whole(text).to_string(), text);
        }
        assert_eq!([whole("-0"), whole("+1")], [whole("0"), whole("1")]);
        let above = "340282366920938463463374607431768211456";
        for text in ["", "-", "1.0", "1e3", above] {
            assert_eq!(Whole::parse(text), None, "{text}");
        }
        assert_eq!(
            [whole("-1").next(), whole("0").previous()],
            [whole("0"), whole("-1")]
        );
        let ends = [whole(smallest), whole(largest)];
        assert_eq!([ends[0].previous(), ends[1].next()], ends);
    }

    #[test]
    fn whole_floats_convert_to_numbers() {
        let of = |text: &str| Whole::of(&serde_json::from_str(text).unwrap());
        assert_eq!(of("1e3"), Some(whole("1000")));
        assert_eq!(of("-2.0"), Some(whole("-2")));
        assert_eq!([of("0.5"), of("1e300"), of("-1e300")], [None; 3]);
    }
}
