//! Clocks. They need no permission.
//!
//! `std::time::SystemTime::now()` and `std::time::Instant::now()` panic in `wasm32-unknown-unknown`: "time not implemented on this platform". That goes for
//! crates that call them, too. Values of [`SystemTime`], and all that can be reckoned with them, work:
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

/// What time it is.
///
/// # Errors
///
/// The host's.
#[inline]
pub fn now() -> Result<SystemTime> {
    let mut nanoseconds = 0;
    Contract.now(&mut nanoseconds)?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds))
}

/// How long it is since a moment of the host's choosing: the difference of two such times is how long something took.
///
/// # Errors
///
/// The host's.
#[inline]
pub fn monotonic() -> Result<Duration> {
    let mut nanoseconds = 0;
    Contract.monotonic(&mut nanoseconds)?;
    Ok(Duration::from_nanos(nanoseconds))
}
