//! Random bytes, fit for keys. They need no permission.
//!
//! ```
//! # fn dice() -> plugin_sdk::Result<u64> {
//! use plugin_sdk::random;
//!
//! let key: [u8; 32] = random::bytes()?;
//! let dice = random::u64()? % 6 + 1;
//! # let _ = key;
//! # Ok(dice)
//! # }
//! ```
//!
//! # Crates that use `getrandom`
//!
//! With this crate's feature `getrandom`, crates such as `rand` and `uuid` get their random bytes
//! from the host, with `getrandom` 0.2, 0.3 and 0.4. Add a feature in the plugin's `Cargo.toml`:
//!
//! ```toml
//! plugin-sdk = { version = "0.1", features = ["getrandom"] }
//! ```
//!
//! and a flag in `.cargo/config.toml`, which `getrandom` 0.3 and 0.4 need (0.2 does not):
//!
//! ```toml
//! [target.wasm32-unknown-unknown]
//! rustflags = ['--cfg', 'getrandom_backend="custom"']
//! ```
//!
//! With the feature, a plugin always imports `random_fill`, even if it never calls it.
//!
//! `uuid` has a backend of its own for this target, which its feature `rng-getrandom` turns off:
//! `uuid = { version = "1", features = ["v4", "rng-getrandom"] }`.

use crate::contracts::Contract;
pub use crate::contracts::services::Random;
#[cfg(not(target_arch = "wasm32"))]
use crate::contracts::services::random;
use crate::error::Result;

implemented_by_hosts!(Random, AsyncRandom as random);

/// Fills a buffer.
#[inline]
pub fn fill(bytes: &mut [u8]) -> Result<()> {
    Contract.fill(bytes)
}

/// Returns `N` random bytes.
#[inline]
pub fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    Contract.fill(&mut bytes)?;
    Ok(bytes)
}

/// Returns a number, each with the same probability.
#[inline]
pub fn u64() -> Result<u64> {
    bytes().map(u64::from_le_bytes)
}
