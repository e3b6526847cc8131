//! Random calls of a plugin, and the properties that hold whatever the plugin does.
//!
//! `search` makes runs, each with a seed. `generate` plans a [sequence](plan::Sequence) of calls
//! from it and from the plugin's own schemas; `run` makes the calls, `properties` judges each
//! answer, and `compare` compares two runs of the same calls. `shrink` reduces what fails,
//! `printed` writes it as a test, and `report` reports it. `subject` is the plugin with its
//! description, and `parts` numbers the parts of a value.
//!
//! Everything is bounded, because the module may be hostile: the size of values, the time of a call
//! (by fuel), the number of candidates of shrinking, and the number of findings.

mod compare;
mod generate;
mod parts;
mod plan;
mod printed;
mod properties;
mod property;
mod report;
mod run;
mod search;
mod shrink;
mod subject;

pub use printed::Origin;
pub use property::Property;
pub use report::Fuzzed;
pub use search::{Options, Outcome, search};
pub use subject::Subject;
