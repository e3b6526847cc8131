//! A kit of hostile guests: small modules that deceive, hang, grow and crash, each with the steps
//! that a host takes with it and the outcomes that are safe.
//!
//! The harness passes all of them on both engines. A host of another make can run them too: an
//! implementation of [`Host`] reports what the host does, and [`Case::run`] judges it.
//!
//! ```
//! use plugin_sdk_harness::Engine;
//! use plugin_sdk_harness::hostile::{self, Harness};
//!
//! for case in hostile::cases().iter().filter(|case| case.group() == "results") {
//!     case.run(&mut Harness::on(Engine::usual()?))?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A host in another language reads the modules and `expected.json` that `cargo plugin hostile`
//! writes.
//!
//! # A host of your own
//!
//! ```
//! use plugin_sdk_harness::hostile::{self, Call, Case, Host, Observed, Outcome};
//!
//! /// A host that refuses everything, which is safe and of no use.
//! struct Refusing;
//!
//! impl Host for Refusing {
//!     fn describe(&mut self, _: &[u8]) -> Option<Observed> {
//!         None
//!     }
//!
//!     fn load(&mut self, _: &Case, _: &[u8]) -> Observed {
//!         Outcome::Refused.into()
//!     }
//!
//!     fn call(&mut self, _: &Call) -> Observed {
//!         Outcome::Refused.into()
//!     }
//! }
//!
//! let departures = hostile::cases().iter().filter_map(|case| case.run(&mut Refusing).err());
//! let departure = departures.last().expect("the kit has guests that do no harm");
//! assert_eq!(departure.observed.outcome, Outcome::Refused);
//! ```
//!
//! | module | contents |
//! |---|---|
//! | `outcome` | outcomes in words that fit any host |
//! | `case` | a case: module, limits, steps |
//! | `guest` | a guest that follows the ABI, with parts to replace |
//! | `draft` | the language in which the catalogue is written |
//! | `catalogue` | the cases, one module for each group |
//! | `host` | running a case in a host |
//! | `harness` | the harness as such a host |
//! | `json` | `expected.json` |

mod case;
mod catalogue;
mod draft;
mod guest;
mod harness;
mod host;
mod json;
mod outcome;

use std::sync::OnceLock;

pub use case::{Action, Call, Case, Contract, Expected, Inputs, Limits, Reads, Step};
pub use harness::Harness;
pub use host::{Departure, Host};
pub use json::expected;
pub use outcome::{Observed, Outcome};

/// Returns all cases, group after group.
pub fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(catalogue::all)
}
