//! The examples, with their source unchanged, built for every emulated host. Their results are
//! those on the SDK's own host, or the error `unsupported` if the host lacks the service.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use plugin_sdk_harness::hosts::{self, HostContract};
use plugin_sdk_harness::services::MemoryFiles;
use plugin_sdk_harness::{Engine, Failure, Plugin, PluginBuilder, Source};
use serde_json::{Value, json};

/// Returns the builder of an example with all permissions.
fn builder(example: &str) -> PluginBuilder {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    interpreted(root.join("examples").join(example)).grant_all()
}

/// Returns the builder of a crate in the `dev` profile. The interpreter runs it, because the engine
/// makes no difference to a contract, and compiling all these large modules takes the longest.
fn interpreted(crate_dir: PathBuf) -> PluginBuilder {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let source = Source::crate_dir(crate_dir).profile("dev");
    Plugin::builder(source.target_dir(target)).engine(Engine::Wasmi)
}

/// Runs an example on every host. `run` returns its result, which must be the same everywhere,
/// except that it is `unsupported` on the hosts in `lacking`.
fn on_every_host(
    example: &str,
    lacking: &[&str],
    run: impl Fn(&HostContract, PluginBuilder) -> Result<Value, Failure>,
) {
    let native = run(hosts::native(), builder(example)).unwrap();
    for host in hosts::all() {
        match run(host, builder(example)) {
            Ok(outcome) => {
                assert_eq!(outcome, native, "{example} on {}", host.name);
                assert!(
                    !lacking.contains(&host.name),
                    "{example} works on {}",
                    host.name
                );
            }
            Err(failure) => {
                assert_eq!(
                    failure.code(),
                    "unsupported",
                    "{example} on {}: {failure}",
                    host.name
                );
                assert!(
                    lacking.contains(&host.name),
                    "{example} on {}: {failure}",
                    host.name
                );
            }
        }
    }
}

fn built(host: &HostContract, builder: PluginBuilder) -> Result<Plugin, Failure> {
    builder.build_for(hosts::find(host.name).unwrap())
}

#[test]
fn the_greeter_greets_and_refuses_alike_on_every_host() {
    on_every_host("greeter", &[], |host, builder| {
        let mut plugin = built(host, builder)?;
        let greeting: Value = plugin.call("greet", json!({"name": "Ada"}))?;
        let refusals: Vec<_> = [
            json!({"nam": "Ada"}),
            json!({"name": 7}),
            json!({"name": ""}),
        ]
        .into_iter()
        .map(|arguments| {
            let failure = plugin.call::<Value>("greet", arguments).unwrap_err();
            failure.code().to_owned()
        })
        .collect();
        plugin.finish()?;
        Ok(json!([greeting, refusals]))
    });
}

#[test]
fn text_statistics_are_the_same_everywhere() {
    on_every_host("text-stats", &[], |host, builder| {
        let mut plugin = built(host, builder)?;
        let stats = plugin.call("stats", json!({"text": "Grüße an alle.\nUnd an 你好!"}))?;
        plugin.finish()?;
        Ok(stats)
    });
}

#[test]
fn a_guest_book_needs_a_host_that_keeps_values() {
    on_every_host(
        "guest-book",
        &["neotalk", "toolfs", "musicfox", "neomind", "typst"],
        |host, builder| {
            let mut plugin = built(host, builder)?;
            let greeting: Value = plugin.call("greet", json!({"name": "Ada"}))?;
            let last: Value = plugin.call("last", json!({}))?;
            plugin.finish()?;
            Ok(json!([greeting, last]))
        },
    );
}

#[test]
fn an_index_of_files_needs_a_host_with_files() {
    on_every_host(
        "rag",
        &["neotalk", "cis", "musicfox", "extism", "neomind", "typst"],
        |host, builder| {
            let files = MemoryFiles::new().read_only("docs");
            let files = files
                .with_file("docs/wasm.txt", "WebAssembly is a portable code.")
                .unwrap();
            let mut plugin = built(host, builder.files(files))?;
            let indexed: Value = plugin.call("index", json!({"path": "docs"}))?;
            let found: Value = plugin.call("search", json!({"query": "portable"}))?;
            plugin.finish()?;
            Ok(json!([indexed, found]))
        },
    );
}

/// Returns the builder of a guest.
fn guest(name: &str) -> PluginBuilder {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
    interpreted(guests.join(name))
}

#[test]
fn constructors_run_once_before_the_first_call_on_every_host() {
    for host in hosts::all() {
        let mut plugin = built(host, guest("constructed")).unwrap();
        for _ in 0..3 {
            let runs: Value = plugin.call("runs", json!({})).unwrap();
            assert_eq!(runs, json!([1, 1]), "{}", host.name);
            let flavours: Value = plugin.call("flavours", json!({})).unwrap();
            assert_eq!(flavours, json!(["lemon", "vanilla"]), "{}", host.name);
        }
        plugin.finish().unwrap();
    }
}

/// On a host where commands are exports, and on one that calls all of them by one export.
#[test]
fn command_names_may_clash_with_other_names() {
    let mut worked = Vec::new();
    for name in ["native", "extism", "typst", "neotalk"] {
        let mut plugin = built(hosts::find(name).unwrap(), guest("named")).unwrap();
        for command in named::NAMES {
            let command = command.trim_start_matches("r#");
            let answer: String = plugin.call(command, json!({})).unwrap();
            assert_eq!(answer.trim_start_matches("r#"), command, "{name}");
        }
        let work: Value = plugin.call("work", json!({"x": 0.75, "n": 300})).unwrap();
        worked.push((name, work));
        plugin.finish().unwrap();
    }
    for (name, work) in &worked {
        assert_eq!(*work, worked[0].1, "{name}");
    }
}
