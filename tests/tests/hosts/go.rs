//! The hosts in Go (`hosts/go`): their own tests, and plugins of this workspace in them, compared
//! with native ones and with the emulators.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use audio_filter::{AudioFilter, Config};
use plugin_sdk_harness::services::DirectoryFiles;
use plugin_sdk_harness::{Plugin, Source, hosts};
use plugin_sdk_tests::{go_program, not_run};
use serde_json::{Value, json};

use super::program::{converse, python};
use super::{WORKSPACE, build_for, target_dir};

/// The modules of Go.
const MODULES: [&str; 3] = ["guest", "toolfs", "musicfox"];

/// The plugins that the tests in Go load, and the hosts that they are built for.
const PLUGINS: [(&str, &str); 3] = [
    ("examples/rag", "toolfs"),
    ("tests/guests/conformance", "toolfs"),
    ("examples/audio-filter", "musicfox"),
];

/// The variable with the path of the command `go`.
const GO: &str = "PLUGIN_SDK_GO";

/// Returns Go as set-up has found it. Prints why if it is missing.
fn go() -> Option<PathBuf> {
    let place = match cfg!(windows) {
        true => "python/Scripts/go.exe",
        false => "python/bin/go",
    };
    // Without the programs, Go or the modules that it needs are missing.
    if let Err(reason) = go_program("toolfs-host") {
        not_run(&format!("tests in Go: {reason}"));
        return None;
    }
    let given = std::env::var_os(GO).map(PathBuf::from);
    Some(given.unwrap_or_else(|| target_dir().join(place)))
}

/// Runs a program in a module's folder, and returns its output.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

#[test]
fn the_tests_in_go_pass() {
    let Some(go) = go() else { return };
    let guests = tempfile::tempdir().unwrap();
    for (folder, host) in PLUGINS {
        let name = Path::new(folder).file_name().unwrap().to_str().unwrap();
        let built = build_for(folder, &format!("host-{host}"));
        let file = guests.path().join(format!("{name}-{host}.wasm"));
        fs::copy(built, file).unwrap();
    }
    let root = run(Command::new(&go).args(["env", "GOROOT"]));
    let gofmt = Path::new(root.trim()).join(format!("bin/gofmt{EXE_SUFFIX}"));
    for module in MODULES {
        let folder = Path::new(WORKSPACE).join("hosts/go").join(module);
        let command = |arguments: &[&str]| {
            let mut command = Command::new(&go);
            command
                .current_dir(&folder)
                .args(arguments)
                .env("GOTOOLCHAIN", "local")
                .env("PLUGIN_SDK_GO_GUESTS", guests.path());
            command
        };
        run(&mut command(&["vet", "./..."]));
        let passed = run(&mut command(&["test", "-v", "./..."]));
        for line in passed.lines().map(str::trim) {
            assert!(!line.starts_with("--- FAIL"), "{passed}");
            if let Some((_, reason)) = line.split_once("not run: ") {
                not_run(&format!("{module} in Go: {reason}"));
            }
        }
        let unformatted = run(Command::new(&gofmt).current_dir(&folder).args(["-l", "."]));
        assert_eq!(unformatted, "", "{module}: `gofmt -w .` formats them");
    }
}

#[test]
fn rag_answers_as_in_the_emulator() {
    let program = match go_program("toolfs-host") {
        Ok(program) => program,
        Err(reason) => return not_run(&format!("ToolFS in Go: {reason}")),
    };
    // Real folders: the documentation of this repository.
    let docs = Path::new(WORKSPACE).join("docs");
    let files = DirectoryFiles::new().read_only("docs", &docs).unwrap();
    let source = Source::crate_dir(Path::new(WORKSPACE).join("examples/rag"));
    let mut emulated = Plugin::builder(source.profile("dev").target_dir(target_dir()))
        .grant("files")
        .files(files)
        .build_for(hosts::toolfs())
        .unwrap();
    let calls = [
        ("index", json!({"path": "docs"})),
        (
            "search",
            json!({"query": "the order of imports", "limit": 20}),
        ),
        ("search", json!({"query": "wasm-ld"})),
        ("search", json!({"query": "…"})),
        ("list_dir", json!({"path": "docs/hosts"})),
        (
            "read_file",
            json!({"path": "docs/abi.md", "offset": 100, "length": 50}),
        ),
        ("read_file", json!({"path": "docs/none.md"})),
        ("read_file", json!({"path": "docs/hosts"})),
        ("read_file", json!({"path": "other/a.md"})),
        ("read_file", json!({"path": "docs/abi.md/x"})),
        ("list_dir", json!({"path": "docs/abi.md"})),
        ("list_dir", json!({"path": ""})),
        ("list_dir", json!({"path": "/etc"})),
        ("index", json!({})),
    ];
    let request = |(operation, arguments): &(&str, Value)| {
        let mut data = arguments.clone();
        let path = data.as_object_mut().unwrap().remove("path");
        let path = path.map(|path| match path.as_str().unwrap() {
            "" => "/toolfs".to_owned(),
            absolute if absolute.starts_with('/') => absolute.to_owned(),
            relative => format!("/toolfs/{relative}"),
        });
        json!({"execute": {"operation": operation, "path": path, "data": data}})
    };
    let module = build_for("examples/rag", "host-toolfs");
    let mounts = json!([{"point": "docs", "folder": docs, "read_only": true}]);
    let load = json!({"load": {"module": module, "mounts": mounts}});
    let requests: Vec<Value> = std::iter::once(load)
        .chain(calls.iter().map(request))
        .collect();
    let answers = converse(&mut Command::new(program), &requests).unwrap();
    assert_eq!(answers[0]["ok"]["name"], "rag", "{}", answers[0]);
    for ((operation, arguments), answer) in calls.iter().zip(&answers[1..]) {
        let response = &answer["ok"];
        match emulated.call::<Value>(*operation, arguments) {
            Ok(expected) => assert_eq!(response["result"], expected, "{operation} {arguments}"),
            // The emulator blocks such a path before the plugin sees it, as ToolFS's sandbox does.
            Err(_) if arguments["path"] == "/etc" => {
                assert_eq!(response["metadata"]["code"], "not_found", "{answer}");
            }
            Err(failure) => {
                let code = &response["metadata"]["code"];
                assert_eq!(*code, failure.code(), "{operation} {arguments}: {answer}");
            }
        }
    }
}

/// Writes 16-bit stereo sound, with Python's own writer of such files.
const WRITE_WAV: &str = "
import math, struct, sys, wave
with wave.open(sys.argv[1], 'wb') as file:
    file.setnchannels(2), file.setsampwidth(2), file.setframerate(44100)
    for at in range(44100):
        left = math.sin(at * 440 * math.tau / 44100) + math.sin(at * 9000 * math.tau / 44100)
        right = math.copysign(1, math.sin(at * 110 * math.tau / 44100))
        file.writeframes(struct.pack('<hh', int(16000 * left), int(32767 * right)))
";

#[test]
fn a_wav_file_is_filtered_as_natively() {
    let program = match go_program("filter-wav") {
        Ok(program) => program,
        Err(reason) => return not_run(&format!("audio in Go: {reason}")),
    };
    let folder = tempfile::tempdir().unwrap();
    let [original, filtered] = ["in.wav", "out.wav"].map(|name| folder.path().join(name));
    run(python().args(["-c", WRITE_WAV]).arg(&original));
    let module = build_for("examples/audio-filter", "host-musicfox");
    run(Command::new(program)
        .arg(module)
        .args([&original, &filtered]));

    // Both files have a header of 44 bytes.
    let original = fs::read(original).unwrap();
    let (samples, _) = original[44..].as_chunks();
    let mut expected: Vec<f32> = samples
        .iter()
        .map(|sample| f32::from(i16::from_le_bytes(*sample)) / 32768.0)
        .collect();
    assert_eq!(expected.len(), 2 * 44_100);
    let before = expected.clone();
    let mut native = AudioFilter::new(Config::default()).unwrap();
    native.start();
    // In one block: the host's blocks continue each other.
    native.process_audio(&mut expected).unwrap();
    assert_ne!(before, expected);
    let filtered = fs::read(filtered).unwrap();
    assert_eq!(&filtered[..4], b"RIFF");
    let (samples, rest) = filtered[44..].as_chunks();
    let found: Vec<f32> = samples.iter().copied().map(f32::from_le_bytes).collect();
    assert!(rest.is_empty());
    assert!(found == expected, "the samples differ");
}
