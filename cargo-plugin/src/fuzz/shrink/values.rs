//! Simpler values.

use serde_json::{Map, Value, json};

use super::super::parts::{count, part_mut};
use crate::schema::Whole;
use Whole::{Negative, Positive};

/// The greatest number of parts that are simplified, and of items or characters that are removed
/// one by one.
const MOST_PARTS: usize = 400;
const MOST_SINGLE: usize = 48;

/// Replaces a value, part by part, by the simplest one that `accepts`, until the time `is_over`.
pub fn simplify(
    value: &Value,
    is_over: impl Fn() -> bool,
    mut accepts: impl FnMut(&Value) -> bool,
) {
    let mut best = value.clone();
    let mut number = 0;
    while !is_over() && number < count(&best).min(MOST_PARTS) {
        let Some(part) = part_mut(&mut best, number).cloned() else {
            break;
        };
        let simpler = simpler(&part, &mut |candidate| {
            if is_over() {
                return None;
            }
            let mut whole = best.clone();
            *part_mut(&mut whole, number)? = candidate;
            accepts(&whole).then_some(whole)
        });
        match simpler {
            Some(whole) => best = whole,
            None => number += 1,
        }
    }
}

/// Passes simpler values than a value to a function, the simplest one first, until one is accepted.
/// Each is smaller in an order without endless descents.
fn simpler(value: &Value, accepts: &mut dyn FnMut(Value) -> Option<Value>) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => accepts(json!(false)),
        Value::Number(number) => {
            let simpler = match Whole::of(number) {
                Some(whole) if !number.to_string().contains(['.', 'e', 'E']) => integers(whole),
                _ => floats(number.as_f64().unwrap_or(0.0)),
            };
            simpler.into_iter().find_map(accepts)
        }
        Value::String(text) => texts(text, accepts),
        Value::Array(items) => {
            let mut parts = shorter(items.len()).map(|part| Value::Array(without(items, part)));
            parts.find_map(accepts)
        }
        Value::Object(members) => {
            let members: Vec<(&String, &Value)> = members.iter().collect();
            let fewer = |part| {
                let left = without(&members, part).into_iter();
                Value::Object(
                    left.map(|(name, value)| (name.clone(), value.clone()))
                        .collect::<Map<_, _>>(),
                )
            };
            shorter(members.len()).map(fewer).find_map(accepts)
        }
    }
}

/// Returns integers nearer to zero: zero, then half, a quarter, … of the way there.
fn integers(number: Whole) -> Vec<Value> {
    let (size, is_negative) = match number {
        Negative(number) => (number.unsigned_abs(), true),
        Positive(number) => (number, false),
    };
    let steps = (0..128)
        .map(|shift| size >> shift)
        .take_while(|step| *step > 0);
    let smaller = steps.map(|step| {
        let sign = if is_negative && size > step { "-" } else { "" };
        serde_json::from_str(&format!("{sign}{}", size - step)).unwrap_or_default()
    });
    let mut smaller: Vec<Value> = smaller.collect();
    // A number above zero is simpler.
    if is_negative {
        smaller.extend(serde_json::from_str(&size.to_string()).ok());
    }
    smaller
}

fn floats(number: f64) -> Vec<Value> {
    let rounded = number.trunc();
    let mut simpler = Vec::new();
    if number != 0.0 || number.is_sign_negative() {
        simpler.push(0.0);
    }
    if number != rounded {
        simpler.push(rounded);
    }
    if number < 0.0 {
        simpler.push(-number);
    }
    if number.abs() >= 2.0 {
        simpler.extend([1.0, (number / 2.0).trunc()]);
    }
    simpler.into_iter().map(Value::from).collect()
}

/// Passes shorter texts to a function, and texts with a plain letter in place of another character:
/// `a`, or else `ä`, for what goes wrong with characters of several bytes.
fn texts(text: &str, accepts: &mut dyn FnMut(Value) -> Option<Value>) -> Option<Value> {
    let characters: Vec<char> = text.chars().collect();
    let shorter = shorter(characters.len());
    let shorter = shorter.map(|part| String::from_iter(without(&characters, part)));
    let replaced = |nth: usize, with: char| {
        let all = characters.iter().enumerate();
        all.map(move |(at, old)| if at == nth { with } else { *old })
            .collect::<String>()
    };
    let others = characters.iter().enumerate().take(MOST_SINGLE);
    let plain = others.flat_map(|(nth, character)| {
        let simpler: &[char] = match character {
            'a' | 'b' => &[],
            'ä' => &['a'],
            character if character.is_ascii() => &['a'],
            _ => &['a', 'ä'],
        };
        simpler.iter().map(move |with| replaced(nth, *with))
    });
    shorter.chain(plain).map(Value::String).find_map(accepts)
}

/// Returns ranges to remove from a list of this length: all of it, halves, quarters, … and single
/// items.
pub fn shorter(length: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let sizes = (0..usize::BITS).map(move |shift| length >> shift);
    let sizes = sizes.take_while(|size| *size > 0);
    sizes.flat_map(move |size| {
        let starts = (0..length).step_by(size).take(MOST_SINGLE);
        starts.map(move |start| start..length.min(start + size))
    })
}

/// Returns a list without a range of it.
pub fn without<T: Clone>(items: &[T], removed: std::ops::Range<usize>) -> Vec<T> {
    let kept = items.iter().enumerate();
    let kept = kept.filter(|(nth, _)| !removed.contains(nth));
    kept.map(|(_, item)| item.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the simplest value that passes a test, and the number of tries.
    fn simplest(value: Value, test: fn(&Value) -> bool) -> (Value, u32) {
        let mut best = value.clone();
        let mut tries = 0;
        simplify(
            &value,
            || false,
            |candidate| {
                tries += 1;
                let passes = test(candidate);
                if passes {
                    best = candidate.clone();
                }
                passes
            },
        );
        (best, tries)
    }

    #[test]
    fn values_shrink_to_the_smallest_that_still_fail() {
        let (number, tries) = simplest(json!(u64::MAX), |value| value.as_u64() >= Some(1_000));
        assert_eq!(number, json!(1_000));
        assert!(tries < 500, "{tries}");
        let (number, _) = simplest(json!(-900), |value| value.as_i64() < Some(-20));
        assert_eq!(number, json!(-21));
        let (text, _) = simplest(json!("Grüße, İstanbul"), |value| {
            !value.as_str().unwrap_or_default().is_ascii()
        });
        assert_eq!(text, json!("ä"));
        let (list, _) = simplest(json!([3, 1, 4, 1, 5, 9, 2, 6]), |value| {
            value
                .as_array()
                .is_some_and(|items| items.contains(&json!(9)))
        });
        assert_eq!(list, json!([9]));
        let (object, _) = simplest(json!({"a": {"b": [1.5, true]}, "c": "x"}), |value| {
            value["a"]["b"][0].is_number()
        });
        assert_eq!(object, json!({"a": {"b": [0.0]}}));
    }
}
