//! Compiler errors for mistakes of authors, and programs that compile without warnings.

/// Each file in `compile-fail/` has one mistake, which gives it its name. The expected errors are
/// in the `.stderr` file next to it.
///
/// After an intended change, run `TRYBUILD=overwrite cargo test -p plugin-sdk-macro-tests --test
/// compile_errors` and read the new files.
///
/// The programs in `pass/` compile without warnings. They are cases of the same test, so that their
/// dependencies are compiled once.
#[test]
fn mistakes_have_a_position_and_a_fix_and_correct_programs_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("compile-fail/*.rs");
    cases.pass("pass/*.rs");
}
