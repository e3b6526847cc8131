//! Modules that the harness loads and calls, and does not trust.

pub mod engines;
pub mod load;
pub mod mutate;
pub mod plugin;
pub mod section;
pub mod smith;
