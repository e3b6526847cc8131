//! The kit of hostile guests, in the harness.

use std::collections::BTreeSet;

use plugin_sdk_harness::hostile::{self, Action, Case, Contract, Harness, Outcome};

use super::*;

/// Runs all cases, and returns the departures and what the reports of failures lack.
fn problems(engine: Engine) -> Vec<String> {
    let mut problems = Vec::new();
    for case in hostile::cases() {
        let mut harness = Harness::on(engine);
        if let Err(departure) = case.run(&mut harness) {
            let failure = harness.failure().map(Failure::to_string);
            problems.push(format!("{departure}: {}", failure.unwrap_or_default()));
        } else if let Some(failure) = harness.failure() {
            let problem = report_problem(case, failure);
            problems.extend(problem.map(|what| format!("`{}`: {what}", case.name())));
        }
    }
    problems
}

/// Returns what is wrong with the report of the last failure of a case, if anything is.
fn report_problem(case: &Case, failure: &Failure) -> Option<String> {
    let shown = [
        failure.to_string(),
        format!("{failure:?}"),
        failure.to_json().to_string(),
    ];
    if let Some(long) = shown.iter().find(|shown| shown.len() > 20_000) {
        return Some(format!("a report of {} bytes", long.len()));
    }
    let controls = ['\x1b', '\u{7}', '\r', '\u{9b}', '\u{202e}', '\u{2066}'];
    if shown.iter().any(|shown| shown.contains(controls)) {
        return Some("a report with control characters".to_owned());
    }
    let failed = case
        .steps()
        .iter()
        .rev()
        .find(|step| !step.expected.kinds().is_empty());
    let expected = &failed?.expected;
    let known = expected
        .kinds()
        .iter()
        .any(|kind| kind.is_empty() || *kind == failure.code());
    if !known {
        return Some(format!(
            "`{}` instead of {:?}: {failure}",
            failure.code(),
            expected.kinds()
        ));
    }
    let missing = expected
        .mentions()
        .iter()
        .find(|text| !shown[0].contains(**text));
    missing.map(|text| format!("no `{text}` in {failure}"))
}

#[track_caller]
fn passes(engine: Engine) {
    let problems = problems(engine);
    assert!(
        problems.is_empty(),
        "{}: {}",
        problems.len(),
        problems.join("\n\n")
    );
    the_host_lives_on();
}

#[test]
fn wasmtime_passes_every_case() {
    passes(Engine::Wasmtime);
}

#[test]
fn wasmi_passes_every_case() {
    passes(Engine::Wasmi);
}

#[test]
fn cases_are_named_described_small_and_repeatable() {
    let cases = hostile::cases();
    assert!(cases.len() >= 100, "{}", cases.len());
    let names: BTreeSet<_> = cases.iter().map(Case::name).collect();
    assert_eq!(names.len(), cases.len());
    let sentences: BTreeSet<_> = cases.iter().map(Case::about).collect();
    assert_eq!(sentences.len(), cases.len());
    for case in cases {
        let name = case.name();
        let word =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        assert!(name.chars().all(word), "{name}");
        assert!(case.about().ends_with('.'), "{name}: {}", case.about());
        let module = case.module();
        assert!(module.len() <= 300_000, "{name}: {} bytes", module.len());
        assert_eq!(module, case.module(), "{name}");
        assert!(!case.steps().is_empty(), "{name}");
    }
}

#[test]
fn expected_json_describes_each_step() {
    let expected = hostile::expected(hostile::cases());
    assert_eq!(expected["format"], 1);
    let cases = expected["cases"].as_array().unwrap();
    for (case, json) in hostile::cases().iter().zip(cases) {
        assert_eq!(json["name"], case.name());
        let steps = json["steps"].as_array().unwrap();
        for (step, json) in case.steps().iter().zip(steps) {
            assert_eq!(json["accept"][0], step.expected.outcome().word());
            if let Action::Call(call) = &step.action {
                assert_eq!(
                    json["exports"]["native"],
                    call.export(Contract::Native).unwrap()
                );
            }
        }
    }
    assert!(expected.to_string().len() < 1 << 20);
}

#[test]
fn a_departure_names_step_and_outcomes() {
    let case = hostile::cases()
        .iter()
        .find(|case| case.name() == "trap-then-again")
        .unwrap();
    /// A host that takes everything for an answer.
    struct Trusting;
    impl hostile::Host for Trusting {
        fn describe(&mut self, _: &[u8]) -> Option<hostile::Observed> {
            None
        }
        fn load(&mut self, _: &Case, _: &[u8]) -> hostile::Observed {
            hostile::Observed::answer(Vec::new())
        }
        fn call(&mut self, _: &hostile::Call) -> hostile::Observed {
            hostile::Observed::answer(b"abc")
        }
    }
    let departure = case.run(&mut Trusting).unwrap_err();
    assert_eq!(
        (departure.step, departure.observed.outcome),
        (2, Outcome::Answers)
    );
    assert_eq!(
        departure.to_string(),
        "`trap-then-again`, step 2: `answers` instead of `trap`, with 3 bytes"
    );
}
