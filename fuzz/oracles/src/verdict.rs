//! The result of an oracle.

/// `Ok` if every property holds for an input, or the property that does not.
pub type Verdict = Result<(), String>;

/// Returns a fault unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(format!($($words)+));
        }
    };
}

pub(crate) use ensure;
