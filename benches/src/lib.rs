//! The method of the benches, what processes use, and the table in which the benches report, shared
//! by the figures of calls and those of serving.

pub mod measure;
pub mod report;
pub mod usage;
