//! `#[derive(Schema)]` against three judges: schemars, which describes the same types independently; serde, which reads and writes them; and a validator of JSON Schema.

mod compiled;
mod described;
mod normal;
mod oracle;
mod values;
