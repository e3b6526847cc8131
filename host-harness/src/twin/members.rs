//! The order of members in JSON, in which two runs may differ: it has no meaning, and the harness
//! itself makes `serde_json` keep another one natively.

use std::collections::VecDeque;

use serde_json::Value;

use crate::observe::transcript::{Data, Transcript};

/// Returns a transcript with the order of members that JSON has in another transcript, where the
/// two differ in nothing else.
pub(super) fn ordered_as(other: &Transcript, transcript: &Transcript) -> Transcript {
    let mut others = VecDeque::new();
    other
        .clone()
        .for_each_data(&mut |_, data| others.push_back(data.clone()));
    let mut transcript = transcript.clone();
    transcript.for_each_data(&mut |_, data| {
        // Up to the first difference, both have the same data in the same order.
        if let Some(other) = others.pop_front()
            && is_reordered(data, &other)
        {
            *data = other;
        }
    });
    transcript
}

/// Returns whether two values in JSON differ in the order of members only.
fn is_reordered(one: &Data, other: &Data) -> bool {
    if one == other || one.len() != other.len() {
        return false;
    }
    let read = |data: &Data| serde_json::from_slice::<Value>(data.bytes()?).ok();
    matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_order_of_members_is_no_difference() {
        for (one, other, expected) in [
            (r#"[{"a":1,"b":2}]"#, r#"[{"b":2,"a":1}]"#, true),
            (r#"{"a":1,"b":2}"#, r#"{"b":1,"a":2}"#, false),
            ("[1,2]", "[2,1]", false),
            ("1.0", "1.00", false),
            ("a", "b", false),
        ] {
            let [left, right] = [one, other].map(|text| Data::from(text.as_bytes()));
            assert_eq!(is_reordered(&left, &right), expected, "{one} {other}");
        }
    }
}
