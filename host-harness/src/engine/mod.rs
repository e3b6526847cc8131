//! WebAssembly engines behind one interface: wasmtime, and the interpreter wasmi.
//!
//! The rest of the crate names only the types of this folder: [`SharedEngine`] compiles a module
//! and [links](Linked) it, which creates a [`Store`] for each instance; a [`Func`] is an exported
//! function, and an [`Error`] the reason why a call had no result. `host.rs` has the traits between
//! an engine and the host functions. Each type has a variant for each engine that is compiled in,
//! so that with one of them nothing is decided at run time.
//!
//! | | `wasmtime/` | `wasmi/` |
//! |---|---|---|
//! | runs | compiled code, kept in a cache on disk | an intermediate form, translated at the first call of a function |
//! | time limits | epochs | slices of fuel, after each of which the clock is read |
//! | traps | with a backtrace and a core dump | with what `prepare.rs` makes the module export |

mod clock;
mod ending;
mod error;
mod host;
mod store;
#[cfg(feature = "wasmi")]
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::abi::ImportedFunction;
use crate::failure::{Failure, FailureKind};

pub(crate) use clock::{Clock, TICK, duration, ticks};
pub(crate) use ending::{HostTrap, Reason, full_name};
pub(crate) use error::{Cause, Ended, Error, Trap};
#[cfg(feature = "async")]
pub(crate) use host::AsyncCaller;
pub(crate) use host::{Caller, Guest, HostState};
pub(crate) use store::{Func, Linked, Params, Results, Store};

#[cfg(not(any(feature = "wasmtime", feature = "wasmi")))]
compile_error!(
    "plugin-sdk-harness needs an engine: enable its feature `wasmtime` (fast calls) or `wasmi` (fast builds)"
);

/// The environment variable with the name of the default engine.
const VARIABLE: &str = "PLUGIN_SDK_ENGINE";

/// An engine that runs WebAssembly.
///
/// Each needs the feature of its name. [`PluginBuilder::engine`](crate::PluginBuilder::engine)
/// chooses one for an instance; the [default](Engine::usual) is for all others. The guide compares
/// the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// A compiler: calls at native speed, async calls, pools, backtraces. It takes minutes to
    /// build.
    Wasmtime,
    /// An interpreter: built in seconds, for the tests of plugins.
    Wasmi,
}

impl Engine {
    /// All engines.
    pub const ALL: &[Engine] = &[Engine::Wasmtime, Engine::Wasmi];

    /// Returns the engine's name, which is also its feature: `wasmtime` or `wasmi`.
    pub const fn name(self) -> &'static str {
        match self {
            Engine::Wasmtime => "wasmtime",
            Engine::Wasmi => "wasmi",
        }
    }

    /// Returns whether the engine is compiled in.
    pub const fn is_available(self) -> bool {
        match self {
            Engine::Wasmtime => cfg!(feature = "wasmtime"),
            Engine::Wasmi => cfg!(feature = "wasmi"),
        }
    }

    /// Returns the default engine: the one that the variable `PLUGIN_SDK_ENGINE` names, or else
    /// wasmtime if it is compiled in, or else wasmi.
    ///
    /// # Errors
    ///
    /// Fails if the variable names an engine that does not exist or is not compiled in.
    ///
    /// ```
    /// use plugin_sdk_harness::Engine;
    ///
    /// # if std::env::var_os("PLUGIN_SDK_ENGINE").is_none() {
    /// assert_eq!(Engine::usual()?, Engine::Wasmtime);
    /// # }
    /// # Ok::<(), plugin_sdk_harness::Failure>(())
    /// ```
    pub fn usual() -> Result<Self, Failure> {
        let named = std::env::var(VARIABLE).unwrap_or_default();
        let engine = match named.as_str() {
            "" if Engine::Wasmtime.is_available() => Engine::Wasmtime,
            "" => Engine::Wasmi,
            name => name.parse().map_err(|UnknownEngine(reason)| {
                unusable(format!("the variable {VARIABLE}: {reason}"))
            })?,
        };
        engine.available()
    }

    /// Returns the engine if it is compiled in.
    pub(crate) fn available(self) -> Result<Self, Failure> {
        if self.is_available() {
            return Ok(self);
        }
        let name = self.name();
        Err(unusable(format!(
            "the engine `{name}` is not compiled in; the feature `{name}` of plugin-sdk-harness adds it"
        )))
    }

    /// Returns the failure of something that this engine cannot do.
    pub(crate) fn lacks(self, what: &str) -> Failure {
        unusable(format!(
            "the engine `{self}` has no {what}; wasmtime has: enable the feature `wasmtime` of plugin-sdk-harness, and choose `.engine(Engine::Wasmtime)` or `{VARIABLE}=wasmtime`"
        ))
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error for a name that no engine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEngine(String);

impl fmt::Display for UnknownEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownEngine {}

impl FromStr for Engine {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, UnknownEngine> {
        let named = Engine::ALL.iter().find(|engine| engine.name() == name);
        named.copied().ok_or_else(|| {
            let name = crate::text::name(name);
            UnknownEngine(format!(
                "no engine is named `{name}`; the engines are `wasmtime` and `wasmi`"
            ))
        })
    }
}

fn unusable(reason: String) -> Failure {
    Failure::load(FailureKind::Engine { reason })
}

/// The options of an engine. A module is compiled separately for each combination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EngineOptions {
    pub(crate) engine: Engine,
    pub(crate) fuel: bool,
    pub(crate) clock: bool,
    pub(crate) stack_bytes: usize,
    /// `true` if instances may be in slots that stay ready for the next one.
    pub(crate) slots: bool,
    pub(crate) pool: Option<Pool>,
    pub(crate) cache: CacheDir,
}

impl EngineOptions {
    /// Checks that the engine has what the options ask for.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.engine.available()? {
            Engine::Wasmtime => Ok(()),
            engine if self.pool.is_some() => Err(engine.lacks("pool of slots for instances")),
            engine if matches!(self.cache, CacheDir::At(_)) => {
                Err(engine.lacks("cache of compiled code"))
            }
            Engine::Wasmi => Ok(()),
        }
    }
}

/// A preallocated pool of slots for instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    pub(crate) instances: u32,
    pub(crate) table_elements: usize,
}

/// The location of the cache of compiled code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum CacheDir {
    /// The folder in the variable `PLUGIN_SDK_CACHE_DIR`, or else the user's cache folder.
    #[default]
    Usual,
    /// The given folder.
    At(PathBuf),
    /// No cache.
    Off,
}

/// The state of the cache entry for a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The entry is intact.
    Sound,
    /// There is no entry, or it was damaged and has been removed.
    Absent,
    /// The entry is damaged and cannot be removed.
    Damaged,
}

/// An engine, shared by all modules with the same options.
pub(crate) struct SharedEngine {
    kind: Kind,
    clock: Clock,
}

enum Kind {
    #[cfg(feature = "wasmtime")]
    Wasmtime(wasmtime::Engine),
    #[cfg(feature = "wasmi")]
    Wasmi(wasmi::Engine),
}

impl SharedEngine {
    /// Returns the engine with these options; creates it if no module uses one at the moment.
    pub(crate) fn with(options: &EngineOptions) -> Result<Arc<Self>, Failure> {
        static ENGINES: Mutex<Vec<(EngineOptions, Weak<SharedEngine>)>> = Mutex::new(Vec::new());
        let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        engines.retain(|(_, engine)| engine.strong_count() > 0);
        let existing = engines
            .iter()
            .find(|(with, _)| with == options)
            .and_then(|(_, engine)| engine.upgrade());
        if let Some(engine) = existing {
            return Ok(engine);
        }
        let engine = Arc::new(Self::new(options)?);
        engines.push((options.clone(), Arc::downgrade(&engine)));
        Ok(engine)
    }

    fn new(options: &EngineOptions) -> Result<Self, Failure> {
        options.check()?;
        let clock = Clock::default();
        let kind = match options.engine {
            #[cfg(feature = "wasmtime")]
            Engine::Wasmtime => Kind::Wasmtime(wasmtime::Engine::new(options, &clock)?),
            #[cfg(feature = "wasmi")]
            Engine::Wasmi => Kind::Wasmi(wasmi::Engine::new(options, &clock)?),
            // The check has refused it.
            #[allow(unreachable_patterns, reason = "with both engines there is no other")]
            other => return Err(other.lacks("code in this program")),
        };
        Ok(SharedEngine { kind, clock })
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Verifies the cache's entry for a module.
    pub(crate) fn cached(&self, wasm: &[u8]) -> Entry {
        match &self.kind {
            #[cfg(feature = "wasmtime")]
            Kind::Wasmtime(engine) => engine.cached(wasm),
            #[cfg(feature = "wasmi")]
            Kind::Wasmi(_) => {
                let _ = wasm;
                Entry::Absent
            }
        }
    }

    /// Compiles a module and links it to its host functions. `found` is the state of its
    /// [entry](SharedEngine::cached) in the cache.
    pub(crate) fn link<T: HostState>(
        &self,
        wasm: &Arc<[u8]>,
        imports: &[ImportedFunction],
        found: Entry,
    ) -> Result<Linked<T>, Failure> {
        Ok(match &self.kind {
            #[cfg(feature = "wasmtime")]
            Kind::Wasmtime(engine) => Linked::Wasmtime(engine.link(wasm, imports, found)?),
            #[cfg(feature = "wasmi")]
            Kind::Wasmi(engine) => {
                let _ = found;
                Linked::Wasmi(engine.link(wasm, imports)?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_with_equal_options_are_shared_until_unused() {
        for engine in Engine::ALL.iter().copied().filter(|it| it.is_available()) {
            let options = EngineOptions {
                engine,
                fuel: false,
                clock: false,
                stack_bytes: 123_456,
                slots: true,
                pool: None,
                cache: CacheDir::Off,
            };
            let one = SharedEngine::with(&options).unwrap();
            let other = SharedEngine::with(&options).unwrap();
            assert!(Arc::ptr_eq(&one, &other));
            let gone = Arc::downgrade(&one);
            drop((one, other));
            assert!(gone.upgrade().is_none());
        }
    }

    #[test]
    fn engines_are_found_by_name_only() {
        assert_eq!("wasmi".parse(), Ok(Engine::Wasmi));
        assert_eq!(Engine::Wasmtime.name().parse(), Ok(Engine::Wasmtime));
        let error = "\u{1b}[31mv8".parse::<Engine>().unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'), "{error}");
        assert!(error.ends_with("the engines are `wasmtime` and `wasmi`"));
    }
}
