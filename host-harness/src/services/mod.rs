//! What a plugin finds at its host: key-value store, files, network, clock and so on.
//!
//! Each service is a trait of [`plugin_sdk::services`], and each has an implementation in memory that every builder starts with, made for tests: it
//! is a handle whose clones share one state, so that a test looks at, or changes, what its plugin sees. What has a real part behind it is here too, behind
//! a feature of this crate.
//!
//! | service | trait | in memory | real | feature |
//! |---|---|---|---|---|
//! | values by key | [`Kv`] | [`MemoryKv`] | `DatabaseKv` | `kv-database` |
//! | files | [`Files`] | [`MemoryFiles`] | `DirectoryFiles` | `files-directory` |
//! | HTTP | [`Http`] | [`ScriptedHttp`] | `HttpClient` | `http-client` |
//! | language models | [`Ai`] | [`ScriptedAi`] | a host's own | |
//! | events | [`Events`] | [`EventBus`] | the same | |
//! | configuration | [`Config`] | [`MapConfig`] | the same | |
//! | log lines | [`Log`] | [`RecordedLog`] | [`ForwardedLog`] | |
//! | clocks | [`Time`] | [`ManualClock`] | [`SystemClock`] | |
//! | random bytes | [`Random`] | [`SeededRandom`] | [`SystemRandom`] | |
//!
//! A host that is no test wants the real ones: with what stands in for them in memory, time stands still, and every instance draws the same numbers.
//!
//! # One vocabulary for tests
//!
//! * **What there is** is put in before or between calls: [`MemoryKv::set`], [`MapConfig::set`], [`ManualClock::advance`], [`MemoryFiles::with_file`].
//! * **What is answered**: `answer` puts an answer into a queue, `answer_to` gives one to whatever matches a pattern, `answer_when` to whatever a closure
//!   picks, and `answer_with` leaves it to a closure altogether ([`ScriptedHttp`], [`ScriptedAi`]).
//! * **What goes wrong** is a [`Fault`] under the name of any host function, whoever implements it.
//! * **What happened** is recorded, bounded in number and size: [`RecordedLog::lines`], [`EventBus::emitted`], [`ScriptedHttp::requests`],
//!   [`ScriptedAi::conversations`].
//!
//! # Errors
//!
//! Whatever a service cannot do is an error value with one of the codes of [`plugin_sdk::code`]: `permission_denied`, `not_found`, `invalid_argument`,
//! `unavailable`, `timeout`, `too_large`, `quota_exceeded`.
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
mod error;
mod events;
mod fault;
mod files;
mod http;
mod in_memory;
mod kv;
mod logging;
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
pub use fault::{Fault, Faults, Strike};
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
pub use logging::{ForwardedLog, RecordedLog};
pub use random::{SeededRandom, SystemRandom};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// State that all clones of a handle share.
#[derive(Debug)]
struct Shared<T>(Arc<Mutex<T>>);

impl<T> Shared<T> {
    fn new(state: T) -> Self {
        Shared(Arc::new(Mutex::new(state)))
    }

    /// A closure of a test's may have panicked while it was held, which leaves the state as good as before.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Shared::new(T::default())
    }
}
