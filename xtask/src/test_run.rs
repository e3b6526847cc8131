//! A run of `cargo test`: its output, shown as it arrives, the failures that it reports, and the
//! tests that did not run.

use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use toolchain::process;

/// The result of one or several runs of tests.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    binaries: u64,
    passed: u64,
    ignored: u64,
    /// The failures in the order in which they were seen, each as text for the user.
    failures: Vec<String>,
    /// Tests that did not run, with the reason, in the order in which they were seen.
    not_run: Vec<String>,
    /// The integration tests that were built, and their files.
    built: Vec<(String, PathBuf)>,
    /// The binaries' names, and how long each took, as far as they report it.
    durations: Vec<(String, Duration)>,
    current: Option<Binary>,
}

/// The test binary whose output is being read.
#[derive(Debug, PartialEq, Eq)]
struct Binary {
    name: String,
    has_result: bool,
    took: Duration,
}

impl Outcome {
    /// Runs a test program, shows all of its output, and parses it. If the program fails and names
    /// no test, the failure has the program's own name.
    ///
    /// Both of its streams share one pipe, which keeps their lines in order.
    ///
    /// # Errors
    /// If the program cannot be started or its output cannot be read.
    pub fn run(&mut self, name: &str, command: &mut Command, mut shown: impl Write) -> Result<()> {
        let earlier = self.failures.len();
        let (reader, writer) = io::pipe().context("creating a pipe")?;
        command.stdout(writer.try_clone().context("creating a pipe")?);
        command.stderr(writer);
        let mut child = process::spawn(command)?;
        // The command holds the writing ends; with them open, the reader would wait forever.
        command.stdout(io::stdout()).stderr(io::stderr());
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .context("reading its output")?
            > 0
        {
            // The reader of the output is gone: the tests and their verdict continue all the same.
            let _ = shown.write_all(&line);
            self.read(&String::from_utf8_lossy(&line));
            line.clear();
        }
        let status = child.wait().context("waiting for it")?;
        self.end_binary();
        if !status.success() && self.failures.len() == earlier {
            let alone = process::shell_line(command);
            self.add_failure(format!(
                "{name} ended with {status}; to run it alone: {alone}"
            ));
        }
        Ok(())
    }

    /// Adds a failure that no test reported.
    pub fn add_failure(&mut self, failure: impl Into<String>) {
        self.failures.push(failure.into());
    }

    /// Adds something that did not run, and why.
    pub fn add_not_run(&mut self, reason: impl Into<String>) {
        self.not_run.push(reason.into());
    }

    /// Returns the names of the integration tests that `cargo test --no-run` has built, and their
    /// files. Several packages may have a test of the same name.
    pub fn built(&self) -> &[(String, PathBuf)] {
        &self.built
    }

    /// Adds the outcome of another run.
    pub fn add(&mut self, other: Outcome) {
        self.binaries += other.binaries;
        self.passed += other.passed;
        self.ignored += other.ignored;
        self.failures.extend(other.failures);
        self.not_run.extend(other.not_run);
        self.built.extend(other.built);
        self.durations.extend(other.durations);
    }

    /// Returns the failures.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Returns the names of the binaries and how long each took.
    pub fn durations(&self) -> &[(String, Duration)] {
        &self.durations
    }

    /// Summarises the run in a line.
    pub fn summary(&self) -> String {
        let mut summary = format!(
            "{} passed, {} failed, {} ignored in {} test binaries",
            self.passed,
            self.failures.len(),
            self.ignored,
            self.binaries
        );
        if !self.not_run.is_empty() {
            // Many tests may lack the same tool.
            let mut reasons: Vec<&str> = Vec::new();
            for reason in &self.not_run {
                if !reasons.contains(&reason.as_str()) {
                    reasons.push(reason);
                }
            }
            let count = self.not_run.len();
            summary.push_str(&format!("; {count} not run: {}", reasons.join("; ")));
        }
        summary
    }

    fn read(&mut self, line: &str) {
        let line = without_colours(line);
        let line = line.trim();
        if let Some(built) = line.strip_prefix("Executable ") {
            let (source, target, file) = program(built);
            if !source.starts_with(UNIT_TESTS) {
                self.built.push((target, file));
            }
        } else if let Some(started) = line.strip_prefix("Running ") {
            let (source, target, _) = program(started);
            let source = source.strip_prefix(UNIT_TESTS).unwrap_or(source);
            self.begin(format!("{source} ({target})"));
        } else if let Some(package) = line.strip_prefix("Doc-tests ") {
            self.begin(format!("documentation of {package}"));
        } else if let Some(reason) = line.strip_prefix("not run: ") {
            self.add_not_run(reason);
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            self.count(counts);
        } else if let Some(test) = line.strip_prefix("test ")
            && let Some(test) = test.strip_suffix(" ... FAILED")
        {
            let binary = self.current.as_ref().map_or("", |binary| &binary.name);
            self.failures.push(format!("{binary}: {test}"));
        }
    }

    fn begin(&mut self, name: String) {
        self.end_binary();
        self.binaries += 1;
        self.current = Some(Binary {
            name,
            has_result: false,
            took: Duration::ZERO,
        });
    }

    fn count(&mut self, counts: &str) {
        // Merged documentation tests print a result for each group.
        if let Some(binary) = &mut self.current {
            binary.has_result = true;
            let seconds = counts.rsplit_once("finished in ");
            let seconds = seconds.and_then(|(_, took)| took.trim_end_matches('s').parse().ok());
            // `try_from_secs_f64` refuses a number that is negative or huge.
            let took = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            if let Some(took) = took {
                binary.took += took;
            }
        }
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        for count in counts.split(';') {
            let Some((number, what)) = count.trim().split_once(' ') else {
                continue;
            };
            let number: u64 = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// Ends a binary. One that ends without a result has aborted or was killed.
    fn end_binary(&mut self) {
        match self.current.take() {
            None => {}
            Some(Binary {
                name,
                has_result: false,
                ..
            }) => {
                self.failures
                    .push(format!("{name}: ended without a result"));
            }
            Some(Binary { name, took, .. }) => self.durations.push((name, took)),
        }
    }
}

/// The beginning of the source file that cargo names for the tests within a crate.
const UNIT_TESTS: &str = "unittests ";

/// Returns the parts of cargo's words for a test binary: its source file, the name of its target,
/// and its file.
fn program(named: &str) -> (&str, String, PathBuf) {
    let (source, file) = named.rsplit_once(" (").unwrap_or((named, ""));
    let file = PathBuf::from(file.trim_end_matches(')'));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let target = name.rsplit_once('-').map_or(&*name, |(target, _)| target);
    (source, target.to_owned(), file)
}

/// Removes escape sequences that set colours, which end with `m`.
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or("").to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, text)| text));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> Outcome {
        let mut outcome = Outcome::default();
        for line in output.lines() {
            outcome.read(line);
        }
        outcome.end_binary();
        outcome
    }

    #[test]
    fn failures_of_all_binaries_are_gathered_by_name() {
        let outcome = read(
            "     Running unittests src/lib.rs (target/debug/deps/shop-0a1b2c)\n\
             running 2 tests\n\
             test sells ... ok\n\
             test buys::twice ... FAILED\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             \u{1b}[1m\u{1b}[92m     Running\u{1b}[0m tests/more.rs (target/debug/deps/more-0a1b2c)\n\
             test last - should panic ... FAILED\n\
             test result: FAILED. 0 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s\n   \
             Doc-tests shop\n\
             test src/lib.rs - Shop::sell (line 3) ... FAILED\n\
             test result: FAILED. 5 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s\n\
             test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 2.25s\n",
        );
        let durations = outcome.durations().iter();
        assert_eq!(
            durations
                .map(|(_, took)| took.as_millis())
                .collect::<Vec<_>>(),
            [0, 0, 3750]
        );
        assert_eq!(
            outcome.failures(),
            [
                "src/lib.rs (shop): buys::twice",
                "tests/more.rs (more): last - should panic",
                "documentation of shop: src/lib.rs - Shop::sell (line 3)",
            ]
        );
        assert_eq!(
            outcome.summary(),
            "6 passed, 3 failed, 2 ignored in 3 test binaries"
        );
    }

    #[test]
    fn what_does_not_run_is_counted_and_each_reason_named_once() {
        let output = "     Running tests/page.rs (target/debug/deps/page-0a1b2c)\n\
             not run: there is no chromium\n\
             test one ... ok\n\
             test two ... \n\
             not run: there is no chromium\n\
             ok\n\
             the word `not run: ` within a line\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        let mut outcome = read(output);
        outcome.add_not_run("hosts in Go: no proxy");
        assert_eq!(outcome.failures(), [""; 0]);
        assert_eq!(
            outcome.summary(),
            "2 passed, 0 failed, 0 ignored in 1 test binaries; 3 not run: there is no chromium; hosts in Go: no proxy"
        );
    }

    #[test]
    fn integration_tests_that_were_built_are_known_by_name() {
        let mut outcome = read(
            "  Executable unittests src/lib.rs (target/debug/deps/shop-0a1b2c)\n  \
             Executable tests/more/main.rs (target/debug/deps/more-0a1b2c)\n",
        );
        let more = (
            "more".to_owned(),
            PathBuf::from("target/debug/deps/more-0a1b2c"),
        );
        assert_eq!(outcome.built(), std::slice::from_ref(&more));
        assert_eq!(
            outcome.summary(),
            "0 passed, 0 failed, 0 ignored in 0 test binaries"
        );
        outcome.add(read(
            "     Running tests/more/main.rs (target/debug/deps/more-0a1b2c)\n\
             not run: there is no chromium\n\
             test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
        ));
        assert_eq!(outcome.built(), [more]);
        assert_eq!(
            outcome.summary(),
            "3 passed, 0 failed, 1 ignored in 1 test binaries; 1 not run: there is no chromium"
        );
    }

    #[test]
    fn a_binary_that_aborts_is_a_failure() {
        let outcome = read(
            "     Running tests/one.rs (target/debug/deps/one-0a1b2c)\n\
             test overflows ... \n\
             thread 'main' has overflowed its stack\n     \
             Running tests/two.rs (target/debug/deps/two-0a1b2c)\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
        );
        assert_eq!(
            outcome.failures(),
            ["tests/one.rs (one): ended without a result"]
        );
        assert_eq!(
            outcome.summary(),
            "3 passed, 1 failed, 0 ignored in 2 test binaries"
        );
    }

    #[cfg(unix)]
    #[test]
    fn output_of_both_streams_is_read_in_order() {
        let mut outcome = Outcome::default();
        let script = "echo '     Running tests/a.rs (target/a-1)' >&2; echo 'test x ... FAILED'; \
            echo 'test result: FAILED. 0 passed; 1 failed; 0 ignored' ; exit 101";
        let mut shown = Vec::new();
        let mut shell = |script: &str| {
            let mut command = process::command("sh");
            outcome.run("a script", command.args(["-c", script]), &mut shown)
        };
        shell(script).unwrap();
        shell("exit 3").unwrap();
        assert_eq!(shown.iter().filter(|byte| **byte == b'\n').count(), 3);
        let [test, program] = outcome.failures() else {
            panic!("{:?}", outcome.failures());
        };
        assert_eq!(test, "tests/a.rs (a): x");
        assert!(program.starts_with("a script ended with "), "{program}");
    }
}
