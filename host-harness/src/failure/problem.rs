//! The problems that schema validation finds in a value.

use std::fmt;

use serde::Serialize;

/// One mismatch between a value and its schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// The code of the error that the plugin itself would return: `missing_argument`,
    /// `unknown_argument` or `invalid_argument`, or `invalid_json` if named arguments are not an
    /// object. `bad_schema` if the fault is not in the value: its schema cannot be used.
    pub code: &'static str,
    /// The description, a sentence.
    pub message: String,
    /// The path to the part of the value, such as `items[2].price`; empty for the whole value.
    pub path: String,
    /// The path as a JSON Pointer: `/items/2/price`.
    pub pointer: String,
    /// The expected value.
    pub expected: String,
    /// The beginning of the actual value; `None` if it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The names of the allowed members, if this one is unknown.
    #[serde(skip)]
    pub(crate) known: Vec<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
