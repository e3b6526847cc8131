//! Texts that the harness reads and does not trust.

pub mod allow_list;
pub mod capsule;
pub mod manifest;
pub mod schema;
pub mod sidecar;
