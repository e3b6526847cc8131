//! A debugger stops in a command that a twin test calls: the session in `docs/guide/debugging.md`.

use std::process::Command;

use observed::Observed;
use plugin_sdk_harness::Plugin;
use plugin_sdk_tests::not_run;
use serde_json::json;

use super::Greeting;

#[plugin_sdk_harness::test(Observed, native_only = "a debugger has no use for the other")]
fn greets_under_gdb(plugin: &mut Plugin) {
    let greeting: Greeting = plugin
        .call("greet", json!({"name": "Ada", "times": 3}))
        .unwrap();
    assert_eq!(greeting, Greeting::new("Ada", 3));
}

#[test]
fn gdb_stops_in_a_command_with_its_arguments() {
    let session = Command::new("gdb")
        .args(["-nx", "-batch"])
        .args(["-ex", "set debuginfod enabled off"])
        // They may be in the middle of a line of the test.
        .args(["-ex", "set print thread-events off"])
        .args(["-ex", "break observed::Observed::greet"])
        .args(["-ex", "run debugging::greets_under_gdb::native --exact"])
        .args(["-ex", "backtrace 2"])
        .args(["-ex", "info args"])
        .args(["-ex", "continue"])
        .arg(std::env::current_exe().unwrap())
        .output();
    let Ok(session) = session else {
        return not_run("gdb is not installed");
    };
    let text = [session.stdout, session.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    if text.contains("ptrace: Operation not permitted") {
        return not_run("gdb may not trace processes here");
    }
    for expected in [
        "hit Breakpoint 1, observed::Observed::greet",
        "in observed::Observed::__plugin_sdk_command_greet",
        r#"name = "Ada""#,
        "times = 3",
        "test debugging::greets_under_gdb::native ... ok",
    ] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
}
