//! The report of a search.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::plan::Shown;
use super::printed::{self, Origin};
use super::properties::Evidence;
use super::property::Property;
use super::run::Calls;
use super::search::{Found, Options, Outcome};
use super::subject::Subject;
use crate::quantities;
use crate::terminal::{BAD, GOOD, NOTE, Report, Verdict};
use crate::text;

/// The greatest length of a message, in bytes, and its greatest number of lines.
const MAX_MESSAGE: usize = 1_000;
const MAX_LINES: usize = 12;

/// The number of calls after which one of them should have been valid.
const FEW_CALLS: u64 = 20;

/// The outcome of a search.
#[derive(Serialize)]
pub struct Fuzzed {
    passed: bool,
    /// The host on which the plugin ran.
    host: &'static str,
    /// The seed of the first run.
    seed: u64,
    runs: u64,
    calls: u64,
    seconds: f64,
    /// The numbers of calls of each command, and of each hook in parentheses.
    called: BTreeMap<String, Calls>,
    /// Parts of the plugin that were not tested, with the reasons.
    notes: Vec<String>,
    failures: Vec<Failed>,
}

/// A violation.
#[derive(Serialize)]
struct Failed {
    property: Property,
    /// The command or the hook.
    callee: String,
    message: String,
    /// The file and the line in the plugin's code, for a panic.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    /// The unusual features of the host, if the violation needs any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    host: Vec<String>,
    /// The calls that show the violation; the last one fails.
    calls: Vec<Shown>,
    seed: u64,
    /// The number of calls before shrinking, and of sequences that were tried meanwhile.
    shrunk_from: usize,
    candidates: u32,
    /// A test that fails; `null` if its values are too large to print.
    test: Option<String>,
    /// The command line that finds the violation again.
    reproduce: String,
    /// The failure of the last call, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Value>,
}

impl Fuzzed {
    /// Makes the report. `again` is the command line without the seed.
    pub fn new(
        subject: &Subject,
        options: &Options,
        outcome: Outcome,
        origin: &Origin,
        again: &str,
    ) -> Self {
        let mut names = HashMap::new();
        let failures = outcome.found.iter().map(|found| {
            let name = printed::function_name(&found.shrunk.finding);
            // All tests can be in one file.
            let count: &mut u32 = names.entry(name.clone()).or_default();
            *count += 1;
            let name = match *count {
                1 => name,
                nth => format!("{name}_{nth}"),
            };
            let test = printed::test(origin, subject.host, &found.shrunk, &name);
            Failed::new(found, test, again)
        });
        let mut fuzzed = Fuzzed {
            passed: outcome.found.is_empty(),
            host: subject.host.name,
            seed: options.seed,
            runs: outcome.runs,
            calls: outcome.tally.calls(),
            seconds: outcome.elapsed.as_secs_f64(),
            failures: failures.collect(),
            called: outcome.tally.0,
            notes: Vec::new(),
        };
        fuzzed.notes = fuzzed.not_tested(subject, options);
        fuzzed
    }

    fn not_tested(&self, subject: &Subject, options: &Options) -> Vec<String> {
        let mut notes = Vec::new();
        if !subject.counts && !options.ignored.contains(&Property::Leak) {
            notes.push(match subject.is_emulated() {
                true => "leaks are only looked for in plugins with the SDK's own ABI".to_owned(),
                false => "leaks were not looked for, because the module does not count its allocations; give the folder of its project instead of a file".to_owned(),
            });
        }
        if let Err(reason) = &subject.other_engine
            && !options.ignored.contains(&Property::Engines)
        {
            let reason = text::line(reason, MAX_MESSAGE);
            notes.push(format!("no other engine can run the module: {reason}"));
        }
        for (callee, calls) in &self.called {
            let name = text::line(callee, 100);
            if subject.is_binary(callee) {
                notes.push(format!(
                    "`{name}` got arbitrary bytes only, because its values are in the binary codec"
                ));
            } else if subject.takes_values(callee) && calls.valid == 0 && calls.calls > FEW_CALLS {
                notes.push(format!(
                    "`{name}` never got valid arguments, because only its author knows some; `#[arg(example = …)]` gives one"
                ));
            }
        }
        notes
    }
}

impl Failed {
    fn new(found: &Found, test: Option<String>, again: &str) -> Self {
        let finding = &found.shrunk.finding;
        let violation = &finding.violation;
        let failure = match &violation.evidence {
            Evidence::Failure(failure) => Some(failure),
            _ => None,
        };
        let panic = failure.and_then(|failure| failure.panic());
        let mut calls: Vec<Shown> = found
            .shrunk
            .sequence
            .steps
            .iter()
            .map(Shown::from)
            .collect();
        if finding.step == Some(calls.len()) {
            calls.push(Shown {
                callee: "cleanup".to_owned(),
                call: "(cleanup)".to_owned(),
            });
        }
        Failed {
            property: violation.property,
            callee: text::line(&finding.callee, 200),
            message: shortened(&violation.message),
            location: panic.filter(|panic| !panic.file.is_empty()).map(|panic| {
                text::line(
                    &format!("{}:{}:{}", panic.file, panic.line, panic.column),
                    300,
                )
            }),
            host: found.shrunk.sequence.world.shown(),
            calls,
            seed: found.seed,
            shrunk_from: found.calls,
            candidates: found.shrunk.candidates,
            test,
            reproduce: format!("{again} --seed {} --runs 1", found.seed),
            failure: failure.map(|failure| failure.to_json()),
        }
    }

    fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "{BAD}✗{BAD:#} `{}` {}",
            self.callee,
            self.property.broken()
        )?;
        for line in self.message.lines() {
            writeln!(out, "    {line}")?;
        }
        if let Some(location) = &self.location {
            writeln!(out, "    at {location}")?;
        }
        let (calls, candidates) = (self.shrunk_from, self.candidates);
        writeln!(
            out,
            "\n  The calls, shrunk from {calls} in {candidates} attempts:\n"
        )?;
        if self.calls.is_empty() {
            writeln!(out, "    (init)")?;
        }
        for call in &self.calls {
            writeln!(out, "    {}", call.call)?;
        }
        for line in &self.host {
            writeln!(out, "    {line}")?;
        }
        match &self.test {
            Some(test) => {
                writeln!(out, "\n  A test that fails until this is fixed:\n")?;
                for line in test.lines() {
                    match line {
                        "" => writeln!(out)?,
                        line => writeln!(out, "    {line}")?,
                    }
                }
            }
            None => writeln!(out, "\n  The values are too large to print them as a test.")?,
        }
        writeln!(out, "\n  Again: {}\n", self.reproduce)
    }
}

/// Returns the first lines of a message.
fn shortened(message: &str) -> String {
    let lines = message.lines().take(MAX_LINES);
    let lines = lines.map(|line| text::line(line, MAX_MESSAGE));
    lines.collect::<Vec<_>>().join("\n")
}

impl Report for Fuzzed {
    fn verdict(&self) -> Verdict {
        self.passed.into()
    }

    fn text(&self, out: &mut dyn Write) -> std::io::Result<()> {
        for failure in &self.failures {
            failure.write(out)?;
        }
        for note in &self.notes {
            writeln!(out, "{NOTE}note{NOTE:#}: {note}")?;
        }
        let (runs, calls) = (quantities::count(self.runs), quantities::count(self.calls));
        let extent = format!("{runs} runs with {calls} calls from seed {}", self.seed);
        match self.failures.len() {
            0 => writeln!(out, "{GOOD}✓{GOOD:#} no failure in {extent}"),
            1 => writeln!(out, "{BAD}✗{BAD:#} 1 failure in {extent}"),
            failures => writeln!(out, "{BAD}✗{BAD:#} {failures} failures in {extent}"),
        }
    }
}
