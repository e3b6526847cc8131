//! The cost of commands, in numbers that are the same in every run, and in times that are not.
//!
//! Each [case](Case) is a call into its own instance, whose clock does not advance and whose random
//! numbers repeat. Its fuel, memory, allocations and calls to the host therefore depend only on the
//! module. A [lock](Lock) records them for comparison with a later build.

mod cases;
mod lock;
mod measure;

pub use cases::{Case, Cases, FILE};
pub use lock::{Difference, Lock, lock_file};
pub use measure::{Measured, count, time};
