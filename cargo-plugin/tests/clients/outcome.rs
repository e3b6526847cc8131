//! The outcome of a call, as drivers print it.

use plugin_sdk_harness::Failure;
use serde_json::{Value, json};

#[derive(Debug)]
pub enum Outcome {
    /// The result of a command, or `null`.
    Result(Value),
    /// The elements that a raw command returned.
    Elements(Value),
    /// The code and, for a plugin's own errors and panics, more.
    Error(Value),
}

impl Outcome {
    /// Reads the line of a driver.
    pub fn parse(line: &str) -> Self {
        let line: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let part = |name: &str| line.get(name).cloned();
        part("result")
            .map(Outcome::Result)
            .or_else(|| part("elements").map(Outcome::Elements))
            .or_else(|| part("error").map(Outcome::Error))
            .unwrap_or_else(|| panic!("{line}"))
    }

    pub fn failed(failure: &Failure) -> Self {
        let error = failure.plugin_error();
        let panic = failure.panic();
        Outcome::Error(json!({
            "code": failure.code(),
            "message": error.map(|error| error.message()),
            "panic": panic.map(|panic| panic.message.as_str()),
            "file": panic.map(|panic| panic.file.as_str()),
        }))
    }

    /// Returns whether this is an error with the given members.
    pub fn has_error(&self, expected: &Value) -> bool {
        let Outcome::Error(found) = self else {
            return false;
        };
        let mut expected = expected.as_object().unwrap().iter();
        expected.all(|(name, value)| &found[name] == value)
    }

    /// Returns whether two outcomes are equal. Of a failure that a client finds itself, only the
    /// code counts: each language has its own messages.
    pub fn is_same(&self, other: &Outcome) -> bool {
        match (self, other) {
            (Outcome::Result(one), Outcome::Result(other))
            | (Outcome::Elements(one), Outcome::Elements(other)) => same(one, other),
            (found, Outcome::Error(expected)) => {
                let mut expected = expected.clone();
                let members = expected.as_object_mut().unwrap();
                members.retain(|_, value| !value.is_null());
                found.has_error(&expected)
            }
            _ => false,
        }
    }
}

/// Returns whether values are equal. Languages write numbers in different ways.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let whole = |number: &serde_json::Number| number.to_string().parse::<i128>().ok();
            let large = |number: &serde_json::Number| number.to_string().parse::<u128>().ok();
            match (whole(one), whole(other)) {
                (Some(one), Some(other)) => one == other,
                _ if large(one).is_some() || large(other).is_some() => {
                    large(one) == large(other)
                        || one.as_f64() == other.as_f64()
                            && large(one).is_none() != large(other).is_none()
                }
                _ => one.as_f64() == other.as_f64(),
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(others)) => {
            one.len() == others.len()
                && one
                    .iter()
                    .all(|(name, value)| others.get(name).is_some_and(|other| same(value, other)))
        }
        (one, other) => one == other,
    }
}
