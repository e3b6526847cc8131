//! Checks `#[derive(Schema)]` with three judges: schemars, which describes the same types
//! independently; serde, which reads and writes them; and a validator of JSON Schema.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed"
)]

mod compiled;
mod described;
mod drawn;
mod normal;
mod oracle;
mod values;

/// Returns whether `serde_json` keeps numbers as text here, and prints that the test does not run.
///
/// serde's buffers do not take such numbers, so serde cannot judge then. The tool enables that
/// feature for everything that is built with it; `cargo xtask test` runs these tests without the
/// tool too.
fn not_run_where_numbers_are_text() -> bool {
    let number: serde_json::Number = serde_json::from_str("1.50").unwrap();
    let text = number.to_string() == "1.50";
    if text {
        eprintln!(
            "not run: serde_json has `arbitrary_precision`, which serde's buffers do not take"
        );
    }
    text
}
