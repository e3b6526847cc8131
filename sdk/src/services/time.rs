//! Clocks. They need no permission.
//!
//! In `wasm32-unknown-unknown`, `std::time::SystemTime::now()` and `std::time::Instant::now()`
//! panic: "time not implemented on this platform". So do crates that call them. Values of
//! [`SystemTime`], and calculations with them, work:
//!
//! ```
//! # fn age() -> plugin_sdk::Result<u64> {
//! use plugin_sdk::time;
//!
//! let before = time::monotonic()?;
//! let since_1970 = time::now()?.duration_since(std::time::UNIX_EPOCH);
//! let took = time::monotonic()?.saturating_sub(before);
//! # Ok(since_1970.unwrap_or_default().as_secs() + took.as_secs())
//! # }
//! ```

use std::time::{Duration, SystemTime};

use crate::contracts::Contract;
pub use crate::contracts::services::Time;
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::time;
use crate::error::Result;

implemented_by_hosts!(Time, AsyncTime as time);

/// Returns the current time.
#[inline]
pub fn now() -> Result<SystemTime> {
    let mut nanoseconds = 0;
    Contract.now(&mut nanoseconds)?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds))
}

/// Returns the time since an arbitrary moment. The difference of two such times is a duration.
#[inline]
pub fn monotonic() -> Result<Duration> {
    let mut nanoseconds = 0;
    Contract.monotonic(&mut nanoseconds)?;
    Ok(Duration::from_nanos(nanoseconds))
}
