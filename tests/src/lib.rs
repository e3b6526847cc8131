//! Shared parts of the end-to-end tests: guests, built once in a process, a host that hides
//! nothing, and tools that may be missing.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod build;
mod host;
mod job;
mod missing;
#[cfg(test)]
mod promises;
mod sections;

pub use build::{Build, Refused, root};
pub use host::{Answer, Command, Host, PAGE, Panic};
pub use job::{Habit, Job, Stopped};
pub use missing::{go_program, not_run};
pub use sections::{Section, sections};

/// The Rust blocks of the guide, as documentation tests.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../docs/guide/tutorial.md")]
    mod tutorial {}
    #[doc = include_str!("../../docs/guide/services.md")]
    mod services {}
    #[doc = include_str!("../../docs/guide/testing.md")]
    mod testing {}
    #[doc = include_str!("../../docs/guide/engines.md")]
    mod engines {}
    #[doc = include_str!("../../docs/guide/replay.md")]
    mod replay {}
    #[doc = include_str!("../../docs/guide/long-runs.md")]
    mod long_runs {}
    #[doc = include_str!("../../docs/guide/twin-tests.md")]
    mod twin_tests {}
    #[doc = include_str!("../../docs/guide/describing.md")]
    mod describing {}
    #[doc = include_str!("../../docs/guide/embedding.md")]
    mod embedding {}
    #[doc = include_str!("../../docs/guide/snapshots.md")]
    mod snapshots {}
    #[doc = include_str!("../../docs/guide/hostile.md")]
    mod hostile {}
    #[doc = include_str!("../../docs/guide/clients.md")]
    mod clients {}
    #[doc = include_str!("../../docs/guide/serving.md")]
    mod serving {}
}
