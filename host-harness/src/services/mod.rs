//! The services a host offers to its plugins: key-value store, files, network, clock and so on.
//!
//! Each service is a trait of [`plugin_sdk::services`]. Each has an in-memory implementation for
//! tests, which every builder starts with. It is a handle whose clones share one state, so a test
//! can inspect and change what its plugin sees. Implementations with a real back end are here too,
//! some behind a feature of this crate.
//!
//! | service | trait | in memory | real | feature |
//! |---|---|---|---|---|
//! | values by key | [`Kv`] | [`MemoryKv`] | `DatabaseKv`, `RedisKv` | `kv-database`, `kv-redis` |
//! | files | [`Files`] | [`MemoryFiles`] | `DirectoryFiles` | `files-directory` |
//! | HTTP | [`Http`] | [`ScriptedHttp`] | `HttpClient` | `http-client` |
//! | language models | [`Ai`] | [`ScriptedAi`] | a host's own | |
//! | events | [`Events`] | [`EventBus`] | the same | |
//! | configuration | [`Config`] | [`MapConfig`] | the same | |
//! | log lines | [`Log`] | [`RecordedLog`] | [`ForwardedLog`] | |
//! | clocks | [`Time`] | [`ManualClock`] | [`SystemClock`] | |
//! | random bytes | [`Random`] | [`SeededRandom`] | [`SystemRandom`] | |
//!
//! A host in production needs the real ones: with the in-memory ones, time does not pass and every
//! instance draws the same random numbers.
//!
//! # One vocabulary for tests
//!
//! * **Initial data** is set before or between calls: [`MemoryKv::set`], [`MapConfig::set`],
//!   [`ManualClock::advance`], [`MemoryFiles::with_file`].
//! * **Answers**: `answer` adds an answer to a queue, `answer_to` answers each request that matches
//!   a pattern, `answer_when` each request that satisfies a condition, and `answer_with` lets a
//!   closure decide ([`ScriptedHttp`], [`ScriptedAi`]).
//! * **Faults**: an [`InjectedFault`] is injected under the name of any host function, whatever
//!   implements it.
//! * **Records** of past calls are bounded in number and size: [`RecordedLog::lines`],
//!   [`EventBus::emitted`], [`ScriptedHttp::requests`], [`ScriptedAi::conversations`].
//!
//! # Errors
//!
//! A service that cannot do what a plugin asks returns an error value with one of the codes in
//! [`plugin_sdk::code`]: `permission_denied`, `not_found`, `invalid_argument`, `unavailable`,
//! `timeout`, `too_large`, `quota_exceeded`.
//!
//! [`Ai`]: plugin_sdk::services::ai::Ai
//! [`Config`]: plugin_sdk::services::config::Config
//! [`Events`]: plugin_sdk::services::events::Events
//! [`Files`]: plugin_sdk::services::files::Files
//! [`Http`]: plugin_sdk::services::http::Http
//! [`Kv`]: plugin_sdk::services::kv::Kv
//! [`Log`]: plugin_sdk::services::logging::Log
//! [`Random`]: plugin_sdk::services::random::Random
//! [`Time`]: plugin_sdk::services::time::Time

mod ai;
mod allow_list;
mod budget;
mod clock;
mod config;
#[cfg(test)]
mod defaults;
mod error;
mod events;
mod fault;
mod files;
mod http;
mod in_memory;
mod kv;
mod logging;
mod quota;
mod random;
mod ring;
mod script;

pub use crate::permissions::{Grants, Permission};
pub use ai::ScriptedAi;
pub use allow_list::{AllowList, Target};
pub use budget::time_left;
pub(crate) use budget::{Call, within};
pub use clock::{ManualClock, SystemClock};
pub use config::MapConfig;
pub(crate) use config::setting;
pub use events::{Event, EventBus};
pub use fault::{Faults, InjectedFault, Strike};
#[cfg(feature = "files-directory")]
pub use files::DirectoryFiles;
pub use files::MemoryFiles;
pub(crate) use files::no_such_file;
#[cfg(feature = "http-client")]
pub use http::HttpClient;
pub use http::{HttpRequest, IntoResponse, ScriptedHttp};
pub use in_memory::Services;
pub(crate) use in_memory::{Handles, Provided};
#[cfg(feature = "kv-database")]
pub use kv::DatabaseKv;
pub use kv::MemoryKv;
#[cfg(feature = "kv-redis")]
pub use kv::RedisKv;
pub use logging::{ForwardedLog, RecordedLog};
pub use random::{SeededRandom, SystemRandom};

use crate::sync::Shared;
