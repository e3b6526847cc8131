//! The hosts that a plugin can be built for: one file each, with the host's functions as traits.
//!
//! A plugin's author does not meet them: [services](crate::services) go to whichever host a feature has chosen. Those who play a host, as the test harness does,
//! implement its traits.

pub mod neotalk;
