//! Runs a capsule again: the same calls, with the recorded answers to the plugin's host calls.

mod outcome;
mod run;

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests;

pub use outcome::Replayed;
