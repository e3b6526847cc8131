//! Binds a guest's imports to host functions and dispatches the calls.
//!
//! The engine links functions that know only the index of their import, once for all instances of a
//! module. The [`Host`] in each instance's store knows what that import is bound to; `native.rs`
//! finds the imports of plugins that run without WebAssembly. The engine enters by `entry.rs`;
//! `dispatch.rs` serves every call, `asynchronous.rs` those that may have to wait, `delivery.rs`
//! passes their results to the guest, and `history.rs` keeps the last few.
//! `recording.rs` has the form in which a transcript keeps all of them, and `replaying.rs` answers
//! from one.

#[cfg(feature = "async")]
mod asynchronous;
mod bound;
mod delivery;
mod dispatch;
mod entry;
mod history;
mod interrupt;
mod native;
mod recording;
mod replaying;
mod state;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plugin_sdk::abi;
use plugin_sdk::imports::{HostFunction, HostFunctions};

use crate::abi::ImportedFunction;
use crate::engine::{Clock, Guest, HostTrap, duration, full_name};
use crate::failure::{Failure, FailureKind, HostCall, Import, LogLine, MAX_LOG_LINES};
use crate::limits::Limits;
use crate::permissions::{GrantWords, Grants};
use crate::services::{Call, Faults, RecordedLog};
use bound::{Bound, Regions, counts};
use history::History;

pub use interrupt::Interrupt;
pub(crate) use state::State;

/// The number of the next host's first call. Each host has room for 2^32 calls.
static NUMBERS: AtomicU64 = AtomicU64::new(1 << 32);

/// The host of one instance.
#[derive(Default)]
pub(crate) struct Host {
    implementations: Vec<HostFunctions>,
    /// The number of implementations, the first ones, that belong to an emulated host.
    emulated: usize,
    /// The bindings of the imports, in the order of the module.
    bound: Vec<Bound>,
    /// Boxed, because every call takes it out and puts it back.
    guest: Option<Box<Guest>>,
    /// The address of the guest's room for short answers, if it has one. It is within the memory.
    room: Option<u32>,
    history: History,
    clock: Clock,
    /// The tick at which the current call times out; 0 for never.
    deadline: u64,
    faults: Faults,
    /// The log of an emulated host, which is not among its host functions.
    log: Option<RecordedLog>,
    /// The wording that explains how to grant a permission.
    grant_hint: GrantWords,
    /// The most bytes that a host function may receive.
    argument_bytes: u64,
    /// The most bytes of log lines that a call may forward.
    log_bytes: u64,
    /// The most host calls that a call may make.
    host_calls: u64,
    /// The number of the current call.
    number: u64,
    /// The imports, if every call of them is refused.
    refused: Box<[ImportedFunction]>,
}

impl Host {
    /// Binds a module's imports to implementations; the last one that has a function wins.
    /// `can_wait` allows asynchronous implementations.
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
                    function: full_name(function),
                }));
            }
            bound.push(Bound {
                function,
                implementation,
                regions: Regions::of(function),
                counts: counts(function).collect(),
                denied: function
                    .permission
                    .filter(|permission| !grants.allows(permission)),
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
            grant_hint: grants.words(),
            number: NUMBERS.fetch_add(1 << 32, Ordering::Relaxed),
            ..Host::default()
        })
    }

    /// Creates a host that refuses every call, for a plugin that is prepared for a snapshot.
    pub(crate) fn ahead(imports: &[ImportedFunction], clock: Clock) -> Self {
        Host {
            refused: imports.into(),
            clock,
            ..Host::default()
        }
    }

    /// Returns the trap of a call of the import with this index, if every call is refused.
    fn refusal(&self, number: usize) -> Option<HostTrap> {
        let import = self.refused.get(number)?;
        let function = format!("{}.{}", import.module, import.name);
        Some(HostTrap::ahead(function))
    }

    /// Sets the number of implementations, the first ones, that belong to an emulated host.
    pub(crate) fn set_emulated(&mut self, implementations: usize) {
        self.emulated = implementations;
    }

    /// Returns whether a replay also calls the implementation with this index: one of an emulated
    /// host, or the log, so that failures quote it.
    fn is_served_in_replays(&self, implementation: usize, function: &HostFunction) -> bool {
        implementation < self.emulated
            || (function.module, function.name) == (abi::SERVICES_MODULE, "log_write")
    }

    /// Sets the log that failures quote, for a host without a log among its host functions.
    pub(crate) fn set_log(&mut self, log: Option<RecordedLog>) {
        self.log = log;
    }

    /// Returns the permissions that bound functions need and that are not granted.
    pub(crate) fn not_granted(&self) -> impl Iterator<Item = &'static str> {
        self.bound.iter().filter_map(|bound| bound.denied)
    }

    /// Sets the limits of host functions.
    pub(crate) fn set_limits(&mut self, limits: &Limits) {
        self.argument_bytes = limits.max_argument_bytes;
        self.log_bytes = limits.max_log_bytes;
        self.host_calls = limits.max_host_calls;
    }

    /// Returns the current call, with the time that it has left.
    #[inline]
    fn call(&self, left: Option<Duration>) -> Call {
        Call {
            left,
            number: self.number,
            log_bytes: self.log_bytes,
        }
    }

    /// Returns the faults, to change them.
    pub(crate) fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// Returns the time left to the current call, or `None` if unlimited.
    #[inline]
    fn time_left(&self) -> Option<Duration> {
        (self.deadline != 0).then(|| duration(self.deadline.saturating_sub(self.clock.now())))
    }

    /// Returns whether the current call has timed out.
    #[inline]
    pub(crate) fn is_late(&self) -> bool {
        self.clock.passed(self.deadline)
    }

    /// Gives the host functions access to the guest and its room for short answers.
    pub(crate) fn attach(&mut self, guest: Guest, room: Option<u32>) {
        self.guest = Some(Box::new(guest));
        self.room = room;
    }

    /// Records that a call of the guest starts, with a timeout in ticks; 0 for none.
    #[inline]
    pub(crate) fn begin(&mut self, ticks: u64) {
        self.deadline = match ticks {
            0 => 0,
            ticks => self.clock.now().saturating_add(ticks),
        };
        self.number = self.number.wrapping_add(1);
        self.history.begin();
    }

    /// Returns how long the call with this timeout in ticks has been running, in whole ticks.
    pub(crate) fn elapsed(&self, ticks: u64) -> Duration {
        let passed = self
            .clock
            .now()
            .saturating_add(ticks)
            .saturating_sub(self.deadline);
        duration(passed)
    }

    /// Returns the last host calls of the current call, oldest first.
    pub(crate) fn calls(&self) -> Vec<HostCall> {
        self.history.render(&self.bound)
    }

    /// Returns the number of host calls in the current call.
    pub(crate) fn calls_made(&self) -> u64 {
        self.history.count() as u64
    }

    /// Returns the last log lines, oldest first, if they are recorded.
    pub(crate) fn log_lines(&self) -> Vec<LogLine> {
        let logs = self.implementation().or(self.log.as_ref());
        logs.map_or_else(Vec::new, |logs: &RecordedLog| logs.last(MAX_LOG_LINES))
    }

    /// Returns the latest implementation of a type.
    pub(crate) fn implementation<T: 'static>(&self) -> Option<&T> {
        let mut latest = self.implementations.iter().rev();
        latest.find_map(HostFunctions::implementation)
    }

    /// Returns the latest implementation of a type.
    pub(crate) fn implementation_mut<T: 'static>(&mut self) -> Option<&mut T> {
        let mut latest = self.implementations.iter_mut().rev();
        latest.find_map(HostFunctions::implementation_mut)
    }
}
