//! The method of the benches and the table in which they report, shared by the figures of calls and
//! those of serving.

pub mod measure;
pub mod report;
