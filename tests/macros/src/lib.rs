//! The tests of the macros are in `tests/`.
