//! Faults of the host that a test asks for.

use std::borrow::Cow;
use std::time::Duration;

use plugin_sdk::Error;

/// Something that goes wrong at a host function, to see what a plugin makes of it.
///
/// Names are those of the imports: `kv_get`, `http_send`; `kv_*` means all that begin so, `*` all there are. A fault strikes at every call unless
/// [`times`](Self::times) bounds it, and from the first on unless [`after`](Self::after) lets some pass. Of several for one function the first
/// that is due strikes.
///
/// ```
/// use plugin_sdk_harness::services::{Fault, Faults, Strike};
///
/// let mut faults = Faults::new();
/// faults.add("kv_get", Fault::error("unavailable", "disk on fire").after(1).times(1));
///
/// assert_eq!(faults.strike("kv_get"), None);
/// let Some(Strike::Error(error)) = faults.strike("kv_get") else { panic!() };
/// assert_eq!(error.code(), "unavailable");
/// assert_eq!(faults.strike("kv_get"), None);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Fault {
    strike: Strike,
    after: u64,
    times: u64,
}

/// What a [`Fault`] does to one call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Strike {
    /// The function is not called, and answers with this error; one that cannot fail by its signature is called.
    Error(Error),
    /// The function is called, so much later. The call's time goes on meanwhile.
    Delay(Duration),
    /// The function's answer, where it is of bytes and no error, is so many of them instead; where the guest itself gave the room for it, it is as many as it was.
    Oversized {
        /// How many.
        bytes: usize,
    },
    /// The function's answer, where it is of bytes and no error, is some that nothing can be read from instead.
    BadBytes,
}

impl Fault {
    /// The call fails.
    pub fn error(
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Fault::of(Strike::Error(Error::new(code, message)))
    }

    /// The call takes this much longer.
    pub fn delay(delay: Duration) -> Self {
        Fault::of(Strike::Delay(delay))
    }

    /// The answer has so many bytes.
    pub fn oversized(bytes: usize) -> Self {
        Fault::of(Strike::Oversized { bytes })
    }

    /// The answer is neither text nor JSON.
    pub fn bad_bytes() -> Self {
        Fault::of(Strike::BadBytes)
    }

    fn of(strike: Strike) -> Self {
        Fault {
            strike,
            after: 0,
            times: u64::MAX,
        }
    }

    /// Strikes so many times at most.
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Lets so many calls pass before the first strike.
    pub fn after(mut self, calls: u64) -> Self {
        self.after = calls;
        self
    }
}

impl Strike {
    /// The bytes to answer with, where the strike is one of bytes.
    pub fn bytes(&self) -> Option<Cow<'static, [u8]>> {
        match self {
            Strike::Oversized { bytes } => Some(vec![b'x'; *bytes].into()),
            Strike::BadBytes => Some(b"\xff\xfe{\"".into()),
            _ => None,
        }
    }
}

/// The faults that are set for an instance.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    planned: Vec<Planned>,
}

#[derive(Clone, Debug)]
struct Planned {
    /// An import's name, or a prefix where `prefix` says so.
    function: String,
    prefix: bool,
    fault: Fault,
}

impl Faults {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a fault for the functions of a name: see [`Fault`].
    pub fn add(&mut self, function: &str, fault: Fault) {
        let (function, prefix) = match function.strip_suffix('*') {
            Some(start) => (start, true),
            None => (function, false),
        };
        self.planned.push(Planned {
            function: function.to_owned(),
            prefix,
            fault,
        });
    }

    /// Lifts all faults.
    pub fn clear(&mut self) {
        self.planned.clear();
    }

    /// What happens to this call of a function, which is thereby counted. Costs one comparison where no fault is set.
    #[inline]
    pub fn strike(&mut self, function: &str) -> Option<Strike> {
        if self.planned.is_empty() {
            return None;
        }
        self.due(function)
    }

    fn due(&mut self, function: &str) -> Option<Strike> {
        let mut struck = None;
        for planned in &mut self.planned {
            if !planned.is_for(function) {
                continue;
            }
            let fault = &mut planned.fault;
            if fault.after > 0 {
                fault.after -= 1;
            } else if fault.times > 0 && struck.is_none() {
                fault.times -= 1;
                struck = Some(fault.strike.clone());
            }
        }
        self.planned.retain(|planned| planned.fault.times > 0);
        struck
    }
}

impl Planned {
    fn is_for(&self, function: &str) -> bool {
        match self.prefix {
            true => function.starts_with(&self.function),
            false => function == self.function,
        }
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
    fn a_fault_strikes_every_call_of_its_function_and_no_other() {
        let mut faults = Faults::new();
        faults.add("kv_get", Fault::error("a", ""));
        assert_eq!(codes(&mut faults, "kv_get", 3), ["a", "a", "a"]);
        assert_eq!(codes(&mut faults, "kv_get_all", 1), ["-"]);
        faults.clear();
        assert_eq!(codes(&mut faults, "kv_get", 1), ["-"]);
    }

    #[test]
    fn faults_take_turns_as_they_come_due_and_run_out() {
        let mut faults = Faults::new();
        faults.add("kv_get", Fault::error("a", "").times(2));
        faults.add("kv_*", Fault::error("b", "").after(3).times(1));
        faults.add("*", Fault::error("c", "").after(1).times(1));
        assert_eq!(
            codes(&mut faults, "kv_get", 6),
            ["a", "a", "c", "b", "-", "-"]
        );
        assert!(faults.planned.is_empty(), "what has run out is let go of");
    }

    #[test]
    fn a_fault_of_no_times_never_strikes() {
        let mut faults = Faults::new();
        faults.add("*", Fault::bad_bytes().times(0));
        assert_eq!(faults.strike("kv_get"), None);
    }

    #[test]
    fn bytes_are_as_many_as_asked_for_and_bad_ones_are_no_text() {
        assert_eq!(
            Strike::Oversized { bytes: 70_000 }.bytes().unwrap().len(),
            70_000
        );
        let bad = Strike::BadBytes.bytes().unwrap();
        assert!(std::str::from_utf8(&bad).is_err());
        assert_eq!(Strike::Delay(Duration::ZERO).bytes(), None);
    }
}
