//! Checks the properties of one call.

use plugin_sdk_harness::{Failure, FailureKind};
use serde_json::Value;

use super::plan::Step;
use super::property::Property;
use super::subject::{Subject, Validity};
use crate::conformance::is_from_reader;
use crate::interface::Element;
use crate::text;

/// The greatest length of a value in a message, in bytes.
const MAX_SHOWN: usize = 200;

/// A violation of a property by one call.
#[derive(Clone, Debug)]
pub struct Violation {
    pub property: Property,
    /// A description, in a sentence.
    pub message: String,
    /// The place in the plugin's code or in its answer: two violations of the same property by the
    /// same command at the same place are the same.
    pub place: String,
    pub evidence: Evidence,
}

/// The part of an answer that violates the property.
#[derive(Clone, Debug)]
pub enum Evidence {
    Failure(Box<Failure>),
    /// A part of a result; `None` if it is missing.
    Part {
        pointer: String,
        found: Option<Value>,
    },
    /// A result that is not what its command returns: text, JSON, or whole elements.
    Form(Element),
    NotJson,
    /// Nothing that a test needs to know.
    None,
}

impl Violation {
    pub fn new(property: Property, message: String) -> Self {
        Violation {
            property,
            message,
            place: String::new(),
            evidence: Evidence::None,
        }
    }

    fn of(property: Property, failure: &Failure, place: String) -> Self {
        Violation {
            property,
            message: failure.message(),
            place,
            evidence: Evidence::Failure(Box::new(failure.clone())),
        }
    }
}

/// Returns the violation in the answer to a call, if there is one.
pub fn violation(
    subject: &Subject,
    step: &Step,
    validity: Validity,
    answer: Result<&[u8], &Failure>,
) -> Option<Violation> {
    match (answer, step) {
        (Ok(_), Step::Call { .. }) if validity == Validity::Invalid => Some(Violation::new(
            Property::InvalidArguments,
            "it took arguments of another type than described".to_owned(),
        )),
        (Ok(bytes), Step::Call { command, .. }) => bad_result(subject, command, bytes),
        (Ok(_), _) => None,
        (Err(failure), step) => failed(subject, step, validity, failure),
    }
}

/// Returns the violation in a failed call.
fn failed(
    subject: &Subject,
    step: &Step,
    validity: Validity,
    failure: &Failure,
) -> Option<Violation> {
    let kind = failure.code();
    let (property, place) = match failure.kind() {
        FailureKind::Plugin(error) => return bad_error(subject, step, validity, failure, error),
        // The host refused the call, or one of its functions could not report its error.
        FailureKind::UnsupportedByHost { .. }
        | FailureKind::BadArguments { .. }
        | FailureKind::ArgumentsTooLarge { .. }
        | FailureKind::HostFunction { .. }
        | FailureKind::UnknownCommand { .. }
        | FailureKind::MissingExport { .. } => return None,
        FailureKind::Panic(panic) => {
            let place = format!("{}:{}:{}", panic.file, panic.line, panic.column);
            (Property::Trap, place)
        }
        FailureKind::OutOfMemory { .. }
        | FailureKind::AllocationFailed { .. }
        | FailureKind::OutOfFuel { .. }
        | FailureKind::Timeout { .. }
        | FailureKind::TooManyHostCalls { .. }
        | FailureKind::ResultTooLarge { .. }
        | FailureKind::TableTooLarge { .. } => (Property::Limits, kind.to_owned()),
        FailureKind::ContractViolation { rule, .. } => (Property::Contract, (*rule).to_owned()),
        FailureKind::BadJson { .. }
        | FailureKind::BadBinary { .. }
        | FailureKind::BadBatch { .. }
        | FailureKind::NotUtf8 { .. } => (Property::Result, kind.to_owned()),
        _ => {
            let frame = failure.backtrace().first();
            let function = frame.map_or(0, |frame| frame.function_index);
            (Property::Trap, format!("{kind} in {function}"))
        }
    };
    Some(Violation::of(property, failure, place))
}

/// Returns the violation in an error that the plugin returned.
fn bad_error(
    subject: &Subject,
    step: &Step,
    validity: Validity,
    failure: &Failure,
    error: &plugin_sdk::Error,
) -> Option<Violation> {
    if subject.is_emulated() {
        // Hosts pass errors in their own forms, some without a code.
        return None;
    }
    let code = error.code();
    let details = error.details().unwrap_or(Value::Null);
    match step {
        Step::Call { .. } | Step::Init(_)
            if validity == Validity::Valid && is_from_reader(code, &details) =>
        {
            let place = details.get("path").or(details.get("argument"));
            let place = place
                .and_then(Value::as_str)
                .map_or_else(String::new, pattern);
            Some(Violation::of(Property::ValidArguments, failure, place))
        }
        Step::Call { command, .. } if !subject.declares(command, code) => {
            let violation = Violation::of(Property::ErrorCode, failure, code.to_owned());
            let code = text::line(code, MAX_SHOWN);
            Some(Violation {
                message: format!(
                    "it does not declare the code `{code}`: {}",
                    violation.message
                ),
                ..violation
            })
        }
        Step::Reload => Some(Violation::of(Property::State, failure, code.to_owned())),
        _ => None,
    }
}

/// Returns the violation in a result.
fn bad_result(subject: &Subject, command: &str, bytes: &[u8]) -> Option<Violation> {
    if let Some((_, output)) = subject.raw(command) {
        return bad_bytes(output?, bytes);
    }
    let result = subject.command(command)?.result.as_ref();
    if subject.is_binary(command) || result.is_none() {
        return None;
    }
    let result = match serde_json::from_slice::<Value>(bytes) {
        Ok(result) => result,
        Err(error) => {
            return Some(Violation {
                place: "json".to_owned(),
                evidence: Evidence::NotJson,
                ..Violation::new(Property::Result, format!("the result is not JSON: {error}"))
            });
        }
    };
    let mut problems = subject.check_result(command, &result);
    if problems.is_empty() {
        return None;
    }
    let problem = problems.swap_remove(0);
    Some(Violation {
        message: problem.to_string(),
        place: format!("{} {}", problem.code, pattern(&problem.pointer)),
        evidence: Evidence::Part {
            found: result.pointer(&problem.pointer).cloned(),
            pointer: problem.pointer,
        },
        property: Property::Result,
    })
}

fn bad_bytes(output: Element, bytes: &[u8]) -> Option<Violation> {
    let message = match output {
        Element::Text => {
            let error = str::from_utf8(bytes).err()?;
            format!("the result is not text: {error}")
        }
        element => {
            let size = element.size();
            if bytes.len().is_multiple_of(size) {
                return None;
            }
            format!(
                "the result has {} bytes, and its elements have {size}",
                bytes.len()
            )
        }
    };
    Some(Violation {
        place: "form".to_owned(),
        evidence: Evidence::Form(output),
        ..Violation::new(Property::Result, message)
    })
}

/// Returns a pointer or a path with `*` for each index: all items of a list are the same place.
fn pattern(place: &str) -> String {
    let segments = place.split_inclusive(['/', '.', '[', ']']).map(|segment| {
        let word = segment.trim_end_matches(['/', '.', '[', ']']);
        match word.parse::<u64>() {
            Ok(_) => segment.replace(word, "*"),
            Err(_) => segment.to_owned(),
        }
    });
    segments.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_a_list_are_the_same_place() {
        for (place, expected) in [
            ("/lists/0/12/name", "/lists/*/*/name"),
            ("/7", "/*"),
            ("lists[0][12].name", "lists[*][*].name"),
            ("name.4", "name.*"),
            ("name4", "name4"),
            ("", ""),
        ] {
            assert_eq!(pattern(place), expected);
        }
    }
}
