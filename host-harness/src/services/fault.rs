//! Host faults that a test injects.

use std::borrow::Cow;
use std::time::Duration;

use plugin_sdk::Error;

use super::script;

/// A fault of a host function, to test how a plugin handles it.
///
/// A function's name is that of the import: `kv_get`, `http_send`. `*` in it matches any run of
/// characters: `kv_*` means all functions with this prefix, `*` all functions. A fault strikes
/// every call, unless [`times`](Self::times) limits how often, or [`after`](Self::after) lets some
/// calls pass first. If several faults apply to one call, the first one that is due strikes.
///
/// ```
/// use plugin_sdk_harness::services::{InjectedFault, Faults, Strike};
///
/// let mut faults = Faults::new();
/// faults.add("kv_get", InjectedFault::error("unavailable", "disk on fire").after(1).times(1));
///
/// assert_eq!(faults.strike("kv_get"), None);
/// let Some(Strike::Error(error)) = faults.strike("kv_get") else { panic!() };
/// assert_eq!(error.code(), "unavailable");
/// assert_eq!(faults.strike("kv_get"), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct InjectedFault {
    strike: Strike,
    after: u64,
    times: u64,
}

/// The effect of an [`InjectedFault`] on one call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Strike {
    /// The function is not called and returns this error. A function whose signature has no error
    /// is called as usual.
    Error(Error),
    /// The function is called after this delay, which counts towards the timeout of the plugin's
    /// call.
    Delay(Duration),
    /// If the function succeeds and returns bytes, it returns this many bytes instead. If the guest
    /// supplied the buffer, the length stays.
    Oversized {
        /// The number of bytes.
        bytes: usize,
    },
    /// If the function succeeds and returns bytes, it returns bytes that cannot be decoded instead.
    BadBytes,
}

impl InjectedFault {
    /// Creates a fault that makes the call fail.
    pub fn error(
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        InjectedFault::of(Strike::Error(Error::new(code, message)))
    }

    /// Creates a fault that delays the call.
    pub fn delay(delay: Duration) -> Self {
        InjectedFault::of(Strike::Delay(delay))
    }

    /// Creates a fault that returns this many bytes.
    pub fn oversized(bytes: usize) -> Self {
        InjectedFault::of(Strike::Oversized { bytes })
    }

    /// Creates a fault that returns bytes that are neither text nor JSON.
    pub fn bad_bytes() -> Self {
        InjectedFault::of(Strike::BadBytes)
    }

    fn of(strike: Strike) -> Self {
        InjectedFault {
            strike,
            after: 0,
            times: u64::MAX,
        }
    }

    /// Limits the fault to this many strikes.
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Lets this many calls pass before the first strike.
    pub fn after(mut self, calls: u64) -> Self {
        self.after = calls;
        self
    }
}

impl Strike {
    /// Returns the bytes that replace those of the function, if this strike replaces them.
    pub fn bytes(&self) -> Option<Cow<'static, [u8]>> {
        match self {
            Strike::Oversized { bytes } => Some(vec![b'x'; *bytes].into()),
            Strike::BadBytes => Some(b"\xff\xfe{\"".into()),
            _ => None,
        }
    }
}

/// The faults set for an instance.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Each fault with a pattern for the names of its functions.
    planned: Vec<(String, InjectedFault)>,
}

impl Faults {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a fault for all functions that match a name; see [`InjectedFault`].
    pub fn add(&mut self, function: &str, fault: InjectedFault) {
        self.planned.push((function.to_owned(), fault));
    }

    /// Removes all faults.
    pub fn clear(&mut self) {
        self.planned.clear();
    }

    /// Returns whether no fault is left.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.planned.is_empty()
    }

    /// Counts a call of a function and returns the fault that strikes it. Without faults this costs
    /// one comparison.
    #[inline]
    pub fn strike(&mut self, function: &str) -> Option<Strike> {
        if self.is_empty() {
            return None;
        }
        self.due(function)
    }

    fn due(&mut self, function: &str) -> Option<Strike> {
        let mut struck = None;
        for (pattern, fault) in &mut self.planned {
            if !script::matches(pattern, function) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
            } else if fault.times > 0 && struck.is_none() {
                fault.times -= 1;
                struck = Some(fault.strike.clone());
            }
        }
        self.planned.retain(|(_, fault)| fault.times > 0);
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(faults: &mut Faults, function: &str, calls: usize) -> Vec<String> {
        (0..calls)
            .map(|_| match faults.strike(function) {
                None => "-".to_owned(),
                Some(Strike::Error(error)) => error.code().to_owned(),
                Some(other) => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn fault_strikes_every_call_of_its_function_only() {
        let mut faults = Faults::new();
        faults.add("kv_get", InjectedFault::error("a", ""));
        assert_eq!(codes(&mut faults, "kv_get", 3), ["a", "a", "a"]);
        assert_eq!(codes(&mut faults, "kv_get_all", 1), ["-"]);
        faults.clear();
        assert_eq!(codes(&mut faults, "kv_get", 1), ["-"]);
    }

    #[test]
    fn faults_strike_in_turn_and_run_out() {
        let mut faults = Faults::new();
        faults.add("kv_get", InjectedFault::error("a", "").times(2));
        faults.add("kv_*", InjectedFault::error("b", "").after(3).times(1));
        faults.add("*", InjectedFault::error("c", "").after(1).times(1));
        assert_eq!(
            codes(&mut faults, "kv_get", 6),
            ["a", "a", "c", "b", "-", "-"]
        );
        assert!(
            faults.planned.is_empty(),
            "faults that have run out are dropped"
        );
    }

    #[test]
    fn fault_limited_to_zero_times_never_strikes() {
        let mut faults = Faults::new();
        faults.add("*", InjectedFault::bad_bytes().times(0));
        assert_eq!(faults.strike("kv_get"), None);
    }

    #[test]
    fn oversized_bytes_have_the_length_and_bad_bytes_are_not_utf8() {
        assert_eq!(
            Strike::Oversized { bytes: 70_000 }.bytes().unwrap().len(),
            70_000
        );
        let bad = Strike::BadBytes.bytes().unwrap();
        assert!(std::str::from_utf8(&bad).is_err());
        assert_eq!(Strike::Delay(Duration::ZERO).bytes(), None);
    }
}
