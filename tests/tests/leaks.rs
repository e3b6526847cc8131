//! A guest's memory after a million calls is as large as after the first thousand.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plugin_sdk_tests::{Build, Habit, Job, PAGE};

/// The most memory that the job may need. With std's allocator, it is 25.3 MiB.
const MOST: u64 = 34 << 20;

fn memory_stays(habit: Habit) {
    let mut job = Job::new(&Build::of("contract").module(), habit);
    let after_a_thousand = job.run_to(1_000).unwrap();
    assert!(
        after_a_thousand * PAGE <= MOST,
        "{habit:?}: {after_a_thousand} pages"
    );
    assert_eq!(job.run_to(1_000_000), Ok(after_a_thousand), "{habit:?}");
}

#[test]
fn a_host_with_one_buffer_that_frees_nothing_leaks_nothing() {
    memory_stays(Habit::OneBuffer);
}

#[test]
fn a_host_with_one_buffer_that_frees_every_result_leaks_nothing() {
    memory_stays(Habit::OneBufferFreesResults);
}

#[test]
fn a_host_that_frees_its_arguments_leaks_nothing() {
    memory_stays(Habit::FreesArguments);
}

#[test]
fn a_host_that_frees_arguments_then_results_leaks_nothing() {
    memory_stays(Habit::FreesArgumentsThenResults);
}

#[test]
fn a_host_that_frees_results_then_arguments_leaks_nothing() {
    memory_stays(Habit::FreesResultsThenArguments);
}
