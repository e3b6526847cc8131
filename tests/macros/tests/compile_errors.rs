//! What the compiler says to authors' mistakes, and what it has nothing to say to.

/// Each file of `compile-fail/` has one mistake, after which it is named; what the compiler says stands beside it.
///
/// After a change that is meant, `TRYBUILD=overwrite cargo test -p plugin-sdk-macro-tests --test compile_errors` writes the files anew: read them then.
#[test]
fn every_mistake_is_told_where_it_is_and_what_to_write_instead() {
    trybuild::TestCases::new().compile_fail("compile-fail/*.rs");
}

#[test]
fn what_is_right_compiles_without_a_warning() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
