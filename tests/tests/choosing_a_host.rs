//! A plugin's host is selected by a feature, and cargo unifies features: the result of two at once,
//! and of all of them natively. And the error for a plugin that lacks a feature.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::process::Command;

use plugin_sdk_harness::hosts;
use plugin_sdk_harness::inspect::Inspection;
use plugin_sdk_tests::{Build, Refused, root};

/// Returns the features of the SDK that select a host, as in its `Cargo.toml`.
fn features() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("sdk/Cargo.toml")).unwrap();
    let features = manifest.lines().filter_map(|line| {
        let (name, _) = line.split_once(" = [")?;
        name.starts_with("host-").then(|| name.to_owned())
    });
    features.collect()
}

/// Returns the features as cargo options for a plugin that depends on the SDK.
fn of_the_sdk(features: &[&str]) -> String {
    let features: Vec<String> = features
        .iter()
        .map(|feature| format!("plugin-sdk/{feature}"))
        .collect();
    features.join(",")
}

/// Returns the first line of each error in the compiler's output.
fn errors(stderr: &str) -> Vec<&str> {
    stderr
        .lines()
        .filter(|line| line.starts_with("error"))
        .collect()
}

#[track_caller]
fn is_refused_once(chosen: &[&str]) {
    let build = Build::of("greeter").dev().feature(&of_the_sdk(chosen));
    let Err(Refused(stderr)) = build.wasm() else {
        panic!("{chosen:?}: a plugin was made for several hosts at once");
    };
    // The second line is cargo's count.
    let [error, last] = errors(&stderr)[..] else {
        panic!("{chosen:?}: {stderr}");
    };
    assert!(
        error.starts_with(
            "error: a plugin is made for one host at a time, and more than one is chosen, `host-"
        ),
        "{error}"
    );
    assert!(
        chosen
            .iter()
            .any(|feature| error.contains(&format!("`{feature}`"))),
        "{error}"
    );
    assert_eq!(
        last, "error: could not compile `plugin-sdk` (lib) due to 1 previous error",
        "{stderr}"
    );
}

#[test]
fn a_plugin_that_logs_without_the_feature_is_refused() {
    let build = Build::of("remembering").dev().without_default_features();
    let Err(Refused(stderr)) = build.feature("logged").wasm() else {
        panic!("a plugin logs without the `log` crate");
    };
    let error = errors(&stderr)[0];
    assert!(
        error.starts_with("error: log lines need the feature `log` of `plugin-sdk`"),
        "{stderr}"
    );
}

#[test]
fn two_hosts_at_once_cause_exactly_one_error() {
    let features = features();
    let all: Vec<&str> = features.iter().map(String::as_str).collect();
    assert!(all.len() > 1, "{all:?}");
    // Adjacent pairs, so that each feature is once the first and once the second; and all together.
    for two in all.windows(2) {
        is_refused_once(two);
    }
    is_refused_once(&all);
}

/// A workspace is tested with all features on the author's own computer.
#[test]
fn all_hosts_at_once_compile_natively() {
    let features = features();
    let all: Vec<&str> = features.iter().map(String::as_str).collect();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root())
        .args(["check", "--package=greeter", "--lib", "--features"])
        .arg(of_the_sdk(&all))
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert_eq!(errors(&stderr), [""; 0]);
}

#[test]
fn the_sdk_has_a_feature_for_every_emulated_host() {
    let offered = features();
    for feature in hosts::all().iter().filter_map(|host| host.feature) {
        assert!(offered.iter().any(|known| known == feature), "{feature}");
    }
}

/// One source, built with each of its features, which enable the SDK's.
#[test]
fn a_module_built_for_a_host_is_recognised_as_such() {
    for host in hosts::all() {
        let build = Build::of("greeter").dev();
        let build = match host.feature {
            Some(feature) => build.feature(feature),
            None => build,
        };
        let wasm = build.wasm().unwrap();
        let inspection = Inspection::of(&wasm).unwrap();
        let found = hosts::made_for(&inspection).map(|found| found.name);
        assert_eq!(found, Some(host.name));
        assert!(host.exports(&inspection).is_empty(), "{}", host.name);
    }
}

#[test]
fn every_host_has_a_page_listed_in_the_index() {
    let folder = root().join("docs/hosts");
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    for host in hosts::all() {
        let Some(feature) = host.feature else {
            continue;
        };
        let page = format!("{}.md", host.name);
        assert!(folder.join(&page).is_file(), "docs/hosts/{page}");
        let row = format!("| `{feature}` | [`{page}`]({page}) |");
        assert!(
            index.contains(&row),
            "docs/hosts/README.md has no row with {row}"
        );
        // In the table of services, one column per host.
        assert!(
            index.contains(&format!(" `{}` |", host.name)),
            "{}",
            host.name
        );
    }
    // All its links lead to existing files.
    for (at, _) in index.match_indices("](") {
        let (target, _) = index[at + 2..].split_once(')').unwrap();
        let target = target.split('#').next().unwrap();
        assert!(folder.join(target).exists(), "docs/hosts/{target}");
    }
}
