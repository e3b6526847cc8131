//! Values and text that are nearly valid, or not at all.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::super::parts::{count, part_mut};
use super::super::plan::Input;
use super::values::{anything, size};
use super::{numbers, texts};

/// A name that no argument can have, because it is not an identifier.
const UNKNOWN: &str = "no-such-argument";

/// The greatest number of spoiled parts of one value.
const MOST_SPOILED: u8 = 3;

/// The length of text that is repeated, in bytes.
const MAX_REPEATED: usize = 8_000;

/// The greatest size of all items that are repeated in a list.
const MOST_REPEATED: u64 = 20_000;

/// The depth of a value that is nested deeper than readers of JSON allow.
const DEEP: usize = 200;

/// Numbers beyond the range of some type.
const BEYOND: [&str; 12] = [
    "-1",
    "256",
    "65536",
    "2147483648",
    "4294967296",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775809",
    "340282366920938463463374607431768211456",
    "1e40",
    "1e308",
    "0.5",
];

/// Text that is not JSON in a way of its own.
const NOT_JSON: [&[u8]; 16] = [
    b"",
    b" ",
    b"{",
    b"[",
    b"\"",
    b"nul",
    b"{\"a\":}",
    b"{,}",
    b"[1,]",
    b"01",
    b"+1",
    b"1e999",
    b"{}{}",
    b"\xef\xbb\xbf{}",
    b"\"\\ud800\"",
    b"\xff",
];

/// Spoils a valid input.
pub fn spoiled(random: &mut Rng, mut value: Value) -> Input {
    if random.u8(..4) == 0 {
        return Input::Bytes(spoiled_text(random, value.to_string().into_bytes()));
    }
    for _ in 0..random.u8(1..=MOST_SPOILED) {
        let parts = count(&value);
        // The parts at the top are the arguments.
        let nth = match random.bool() {
            true => random.usize(..parts.min(4)),
            false => random.usize(..parts),
        };
        if let Some(part) = part_mut(&mut value, nth) {
            spoil(random, part);
        }
    }
    Input::Json(value)
}

/// Spoils the text of a value.
fn spoiled_text(random: &mut Rng, mut text: Vec<u8>) -> Vec<u8> {
    let at = random.usize(..=text.len());
    match random.u8(..6) {
        0 => text.truncate(at),
        1 => text.insert(at, random.u8(..)),
        2 => text.extend_from_slice(b" x"),
        3 => {
            if let Some(byte) = text.get_mut(at) {
                *byte ^= 1 << random.u8(..8);
            }
        }
        4 => {
            let (_, rest) = text.split_at(at);
            text = [&text, rest].concat();
        }
        _ => text = random.choice(NOT_JSON).unwrap_or_default().to_vec(),
    }
    text
}

fn spoil(random: &mut Rng, part: &mut Value) {
    if random.u8(..3) == 0 {
        *part = anything(random, 1);
        return;
    }
    match part {
        Value::Object(members) => match random.u8(..3) {
            0 => {
                members.insert(UNKNOWN.to_owned(), 0.into());
            }
            _ => {
                let nth = random.usize(..members.len().max(1));
                let name = members.keys().nth(nth).cloned();
                name.and_then(|name| members.shift_remove(&name));
            }
        },
        Value::Array(items) => match (random.u8(..3), items.last().cloned()) {
            (0, _) => items.clear(),
            (1, Some(item)) => {
                let most = (MOST_REPEATED / (size(&item) + 1)).clamp(1, 299);
                items.extend(vec![item; random.usize(1..=most as usize)]);
            }
            (_, Some(_)) => drop(items.pop()),
            (_, None) => items.push(anything(random, 1)),
        },
        Value::String(text) => match random.u8(..4) {
            0 => text.clear(),
            1 => *text = text.repeat(MAX_REPEATED / text.len().max(MAX_REPEATED / 200)),
            2 => text.push_str(&texts::word(random)),
            _ => text.push('\0'),
        },
        Value::Null => *part = nested(random),
        _ => {
            let beyond = random.choice(BEYOND).unwrap_or("-1");
            *part = numbers::from_text(beyond).unwrap_or_else(|| json!(-1));
        }
    }
}

/// Returns a value that is nested deeply.
fn nested(random: &mut Rng) -> Value {
    let is_array = random.bool();
    let mut value = Value::Null;
    for _ in 0..DEEP {
        value = match is_array {
            true => Value::Array(vec![value]),
            false => Value::Object(Map::from_iter([("a".to_owned(), value)])),
        };
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_input_is_spoiled_in_many_ways() {
        let mut random = Rng::with_seed(6);
        let valid = json!({"name": "Ada", "sizes": [1, 2], "at": null});
        let inputs: Vec<Input> = (0..500)
            .map(|_| spoiled(&mut random, valid.clone()))
            .collect();
        let has = |test: fn(&Value) -> bool| {
            inputs
                .iter()
                .any(|input| matches!(input, Input::Json(value) if test(value)))
        };
        assert!(has(|value| value.get("name").is_none()));
        assert!(has(|value| value.get(UNKNOWN).is_some()));
        assert!(has(|value| value["name"].is_number()));
        assert!(has(|value| value["sizes"]
            .as_array()
            .is_some_and(|sizes| sizes.len() > 9)));
        assert!(has(
            |value| value["at"].is_array() || value["at"].is_object()
        ));
        let not_utf8 = |bytes: &[u8]| str::from_utf8(bytes).is_err();
        assert!(inputs.iter().any(|input| not_utf8(&input.bytes())));
    }
}
