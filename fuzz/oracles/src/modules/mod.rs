//! Modules that the harness loads and calls, and does not trust.

#[cfg(feature = "generators")]
pub mod engines;
pub mod load;
#[cfg(feature = "generators")]
pub mod mutate;
pub mod plugin;
pub mod section;
#[cfg(feature = "generators")]
pub mod smith;
