//! Test programs that run at the same time.

use std::collections::VecDeque;
use std::io::Write;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result};

use crate::test_run::Outcome;

/// The number of programs that run at the same time: more than the two processors of a small
/// machine, because a program that links or waits for a build leaves one of them idle.
const AT_ONCE: usize = 4;

/// A test program, and its name for people.
pub struct Job {
    name: String,
    command: Command,
}

impl Job {
    pub fn new(name: impl Into<String>, command: Command) -> Self {
        Job {
            name: name.into(),
            command,
        }
    }

    /// Runs the program, and shows its output as a whole, so that no line of another program is
    /// among its own.
    fn run(mut self, shown: &Mutex<impl Write>) -> Result<Outcome> {
        let (mut outcome, mut output) = (Outcome::default(), Vec::new());
        outcome
            .run(&self.name, &mut self.command, &mut output)
            .with_context(|| self.name.clone())?;
        let mut shown = lock(shown);
        // The reader of the output is gone: the tests and their verdict continue all the same.
        let _ = writeln!(shown, "==> {}", self.name).and_then(|()| shown.write_all(&output));
        Ok(outcome)
    }
}

/// Runs the programs, the first ones first, and adds their outcomes.
///
/// # Errors
/// If a program cannot be run. The others run all the same.
pub fn run(jobs: Vec<Job>, outcome: &mut Outcome, shown: impl Write + Send) -> Result<()> {
    let shown = Mutex::new(shown);
    let waiting = Mutex::new(VecDeque::from(jobs));
    let finished = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = lock(&waiting).pop_front();
                    let Some(job) = next else { break };
                    let result = job.run(&shown);
                    lock(&finished).push(result);
                }
            });
        }
    });
    let finished = finished
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    for result in finished {
        outcome.add(result?);
    }
    Ok(())
}

/// Each change of a list is complete, so a thread that panics leaves it sound.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn script(name: &str, script: &str) -> Job {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Job::new(name, command)
    }

    #[test]
    fn outcomes_of_all_programs_are_added() {
        let passes = "echo 'Running a.rs (a-1)'; \
            echo 'test result: ok. 2 passed; 0 failed; 0 ignored'";
        let mut jobs: Vec<Job> = (0..9).map(|_| script("passes", passes)).collect();
        jobs.insert(1, script("fails", "exit 7"));
        let (mut outcome, mut shown) = (Outcome::default(), Vec::new());
        run(jobs, &mut outcome, &mut shown).unwrap();
        assert_eq!(
            outcome.summary(),
            "18 passed, 1 failed, 0 ignored in 9 test binaries"
        );
        assert!(outcome.failures()[0].starts_with("fails ended with "));
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!(
            shown.matches("==> passes\nRunning a.rs").count(),
            9,
            "{shown}"
        );
    }

    #[test]
    fn a_program_that_cannot_start_is_an_error() {
        let missing = Job::new("missing", Command::new("/there/is/no/such/program"));
        let error = run(vec![missing], &mut Outcome::default(), Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "missing");
    }
}
