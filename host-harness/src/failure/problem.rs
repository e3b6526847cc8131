//! What is wrong with a value.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// The code of the error that the plugin itself would answer with: `missing_argument`, `unknown_argument` or `invalid_argument`; `invalid_json` where
    /// arguments with names are no object. `bad_schema` where the value is not to blame: its schema cannot be used.
    pub code: &'static str,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Which part of the value it is: `items[2].price`; empty for the whole value.
    pub path: String,
    /// The same as a JSON Pointer: `/items/2/price`.
    pub pointer: String,
    /// What belongs there.
    pub expected: String,
    /// The beginning of what is there; `None` where something is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The names of the members that there may be, where one is unknown.
    #[serde(skip)]
    pub(crate) known: Vec<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
