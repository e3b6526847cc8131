//! What a guest's imports lead to.
//!
//! `import.rs` links functions that know nothing but which import they are, once for all instances of a module; [`Host`], which each instance
//! has in its store, knows what that import is bound to; `dispatch.rs` is the way of every call, `asynchronous.rs` of those that may have to be waited for; `history.rs` keeps the last few.

#[cfg(feature = "async")]
mod asynchronous;
mod dispatch;
mod history;
mod import;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plugin_sdk::imports::{HostFunction, HostFunctions};
use wasmtime::{Memory, TypedFunc};

use crate::engine::{Clock, duration};
use crate::failure::{Failure, FailureKind, Import, MAX_LOG_LINES};
use crate::limits::Limits;
use crate::record::{HostCall, LogLine};
use crate::services::{Call, Faults, GrantWords, Grants, RecordedLog};
use history::{History, Regions};

pub(crate) use dispatch::{HostTrap, Reason};
#[cfg(feature = "async")]
pub(crate) use import::link_async;
pub(crate) use import::{ImportedFunction, link};

/// The number of the next host's first call; each has room for 2^32 of them.
static NUMBERS: AtomicU64 = AtomicU64::new(1 << 32);

/// The host that one instance sees.
#[derive(Default)]
pub(crate) struct Host {
    implementations: Vec<HostFunctions>,
    /// What each of the module's imports is bound to, in their order.
    bound: Vec<Bound>,
    /// In a box, as every call takes it out and puts it back.
    guest: Option<Box<Guest>>,
    history: History,
    clock: Clock,
    /// The tick at which the call that is running has used up its time; 0 for never.
    deadline: u64,
    faults: Faults,
    /// The log of a host that is played, whose functions are no log themselves.
    log: Option<RecordedLog>,
    /// How a permission is granted, for whoever is denied one.
    grant_words: GrantWords,
    /// The most bytes that a function may be given.
    argument_bytes: u64,
    /// The most bytes of log lines that a call may pass on.
    log_bytes: u64,
    /// The number of the call that is running.
    number: u64,
}

/// An import and what it leads to.
struct Bound {
    function: &'static HostFunction,
    /// The place of its implementation.
    implementation: usize,
    /// Whether it may be called.
    granted: bool,
    /// What its calls are remembered by.
    regions: Regions,
    /// The places of counts among its numbers, and the size of one counted item.
    counts: Box<[(usize, u64)]>,
}

impl Bound {
    /// Returns how many bytes a call gives it.
    #[inline]
    fn argument_bytes(&self, slots: &[u64]) -> u64 {
        let bytes = self.counts.iter().map(|(at, size)| {
            let count = slots.get(*at).copied().unwrap_or_default();
            count.saturating_mul(*size)
        });
        bytes.fold(0, u64::saturating_add)
    }
}

/// What a host function needs of the instance that calls it. A store has one instance, so these are its caller's.
struct Guest {
    memory: Memory,
    /// None where the host that is played asks for no such export.
    alloc: Option<TypedFunc<u32, u32>>,
}

impl Host {
    /// Binds a module's imports to implementations, of which the last that has a function counts. `can_wait` is whether it may be an asynchronous one.
    pub(crate) fn bind(
        imports: &[ImportedFunction],
        implementations: Vec<HostFunctions>,
        grants: &Grants,
        clock: Clock,
        can_wait: bool,
    ) -> Result<Self, Failure> {
        let mut missing = Vec::new();
        let mut bound = Vec::with_capacity(imports.len());
        for import in imports {
            let found = implementations
                .iter()
                .enumerate()
                .rev()
                .find_map(|(at, host)| {
                    let mut functions = host.functions().iter();
                    let function = functions.find(|function| import.is(function))?;
                    Some((at, function))
                });
            let Some((implementation, function)) = found else {
                missing.push(Import {
                    module: import.module.clone(),
                    name: import.name.clone(),
                });
                continue;
            };
            import.check(function)?;
            if function.serve.is_async() && !can_wait {
                return Err(Failure::load(FailureKind::AsyncHostFunction {
                    function: full_name(function).to_string(),
                }));
            }
            bound.push(Bound {
                function,
                implementation,
                regions: Regions::of(function),
                counts: history::counts(function).collect(),
                granted: function
                    .permission
                    .is_none_or(|permission| grants.allows(permission)),
            });
        }
        if !missing.is_empty() {
            return Err(Failure::load(FailureKind::MissingImports {
                imports: missing,
            }));
        }
        Ok(Host {
            implementations,
            history: History::of(&bound),
            bound,
            clock,
            grant_words: grants.words(),
            number: NUMBERS.fetch_add(1 << 32, Ordering::Relaxed),
            ..Host::default()
        })
    }

    /// Says where failures find the last lines of the log, for a host whose functions are no log themselves.
    pub(crate) fn set_log(&mut self, log: RecordedLog) {
        self.log = Some(log);
    }

    /// The permissions that bound functions need, those not granted only.
    pub(crate) fn not_granted(&self) -> impl Iterator<Item = &'static str> {
        let denied = self.bound.iter().filter(|bound| !bound.granted);
        denied.filter_map(|bound| bound.function.permission)
    }

    /// What a function answers whose permission is not granted.
    #[cold]
    fn denied(&self, function: &HostFunction) -> plugin_sdk::Error {
        self.grant_words
            .denied(function.permission.unwrap_or_default())
    }

    /// Sets the limits of host functions.
    pub(crate) fn set_limits(&mut self, limits: &Limits) {
        self.argument_bytes = limits.max_argument_bytes;
        self.log_bytes = limits.max_log_bytes;
    }

    /// Returns the call that is running, with the time that it has left.
    #[inline]
    fn call(&self, left: Option<Duration>) -> Call {
        Call {
            left,
            number: self.number,
            log_bytes: self.log_bytes,
        }
    }

    /// What goes wrong from now on.
    pub(crate) fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// How much of the running call's time is left; `None` for any.
    #[inline]
    fn time_left(&self) -> Option<Duration> {
        (self.deadline != 0).then(|| duration(self.deadline.saturating_sub(self.clock.now())))
    }

    /// Whether the running call has used up its time.
    #[inline]
    pub(crate) fn is_late(&self) -> bool {
        self.clock.passed(self.deadline)
    }

    /// From now on the host's functions can reach the guest.
    pub(crate) fn attach(&mut self, memory: Memory, alloc: Option<TypedFunc<u32, u32>>) {
        self.guest = Some(Box::new(Guest { memory, alloc }));
    }

    /// A call of the guest begins, which may take so many ticks; 0 for any number.
    #[inline]
    pub(crate) fn begin(&mut self, ticks: u64) {
        self.deadline = match ticks {
            0 => 0,
            ticks => self.clock.now().saturating_add(ticks),
        };
        self.number = self.number.wrapping_add(1);
        self.history.begin();
    }

    /// How long the call has taken so far that began with so many ticks; whole ticks only.
    pub(crate) fn elapsed(&self, ticks: u64) -> Duration {
        let passed = self
            .clock
            .now()
            .saturating_add(ticks)
            .saturating_sub(self.deadline);
        duration(passed)
    }

    /// The last calls of the guest's call, oldest first.
    pub(crate) fn calls(&self) -> Vec<HostCall> {
        self.history.render(&self.bound)
    }

    /// How many calls the guest's call has made.
    pub(crate) fn calls_made(&self) -> u64 {
        self.history.count() as u64
    }

    /// The last lines that were logged, where they are recorded, oldest first.
    pub(crate) fn log_lines(&self) -> Vec<LogLine> {
        let logs = self.implementation().or(self.log.as_ref());
        logs.map_or_else(Vec::new, |logs: &RecordedLog| logs.last(MAX_LOG_LINES))
    }

    /// The latest implementation of a type.
    pub(crate) fn implementation<T: 'static>(&self) -> Option<&T> {
        let mut latest = self.implementations.iter().rev();
        latest.find_map(HostFunctions::implementation)
    }

    /// The latest implementation of a type.
    pub(crate) fn implementation_mut<T: 'static>(&mut self) -> Option<&mut T> {
        let mut latest = self.implementations.iter_mut().rev();
        latest.find_map(HostFunctions::implementation_mut)
    }
}

/// The name of a function as failures say it.
fn full_name(function: &HostFunction) -> Arc<str> {
    format!("{}.{}", function.module, function.name).into()
}
