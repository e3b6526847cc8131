//! Compiler errors for mistakes of authors, and programs that compile without warnings.

/// Each file in `compile-fail/` has one mistake, which gives it its name. The expected errors are
/// in the `.stderr` file next to it.
///
/// After an intended change, run `TRYBUILD=overwrite cargo test -p plugin-sdk-macro-tests --test
/// compile_errors` and read the new files.
#[test]
fn every_mistake_has_a_position_and_a_fix() {
    trybuild::TestCases::new().compile_fail("compile-fail/*.rs");
}

#[test]
fn correct_programs_compile_without_warnings() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
