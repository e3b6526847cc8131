//! The grammar that the macros and the SDK share.

#[test]
fn both_crates_have_the_same_grammar() {
    let macros = include_str!("../../../sdk-macros/src/grammar.rs");
    let sdk = include_str!("../../../sdk/src/grammar.rs");
    assert_eq!(macros, sdk);
}
