//! The order of members in JSON, in which two runs may differ.

use std::collections::VecDeque;

use crate::observe::transcript::Transcript;

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
            && data.is_reordered(&other)
        {
            *data = other;
        }
    });
    transcript
}
