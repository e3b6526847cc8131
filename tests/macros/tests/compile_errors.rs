//! Compiler errors for mistakes of authors.

/// Each file in `compile-fail/` has one mistake, which gives it its name. The expected errors are
/// in the `.stderr` file next to it.
///
/// After an intended change, run `TRYBUILD=overwrite cargo test -p plugin-sdk-macro-tests --test
/// compile_errors` and read the new files.
///
/// Correct programs are a test of their own (`correct`): with one among the cases, trybuild would
/// generate code for all dependencies, twice.
#[test]
fn mistakes_have_a_position_and_a_fix() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("compile-fail/*.rs");
}
