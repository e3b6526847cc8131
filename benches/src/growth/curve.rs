//! Curves of a cost over an amount, and the verdict on their growth.

use crate::report::{Check, Row};

/// The name of the curve of hand-written code.
pub const BY_HAND: &str = "hand-written";

/// The largest exponent of growth that counts as linear.
const LINEAR: f64 = 1.1;

/// The largest difference between exponents that count as equal.
const SAME: f64 = 0.1;

/// The least factor between the amounts that the exponent compares.
const DECADE: f64 = 10.0;

/// A chart: costs that belong together.
pub struct Figure {
    pub title: &'static str,
    /// The label of the amounts.
    pub amount: &'static str,
    /// The label of the costs, with their unit.
    pub cost: &'static str,
    /// Formats a cost with its unit.
    pub format: fn(f64) -> String,
    /// If there is a curve of hand-written code, it is the first one.
    pub curves: Vec<Curve>,
}

/// A cost over an amount.
pub struct Curve {
    pub name: &'static str,
    /// Amounts in ascending order, each with its cost.
    pub points: Vec<(f64, f64)>,
}

impl Curve {
    pub fn new(name: &'static str) -> Self {
        Curve {
            name,
            points: Vec::new(),
        }
    }

    /// Returns the exponent of growth over the last factor of ten: 1 if the cost grows like the
    /// amount, 0 if it does not grow.
    fn exponent(&self) -> Option<f64> {
        let &(last, last_cost) = self.points.last()?;
        let &(before, cost) = self
            .points
            .iter()
            .rev()
            .find(|(amount, _)| amount * DECADE <= last)?;
        Some((last_cost / cost).ln() / (last / before).ln())
    }
}

impl Figure {
    /// Returns a row for each curve: the costs of its smallest and largest amount, and its growth.
    ///
    /// Nothing may grow faster than linearly, except where hand-written code does as well: bytes
    /// that leave the processor's caches cost more each.
    pub fn rows(&self) -> Vec<Row> {
        let by_hand = self.curves.first().filter(|curve| curve.name == BY_HAND);
        let by_hand = by_hand.and_then(Curve::exponent).unwrap_or(0.0);
        let at_most = (by_hand + SAME).max(LINEAR);
        let row = |curve: &Curve| {
            let ends = curve.points.first().zip(curve.points.last());
            let value = ends.map(|(first, last)| {
                let cost = |(amount, cost): &(f64, f64)| {
                    format!("{} for {}", (self.format)(*cost), short(*amount))
                };
                format!("{}, {}", cost(first), cost(last))
            });
            let checks = curve.exponent().map(|exponent| Check {
                found: format!("amount^{exponent:.2}"),
                asked: format!("<= amount^{at_most:.2}"),
                met: exponent <= at_most,
            });
            Row {
                figure: self.title.to_owned(),
                contestant: curve.name.to_owned(),
                value: value.unwrap_or_default(),
                ratio: None,
                checks: checks.into_iter().collect(),
            }
        };
        self.curves.iter().map(row).collect()
    }
}

/// Formats an amount in few characters.
pub fn short(amount: f64) -> String {
    match amount {
        less if less < 1e3 => format!("{less:.0}"),
        less if less < 1e6 => format!("{:.0}k", less / 1e3),
        more => format!("{:.0}M", more / 1e6),
    }
}

/// Formats a number of bytes.
pub fn bytes(bytes: f64) -> String {
    match bytes {
        less if less < 1e4 => format!("{less:.0} B"),
        less if less < 1e7 => format!("{:.0} KB", less / 1e3),
        more => format!("{:.0} MB", more / 1e6),
    }
}
