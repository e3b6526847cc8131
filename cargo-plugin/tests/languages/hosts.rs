//! Plugins in C for other hosts (`tests/languages/hosts`), with the exports of the tool's headers:
//! on the emulators, and on the hosts in Go where there are any.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use plugin_sdk_harness::services::MemoryFiles;
use plugin_sdk_harness::{Plugin, PluginBuilder, hosts};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{self, Folder};
use super::{header, run, sources, zig};

/// A plugin in C, compiled.
struct InC {
    file: PathBuf,
    folder: TempDir,
}

impl InC {
    /// Compiles source files with a host's header, and validates the module for the host.
    fn of(host: &str, files: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plugin.wasm");
        run(zig("cc")
            .current_dir(sources().join("hosts"))
            .args(["-target", "wasm32-wasi", "-mexec-model=reactor"])
            .args(["-std=c11", "-Oz", "-s"])
            .args(["-Wl,--no-entry", "-Wl,--export=plugin_panic_1"])
            .args(["-Wl,-z,stack-size=65536", "-I"])
            .arg(header(host).path())
            .args(files)
            .arg("-o")
            .arg(&file));
        let validated = Folder::new().run(&["validate", file.to_str().unwrap(), "--host", host]);
        validated.good();
        InC { file, folder }
    }

    fn builder(&self) -> PluginBuilder {
        Plugin::builder(self.file.as_path())
    }
}

/// Returns the answers of a host in Go to some requests. Prints why if it is missing.
fn on_real_host(program: &str, requests: &[Value]) -> Option<Vec<Value>> {
    let folder = std::env::var_os("PLUGIN_SDK_GO_HOSTS").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| support::target_dir().join("go"));
    let program = folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        support::not_run(&format!(
            "plugins in C on the hosts in Go: there is no {}",
            program.display()
        ));
        return None;
    }
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for request in requests {
        writeln!(input, "{request}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(
        answers
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// Samples in base64, as the host in Go takes and returns them.
fn in_base64(samples: &[f32]) -> String {
    let bytes: Vec<u8> = samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    let mut text = Vec::new();
    plugin_sdk::hosts::toolfs::base64::encode(&bytes, &mut text);
    String::from_utf8(text)
        .unwrap()
        .trim_matches('"')
        .to_owned()
}

#[test]
fn an_audio_filter_in_c_runs_on_both_hosts() {
    let filter = InC::of("musicfox", &["musicfox-imports.c", "musicfox.c"]);
    let mut plugin = filter.builder().build_for(hosts::musicfox()).unwrap();
    plugin.start().unwrap();
    let samples = [1.0, -1.0, 0.5, 0.25, 0.0, 1.0];
    // The left and the right channel alternate.
    let alpha = 1000.0_f32 / 22_050.0;
    let mut past = [0.0; 2];
    let mut expected = samples;
    for (nth, sample) in expected.iter_mut().enumerate() {
        let last = &mut past[nth % 2];
        *last = alpha * *sample + (1.0 - alpha) * *last;
        *sample = *last;
    }
    let block: Vec<u8> = samples
        .iter()
        .flat_map(|sample: &f32| sample.to_le_bytes())
        .collect();
    let filtered = plugin.call_raw("process_audio", &block).unwrap();
    let filtered: Vec<f32> = filtered
        .as_chunks()
        .0
        .iter()
        .map(|sample| f32::from_le_bytes(*sample))
        .collect();
    assert_eq!(filtered, expected);
    let refused = plugin.call_raw("process_audio", b"1234567").unwrap_err();
    assert_eq!(refused.code(), "invalid_argument", "{refused}");
    plugin.event("track.changed", "Für Elise").unwrap();
    assert_eq!(
        plugin.services().events().emitted()[0].data,
        json!({"events": 1})
    );
    plugin.finish().unwrap();

    let answers = on_real_host(
        "musicfox-host",
        &[
            json!({"load": {"module": filter.file, "by_position": true}}),
            json!({"audio": in_base64(&samples)}),
            json!({"start": null}),
            json!({"audio": in_base64(&samples)}),
            json!({"event": {"type": "track.changed", "data": "Für Elise"}}),
            json!({"events": null}),
        ],
    );
    let Some(answers) = answers else { return };
    assert_eq!(answers[0]["ok"]["id"], "low-pass-c", "{}", answers[0]);
    assert_eq!(answers[1]["failed"]["message"], "plugin not running");
    assert_eq!(answers[3], json!({"ok": in_base64(&expected)}));
    let event = json!({"type": "low-pass.heard", "data": r#"{"events":1}"#});
    assert_eq!(answers[5], json!({"ok": [event]}));
}

#[test]
fn the_example_of_ciss_readme_is_a_skill_with_the_header() {
    let skill = InC::of("cis", &["cis.c"]);
    let mut plugin = skill.builder().grant("kv").build_for(hosts::cis()).unwrap();
    assert_eq!(plugin.call::<String>("example", ()).unwrap(), "my_value");
    assert_eq!(plugin.services().kv().bytes("my_key").unwrap(), b"my_value");
    assert!(plugin.services().logs().contains("Hello from WASM!"));
    let refused = plugin.call::<String>("other", ()).unwrap_err();
    assert_eq!(refused.code(), "unknown_command");
    // The skill frees the text that it has read.
    let before = plugin.memory_bytes();
    for _ in 0..2000 {
        plugin.call::<String>("example", ()).unwrap();
    }
    assert_eq!(plugin.memory_bytes(), before);
    let panic = plugin.event("any", ()).unwrap_err();
    assert_eq!(panic.panic().unwrap().message, "events are not expected");

    let mut denied = skill.builder().build_for(hosts::cis()).unwrap();
    assert_eq!(denied.call::<Value>("example", ()).unwrap(), Value::Null);
}

#[test]
fn a_plugin_in_c_for_neotalk_counts_its_calls() {
    let counter = InC::of("neotalk", &["neotalk.c"]);
    let mut plugin = counter.builder().build_for(hosts::neotalk()).unwrap();
    for count in 1..=3 {
        let answer: Value = plugin.call("count", ()).unwrap();
        assert_eq!(answer, json!({ "count": count }));
    }
    let refused = plugin.call::<Value>("reset", ()).unwrap_err();
    assert!(
        refused.to_string().contains("there is one command"),
        "{refused}"
    );
    plugin.finish().unwrap();
}

#[test]
fn a_plugin_in_c_for_toolfs_reads_files_on_both_hosts() {
    let plugin = InC::of("toolfs", &["toolfs.c"]);
    let files = MemoryFiles::new().read_only("docs");
    let files = files.with_file("docs/a.txt", "hello").unwrap();
    let mut emulated = plugin
        .builder()
        .grant("files")
        .files(files)
        .build_for(hosts::toolfs())
        .unwrap();
    assert_eq!(emulated.call::<u64>("size", ()).unwrap(), 5);
    emulated.finish().unwrap();

    let docs = plugin.folder.path().join("docs");
    std::fs::create_dir(&docs).unwrap();
    std::fs::write(docs.join("a.txt"), "hello").unwrap();
    let answers = on_real_host(
        "toolfs-host",
        &[
            json!({"load": {"module": plugin.file, "mounts": [{"point": "docs", "folder": docs}]}}),
            json!({"execute": {"operation": "size"}}),
            json!({"load": {"module": plugin.file}}),
            json!({"execute": {"operation": "size"}}),
        ],
    );
    let Some(answers) = answers else { return };
    assert_eq!(
        answers[0]["ok"],
        json!({"name": "size-c", "version": "1.0.0"})
    );
    assert_eq!(answers[1]["ok"], json!({"success": true, "result": 5}));
    assert_eq!(answers[3]["ok"]["metadata"]["code"], "not_found");
}

#[test]
fn a_package_has_further_implementations() {
    let filter = InC::of("musicfox", &["musicfox-imports.c", "musicfox.c"]);
    let example = std::path::Path::new(support::WORKSPACE).join("examples/audio-filter");
    let implementation = format!("c={}", filter.file.display());
    let package = |arguments: &[&str]| {
        let mut command = support::plugin(&example, &["package", "--profile", "dev"]);
        let output = filter.folder.path().to_str().unwrap();
        command.args(["--output", output]).args(arguments);
        command
    };
    let report = support::json(&mut package(&[
        "--json",
        "--host",
        "musicfox",
        "--implementation",
        &implementation,
        "--preferred",
        "c",
    ]));
    let archive = std::fs::read(report["archive"].as_str().unwrap()).unwrap();
    let unpacked = filter.folder.path().join("unpacked");
    tar::Archive::new(flate2::read::GzDecoder::new(&*archive))
        .unpack(&unpacked)
        .unwrap();
    let folder = unpacked.join("audio-filter-0.1.0-musicfox");
    let sidecar = std::fs::read(folder.join("plugin.json")).unwrap();
    let wasm = &serde_json::from_slice::<Value>(&sidecar).unwrap()["wasm"];
    assert_eq!(wasm["preferred"], "c");
    let files = ["c", "rust"].map(|language| {
        let file = &wasm["implementations"][language]["file"];
        file.as_str().unwrap().to_owned()
    });
    assert_eq!(files, ["audio-filter-c.wasm", "audio-filter.wasm"]);
    let kept = std::fs::read(folder.join(&files[0])).unwrap();
    assert!(kept == std::fs::read(&filter.file).unwrap());

    for (arguments, why) in [
        (
            &["--implementation", &implementation][..],
            "only go-musicfox",
        ),
        (
            &["--host", "musicfox", "--implementation", "c"],
            "`c` is not LANGUAGE=FILE",
        ),
        (
            &["--host", "musicfox", "--implementation", "rust=a.wasm"],
            "`rust` is this crate",
        ),
        (
            &["--host", "musicfox", "--implementation", "C++=a.wasm"],
            "`C++` is no name",
        ),
        (
            &["--host", "musicfox", "--preferred", "go"],
            "`go` is not one of",
        ),
        (
            &["--host", "musicfox", "--implementation", "go=none.wasm"],
            "cannot read `none.wasm`",
        ),
    ] {
        let output = package(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(why), "{said}");
    }
    let skill = InC::of("cis", &["cis.c"]);
    let wrong = format!("c={}", skill.file.display());
    let output = package(&["--host", "musicfox", "--implementation", &wrong])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is not for go-musicfox"), "{said}");
}

#[test]
fn a_sidecar_by_hand_describes_a_plugin_to_the_tool() {
    let counter = InC::of("neotalk", &["neotalk.c"]);
    let wasm = std::fs::read(&counter.file).unwrap();
    let sidecar = json!({
        "id": "counter", "name": "The counter", "version": "1.2.0", "plugin_type": "tool",
        "description": "Counts its calls.", "permissions": ["network"],
    });
    let folder = Folder::new()
        .with("counter-c.wasm", &wasm)
        .with("counter-c.json", sidecar.to_string());
    let info = folder.run(&["info", "counter-c.wasm"]).good();
    for (name, fact) in [
        ("ID:", "counter"),
        ("Version:", "1.2.0"),
        ("Description:", "Counts its calls."),
        ("Permissions:", "network"),
    ] {
        let is_there = |line: &str| line.starts_with(name) && line.ends_with(fact);
        assert!(info.lines().any(is_there), "{info}");
    }
    let listed = support::parsed(&folder.run(&["--json", "list", "--dir", "."]).good());
    let plugin = &listed["plugins"][0];
    assert_eq!(
        (&plugin["id"], &plugin["version"], &plugin["host"]),
        (&json!("counter"), &json!("1.2.0"), &json!("neotalk"))
    );
    let valid = folder
        .run(&["validate", "counter-c.wasm", "--host", "neotalk"])
        .good();
    assert!(valid.contains("✓ Metadata file complete"), "{valid}");
    let counted = folder.run(&["call", "counter-c.wasm", "count"]).good();
    assert!(counted.contains("1"), "{counted}");

    folder.write("counter-c.json", r#"{"id": "counter", "version": "1"}"#);
    let (_, wrong) = folder
        .run(&["validate", "counter-c.wasm", "--host", "neotalk"])
        .said();
    assert!(wrong.contains("✗ Metadata file incomplete"), "{wrong}");
    assert!(wrong.contains("the version `1`"), "{wrong}");
    folder.write("counter-c.json", "{");
    let broken = folder.run(&["info", "counter-c.wasm"]).bad(3);
    assert!(
        broken.contains("`counter-c.json` cannot be read"),
        "{broken}"
    );
}
