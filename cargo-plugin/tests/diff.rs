//! `cargo plugin diff`, as people run it.
