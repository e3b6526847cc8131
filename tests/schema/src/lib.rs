//! The tests of `#[derive(Schema)]` are in `tests/`.
