//! What the README says is enough: a plugin project is made outside this workspace from the README's text alone, builds, and passes its tests.
//!
//! Taken from the README: every command of its `sh` blocks, and every block of code after a line that names the file it belongs to.
//! Different from it: `cargo add` takes the two crates of this repository by their path, as the README says for as long as they are not on
//! crates.io; versions of everything else are those of this workspace's `Cargo.lock`, and cargo builds into this workspace's target folder, so that
//! what is compiled already is not compiled again, and nothing is downloaded.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use plugin_sdk_harness::Plugin;
use serde_json::{Value, json};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The crates of this repository that a plugin depends on, and their folders.
const OWN: [(&str, &str); 2] = [
    ("plugin-sdk", "sdk"),
    ("plugin-sdk-harness", "host-harness"),
];

/// What the README asks for, in this order.
#[derive(Debug)]
enum Step {
    Type(String),
    Put { file: String, text: String },
}

/// A block of code in the README, and the line of text before it.
struct Block<'a> {
    before: &'a str,
    language: &'a str,
    code: String,
}

fn blocks(readme: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut before = "";
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let code = lines.by_ref().take_while(|line| *line != "```");
            let code = code.map(|line| format!("{line}\n")).collect();
            blocks.push(Block {
                before,
                language,
                code,
            });
        } else if !line.is_empty() {
            before = line;
        }
    }
    blocks
}

/// The last thing in backticks, if a line ends with it and a colon.
fn file_named_by(line: &str) -> Option<&str> {
    let (_, file) = line.strip_suffix("`:")?.rsplit_once('`')?;
    Some(file)
}

/// Commands and files. The plugin's source stands before the commands that make a project to put it in, so files come after `cargo add`.
fn steps(readme: &str) -> Vec<Step> {
    let blocks = blocks(readme);
    let mut commands: Vec<Vec<Step>> = Vec::new();
    let mut files = Vec::new();
    for Block {
        before,
        language,
        code,
    } in blocks
    {
        match (language, file_named_by(before)) {
            ("sh", _) => commands.push(
                code.lines()
                    .map(|line| Step::Type(line.to_owned()))
                    .collect(),
            ),
            (_, Some(file)) => files.push(Step::Put {
                file: file.to_owned(),
                text: code,
            }),
            // How to run this repository's own demonstration and tests.
            _ => assert_eq!(
                language, "console",
                "a block of which it is not said what to do with it:\n{code}"
            ),
        }
    }
    assert_eq!(
        commands.len(),
        2,
        "one block of commands makes the project, one tests and builds it"
    );
    let last = commands.pop().unwrap();
    commands
        .into_iter()
        .flatten()
        .chain(files)
        .chain(last)
        .collect()
}

struct Project {
    folder: PathBuf,
}

impl Project {
    fn carry_out(&mut self, step: &Step) {
        match step {
            Step::Type(line) => self.type_line(line),
            Step::Put { file, text } => self.put(file, text),
        }
    }

    fn type_line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["cd", folder] => {
                self.folder.push(folder);
                let lock = Path::new(WORKSPACE).join("Cargo.lock");
                fs::copy(lock, self.folder.join("Cargo.lock")).unwrap();
            }
            ["cargo", arguments @ ..] => self.cargo(arguments),
            _ => panic!("the README asks for what this test does not know: {line}"),
        }
    }

    fn cargo(&self, arguments: &[&str]) {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).current_dir(&self.folder);
        if let ["add", .., name] = arguments
            && let Some((_, folder)) = OWN.iter().find(|(own, _)| own == name)
        {
            cargo.arg("--path").arg(Path::new(WORKSPACE).join(folder));
        }
        for (name, _) in std::env::vars_os() {
            // What describes the running test.
            if name.to_str().is_some_and(|name| {
                name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
            }) {
                cargo.env_remove(name);
            }
        }
        let output = cargo
            .env("CARGO_TARGET_DIR", target_dir())
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TERM_COLOR", "never")
            .output()
            .unwrap();
        let said =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(
            output.status.success(),
            "`cargo {}`:\n{}",
            arguments.join(" "),
            said.concat()
        );
        if arguments == ["test"] {
            for test in [
                "test tests::greets_natively ... ok",
                "test greets_in_wasm ... ok",
            ] {
                assert!(said[0].contains(test), "{test}:\n{}", said.concat());
            }
        }
    }

    /// Replaces a file; what belongs in the manifest is added to it.
    fn put(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let is_manifest = file == "Cargo.toml";
        let mut file = fs::File::options();
        let mut file = file
            .create(true)
            .write(true)
            .append(is_manifest)
            .truncate(!is_manifest)
            .open(path)
            .unwrap();
        file.write_all(format!("\n{text}").as_bytes()).unwrap();
    }
}

/// Where cargo builds to.
fn target_dir() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

#[test]
fn the_readme_alone_yields_a_plugin_that_passes_its_tests() {
    let readme = fs::read_to_string(Path::new(WORKSPACE).join("README.md")).unwrap();
    let outside = tempfile::tempdir().unwrap();
    let mut project = Project {
        folder: outside.path().to_owned(),
    };
    for step in steps(&readme) {
        project.carry_out(&step);
    }

    // The README says where it is.
    let built = target_dir().join("wasm32-unknown-unknown/release/hello.wasm");
    assert!(readme.contains("`target/wasm32-unknown-unknown/release/hello.wasm`"));
    let mut plugin = Plugin::from_file(built).unwrap();
    let greeting: Value = plugin.call("greet", json!({"name": "Ada"})).unwrap();
    assert_eq!(greeting, json!({"message": "Hello, Ada!", "greeted": 1}));
}
