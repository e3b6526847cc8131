//! The tests of the macros stand in `tests/`.
