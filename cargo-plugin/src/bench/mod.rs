//! What a plugin's commands cost, told by numbers that are the same in every run, and by times that are not.
//!
//! Each [case](Case) is a call into an instance of its own whose clock stands still and whose random numbers are always the same, so that its fuel, its memory, its
//! allocations and its calls of the host depend on the module alone. A [lock](Lock) holds them, for a later build to be held against.

mod cases;
mod lock;
mod measure;

pub use cases::{Case, Cases, FILE};
pub use lock::{Difference, Lock, lock_file};
pub use measure::{Measured, Times, count, time};
