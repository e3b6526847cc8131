//! Bounds of numbers, compared without rounding.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Number, Value};

use super::form::Keywords;
use crate::schema::Whole;

/// The counted things, each with the keywords for its minimum and its maximum.
pub const COUNTS: [(&str, &str, &str); 3] = [
    ("length", "minLength", "maxLength"),
    ("number of items", "minItems", "maxItems"),
    ("number of members", "minProperties", "maxProperties"),
];

/// The keywords that limit a number: inclusively and exclusively, from below and from above.
pub const VALUES: [&str; 4] = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"];

/// A JSON number, exact if it is whole.
#[derive(Clone, Copy, Debug)]
pub enum Real {
    Whole(Whole),
    Fraction(f64),
}

impl Real {
    pub fn of(value: &Value) -> Option<Self> {
        value.as_number().map(Self::from)
    }

    pub fn cmp(self, other: Real) -> Option<Ordering> {
        match (self, other) {
            (Real::Whole(one), Real::Whole(other)) => Some(one.cmp(&other)),
            // A fraction is small enough for a whole number to be rounded to its right side.
            (Real::Whole(one), Real::Fraction(other)) => one.to_float().partial_cmp(&other),
            (Real::Fraction(one), Real::Whole(other)) => one.partial_cmp(&other.to_float()),
            (Real::Fraction(one), Real::Fraction(other)) => one.partial_cmp(&other),
        }
    }
}

impl From<&Number> for Real {
    fn from(number: &Number) -> Self {
        match Whole::of(number) {
            Some(whole) => Real::Whole(whole),
            // No number is a bound that nothing is compared with.
            None => Real::Fraction(number.as_f64().unwrap_or(f64::NAN)),
        }
    }
}

impl fmt::Display for Real {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Real::Whole(number) => number.fmt(f),
            Real::Fraction(number) => number.fmt(f),
        }
    }
}

/// The smallest or largest allowed value, or an excluded one.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    pub at: Real,
    pub excluded: bool,
}

impl Bound {
    /// Returns the lower or upper bound of a number: the tighter of the two keywords for it.
    pub fn of_values(keywords: &Keywords<'_>, is_integer: bool, is_upper: bool) -> Option<Bound> {
        let [minimum, above, maximum, below] = VALUES;
        let (including, excluding) = match is_upper {
            true => (maximum, below),
            false => (minimum, above),
        };
        let bound = |keyword, excluded| {
            let at = Real::of(keywords.get(keyword)?)?;
            Some(Bound { at, excluded })
        };
        let tighter = match (bound(including, false), bound(excluding, true)) {
            (Some(one), Some(other)) if one.within(other, is_upper) => Some(one),
            (Some(_), Some(other)) => Some(other),
            (one, other) => one.or(other),
        }?;
        Some(match is_integer {
            true => tighter.of_whole_numbers(is_upper),
            false => tighter,
        })
    }

    /// Returns the bound of a count. A count of at least zero is not a bound.
    pub fn of_count(keywords: &Keywords<'_>, keyword: &str, is_upper: bool) -> Option<Bound> {
        let at = Real::of(keywords.get(keyword)?)?;
        let is_zero = at.cmp(Real::Whole(0_i128.into())) == Some(Ordering::Equal);
        (is_upper || !is_zero).then_some(Bound {
            at,
            excluded: false,
        })
    }

    /// Returns true if every value within this bound is within the other.
    pub fn within(self, other: Bound, upper: bool) -> bool {
        let ordering = match upper {
            true => other.at.cmp(self.at),
            false => self.at.cmp(other.at),
        };
        match ordering {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => self.excluded || !other.excluded,
            _ => false,
        }
    }

    /// Returns the equivalent inclusive bound for whole numbers.
    fn of_whole_numbers(self, upper: bool) -> Bound {
        let rounded = |float: f64| Whole::of_float(float).map(Real::Whole);
        let at = match self.at {
            Real::Whole(number) if self.excluded && upper => Real::Whole(number.previous()),
            Real::Whole(number) if self.excluded => Real::Whole(number.next()),
            Real::Fraction(number) if upper => rounded(number.floor()).unwrap_or(self.at),
            Real::Fraction(number) => rounded(number.ceil()).unwrap_or(self.at),
            Real::Whole(_) => self.at,
        };
        Bound {
            at,
            excluded: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compare(one: Value, other: Value) -> Option<Ordering> {
        Real::of(&one)?.cmp(Real::of(&other)?)
    }

    #[test]
    fn large_and_mixed_numbers_compare_exactly() {
        assert_eq!(
            compare(json!(u64::MAX), json!(u64::MAX - 1)),
            Some(Ordering::Greater)
        );
        assert_eq!(compare(json!(1.0), json!(1)), Some(Ordering::Equal));
        assert_eq!(compare(json!(-0.5), json!(0)), Some(Ordering::Less));
        assert_eq!(compare(json!(i64::MIN), json!(0.5)), Some(Ordering::Less));
    }

    #[test]
    fn excluded_bounds_of_integers_become_inclusive() {
        let whole = |at: Value, excluded, upper| {
            let bound = Bound {
                at: Real::of(&at).unwrap(),
                excluded,
            };
            bound.of_whole_numbers(upper).at.to_string()
        };
        assert_eq!(whole(json!(5), true, true), "4");
        assert_eq!(whole(json!(5), true, false), "6");
        assert_eq!(whole(json!(0.5), false, true), "0");
        assert_eq!(whole(json!(0.5), true, false), "1");
    }
}
