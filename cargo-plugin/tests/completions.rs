//! Tests of the completions in the shells that are installed.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::Path;
use std::process::Command;

fn script(shell: &str) -> String {
    let output = support::plugin(Path::new("."), &["completions", shell])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Returns bash's completions for the last word of a line.
fn offered(before: &str, line: &[&str]) -> Vec<String> {
    let words: Vec<String> = line.iter().map(|word| format!("'{word}'")).collect();
    let last = line.len() - 1;
    let asks = format!(
        "{before}\n{}\nCOMP_WORDS=({}); COMP_CWORD={last}; _cargo_or_plugin cargo '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script("bash"),
        words.join(" "),
        line[last],
        line[last - 1],
    );
    let output = Command::new("bash")
        .args(["--norc", "-c", &asks])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(str::to_owned).collect()
}

/// A minimal version of cargo's own completions.
const CARGO: &str = "_cargo() { COMPREPLY=(from-cargo); }; complete -F _cargo cargo";

#[test]
fn bash_completes_commands_and_options_after_cargo_plugin() {
    assert_eq!(
        offered(CARGO, &["cargo", "plugin", "comp"]),
        ["completions"]
    );
    assert_eq!(
        offered(CARGO, &["cargo", "+stable", "plugin", "pack"]),
        ["package"]
    );
    assert_eq!(
        offered(CARGO, &["cargo", "plugin", "build", "--keep"]),
        ["--keep-names"]
    );
    let types = offered(CARGO, &["cargo", "plugin", "new", "x", "--type", ""]);
    assert!(types.contains(&"llm_backend".to_owned()), "{types:?}");
}

#[test]
fn bash_leaves_cargos_other_commands_to_cargos_own_completions() {
    assert_eq!(offered(CARGO, &["cargo", "bu"]), ["from-cargo"]);
    assert_eq!(offered(CARGO, &["cargo", "plugin"]), ["from-cargo"]);
    // They may be loaded later, or be missing.
    let later = "_comp_load() { _cargo() { COMPREPLY=(loaded); }; complete -F _cargo cargo; }";
    assert_eq!(offered(later, &["cargo", "bu"]), ["loaded"]);
    assert_eq!(offered("", &["cargo", "bu"]), [""]);
}

#[test]
fn zsh_has_the_function_that_cargos_own_completions_call() {
    let script = script("zsh");
    assert!(script.starts_with("#compdef cargo-plugin\n"), "{script}");
    assert!(script.contains("\n_cargo-plugin() {\n"));
    // Every function that it calls is defined.
    for (at, _) in script.match_indices(":: :_cargo-plugin") {
        let (called, _) = script[at + ":: :".len()..].split_once('"').unwrap();
        assert!(script.contains(&format!("\n{called}() {{\n")), "{called}");
    }
}

#[test]
fn fish_does_not_touch_the_functions_of_cargos_own_completions() {
    let script = script("fish");
    assert!(
        script.contains("complete -c cargo -n \"__fish_cargo_plugin_"),
        "{script}"
    );
    assert!(
        !script
            .replace("__fish_cargo_plugin_", "")
            .contains("__fish_cargo_")
    );
}

#[test]
fn every_shell_knows_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = script(shell);
        for command in [
            "new", "build", "validate", "info", "list", "call", "diff", "test", "bench", "package",
        ] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn bash_offers_every_host_that_is_known() {
    let names: Vec<&str> = plugin_sdk_harness::hosts::all()
        .iter()
        .map(|host| host.name)
        .collect();
    let built = [&*names, &["component", "wasi-http"]].concat();
    for (command, names) in [
        ("build", &built),
        ("validate", &names),
        ("test", &names),
        ("package", &built),
    ] {
        let offered = offered(CARGO, &["cargo", "plugin", command, "--host", ""]);
        assert_eq!(offered, *names, "{command}");
    }
}
