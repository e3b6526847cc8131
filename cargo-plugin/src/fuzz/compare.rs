//! The comparison of two runs of the same calls, by their transcripts.

use plugin_sdk_harness::Failure;
use plugin_sdk_harness::transcript::{CalleeKind, Return, Step, Transcript};

use super::properties::Violation;
use super::property::Property;
use crate::interface::Element;

/// The codes of failures that each engine reaches at a point of its own.
const AT_OWN_POINT: [&str; 3] = ["out_of_fuel", "stack_overflow", "timeout"];

/// The code of traps, whose messages contain an address on one engine only.
const TRAP: &str = "trap";

/// Returns the violation of a property in the first difference between two runs, and the command or
/// hook that shows it. `names` are those of the runs.
pub fn violation(
    property: Property,
    names: [&str; 2],
    runs: [&Transcript; 2],
) -> Option<(Violation, String)> {
    let [first, second] = runs;
    let difference = first.first_difference(second)?;
    let at = difference.step();
    if property == Property::Engines && is_expected(runs.map(|run| end(run, at))) {
        return None;
    }
    let [one, other] = names;
    let what = match property {
        Property::Engines => format!("the same calls end differently on {one} and {other}"),
        _ => "the same calls on a fresh instance end differently".to_owned(),
    };
    let message = format!("{what}\n{}", difference.display(one, other));
    let callee = callee(first, at).or_else(|| callee(second, at));
    Some((
        Violation::new(property, message),
        callee.unwrap_or_else(|| "init".to_owned()),
    ))
}

/// Returns true if the last call failed at a point that depends on the engine.
pub fn ends_at_own_point(run: &Transcript) -> bool {
    run.steps.last().is_some_and(|step| match step {
        Step::Return(end) => is_at_own_point(end),
        _ => false,
    })
}

/// Returns the transcript of a plugin that could not be initialised.
pub fn of_failed_init(failure: &Failure) -> Transcript {
    let mut transcript = Transcript::default();
    transcript.steps.push(Step::Return(Return::Failure {
        code: failure.code().to_owned(),
        message: failure.message(),
    }));
    transcript
}

/// Replaces each NaN in a command's result by the same one: WebAssembly leaves open which bits it
/// has. `element` returns the element of a command's result.
pub fn with_equal_nans(
    mut run: Transcript,
    element: impl Fn(&str) -> Option<Element>,
) -> Transcript {
    let mut returns = None;
    for step in &mut run.steps {
        match step {
            Step::Call(call) => returns = element(&call.name),
            Step::Return(Return::Ok(result)) => match (returns, result.bytes_mut()) {
                (Some(Element::F32), Some(bytes)) => {
                    for sample in bytes.as_chunks_mut().0 {
                        if f32::from_le_bytes(*sample).is_nan() {
                            *sample = f32::NAN.to_le_bytes();
                        }
                    }
                }
                (Some(Element::F64), Some(bytes)) => {
                    for sample in bytes.as_chunks_mut().0 {
                        if f64::from_le_bytes(*sample).is_nan() {
                            *sample = f64::NAN.to_le_bytes();
                        }
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
    run
}

/// Returns true if the engines are known to differ in how such calls end.
fn is_expected(ends: [Option<&Return>; 2]) -> bool {
    let is_trap = |end: &Return| matches!(end, Return::Failure { code, .. } if code == TRAP);
    let own = ends.into_iter().flatten().any(is_at_own_point);
    own || ends.into_iter().all(|end| end.is_some_and(is_trap))
}

fn is_at_own_point(end: &Return) -> bool {
    matches!(end, Return::Failure { code, .. } if AT_OWN_POINT.contains(&&**code))
}

/// Returns the end of the call to which a step belongs.
fn end(run: &Transcript, step: usize) -> Option<&Return> {
    let mut rest = run.steps.iter().skip(step);
    rest.find_map(|step| match step {
        Step::Return(end) => Some(end),
        _ => None,
    })
}

/// Returns the command or hook to which a step belongs.
fn callee(run: &Transcript, step: usize) -> Option<String> {
    let steps = run.steps.iter().take(step + 1);
    let call = steps.rev().find_map(|step| match step {
        Step::Call(call) => Some(call),
        _ => None,
    })?;
    let name = match call.callee {
        CalleeKind::Hook => call.name.strip_prefix("plugin_"),
        _ => None,
    };
    Some(name.unwrap_or(&call.name).to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Returns the transcript of a call that logs and ends.
    fn run(logged: &str, end: Value) -> Transcript {
        let log = json!({"name": "message", "value": {"data": logged}});
        let steps = json!([
            {"call": {"callee": "hook", "name": "plugin_init", "input": ""}},
            {"return": {"ok": ""}},
            {"call": {"callee": "command", "name": "roll", "input": "{}"}},
            {"host_call": {"function": "plugin_host.log_write", "arguments": [log], "answer": {"number": 0}}},
            {"return": end},
        ]);
        serde_json::from_value(json!({"steps": steps})).unwrap()
    }

    fn failure(code: &str, message: &str) -> Value {
        json!({"failure": {"code": code, "message": message}})
    }

    #[test]
    fn only_what_engines_have_in_common_is_compared() {
        let ok = || json!({"ok": "1"});
        let usual = run("rolling", ok());
        let cases = [
            (run("rolling", ok()), false, false),
            (run("rolling", json!({"ok": "2"})), true, true),
            (run("rolling", json!({"error": "{}"})), true, true),
            (run("falling", ok()), true, true),
            (run("rolling", failure("panic", "it broke")), true, true),
            (run("rolling", failure("trap", "unreachable")), true, true),
            // Each engine has its own unit of fuel, and its own stack.
            (run("rolling", failure("out_of_fuel", "9")), true, false),
            (run("falling", failure("out_of_fuel", "9")), true, false),
            (run("rolling", failure("stack_overflow", "")), true, false),
        ];
        for (other, repeatable, engines) in cases {
            let differs = |property| {
                let found = violation(property, ["one", "other"], [&usual, &other]);
                let (violation, callee) = found?;
                assert_eq!((violation.property, &*callee), (property, "roll"));
                Some(violation.message)
            };
            let message = differs(Property::Repeatable);
            assert_eq!(message.is_some(), repeatable, "{other}");
            assert_eq!(differs(Property::Engines).is_some(), engines, "{other}");
        }
        let [one, other] =
            ["at 0x10", "at an address"].map(|message| run("rolling", failure("trap", message)));
        assert!(violation(Property::Engines, ["one", "other"], [&one, &other]).is_none());
    }
}
