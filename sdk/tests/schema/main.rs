//! `#[derive(Schema)]` against three judges: schemars, which describes the same types independently; serde, which reads and writes them; and a validator of JSON Schema.
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
