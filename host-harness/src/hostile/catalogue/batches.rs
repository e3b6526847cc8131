//! Answers to a batch whose frames lie.

use crate::hostile::case::{Case, Expected};
use crate::hostile::draft::*;
use crate::hostile::guest::{Guest, data};
use crate::hostile::outcome::Outcome;

const INPUTS: [&[u8]; 3] = [b"one", b"two", b"three"];

/// A guest that answers every batch with these bytes.
fn framed(name: &'static str, about: &'static str, answer: &[u8], expected: Expected) -> Case {
    let answer = answer.to_vec();
    let guest = move || {
        let packed = (64_u64 << 32) | answer.len() as u64;
        let batch = format!(
            r#"(func (export "batch_run") (param i32 i32) (result i64) i64.const {packed:#x})"#
        );
        Guest::running("i64.const 0")
            .with(&batch)
            .with(&data(64, &answer))
    };
    case(name, about).guest(guest).batch(&INPUTS, expected)
}

pub(super) fn cases() -> Vec<Case> {
    let bad_batch = || bad_result("bad_batch");
    vec![
        framed(
            "batch-empty",
            "The answer to three inputs has no bytes.",
            b"",
            bad_batch(),
        ),
        framed(
            "batch-of-too-few",
            "The answer to three inputs has two items.",
            &[0; 8],
            bad_batch(),
        ),
        framed(
            "batch-of-too-many",
            "The answer to three inputs has four items.",
            &[0; 16],
            bad_batch(),
        ),
        framed(
            "batch-broken-off",
            "The answer ends in the middle of an item's length.",
            &[0; 10],
            bad_batch(),
        ),
        framed(
            "batch-item-too-long",
            "An item's length exceeds the answer's end.",
            b"\0\0\0\0\xff\0\0\0\0\0\0\0",
            bad_batch(),
        ),
        framed(
            "batch-item-of-two-gibibytes",
            "An item has the greatest length that there is.",
            b"\0\0\0\0\0\0\0\0\xff\xff\xff\x7f",
            bad_batch(),
        ),
        framed(
            "batch-error-not-json",
            "An item is an error that is not JSON.",
            b"\0\0\0\0\0\0\0\0\x04\0\0\x80oops",
            bad_result("bad_json"),
        ),
        framed(
            "batch-items-that-overlap",
            "All items are empty, which is a valid answer.",
            &[0; 12],
            answers(),
        ),
        case(
            "batch-outside-memory",
            "The answer to a batch is outside memory.",
        )
        .guest(|| {
            let batch = r#"(func (export "batch_run") (param i32 i32)
                (result i64) i64.const 0x10000_0000_000c)"#;
            Guest::running("i64.const 0").with(batch)
        })
        .batch(&INPUTS, out_of_bounds()),
        case("batch-of-another-type", "`batch_run` has no parameters.")
            .guest(|| {
                let batch = r#"(func (export "batch_run") (result i64) i64.const 0)"#;
                Guest::running("i64.const 0").with(batch)
            })
            .load(
                refused("wrong_export")
                    .or(&[Outcome::Answers])
                    .naming(&["batch_run"]),
            ),
    ]
}
