//! Random sequences, values and bytes.
//!
//! `sequences` plans a sequence, `values` makes a value that a schema allows with the help of
//! `numbers`, `texts` and `patterns`, `wrong` spoils it, and `bytes` makes the input of raw
//! commands.
//!
//! Nothing remembers how a value was made: shrinking changes the value itself, and whether a value
//! is valid is decided by its schema.

mod bytes;
mod numbers;
mod patterns;
mod sequences;
mod texts;
mod values;
mod wrong;

pub use sequences::Planner;
