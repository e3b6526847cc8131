//! The tests that `SECURITY.md` names exist.

use std::fs;

use crate::root;

#[test]
fn every_promise_names_tests_that_exist() {
    let page = fs::read_to_string(root().join("SECURITY.md")).expect("the page exists");
    let rows = page.lines().filter(|line| line.contains(".rs`"));
    let mut named = 0;
    for row in rows.filter(|line| line.starts_with("| ")) {
        let mut source = String::new();
        for quoted in row.split('`').skip(1).step_by(2) {
            if quoted.ends_with(".rs") {
                source = fs::read_to_string(root().join(quoted))
                    .unwrap_or_else(|error| panic!("{quoted}: {error}"));
            } else {
                assert!(
                    source.contains(&format!("fn {quoted}(")),
                    "there is no test `{quoted}` in the file before it: {row}"
                );
                named += 1;
            }
        }
    }
    assert!(named > 20, "only {named} tests are named");
}
