//! The published packages: a project outside this repository depends on their `.crate` files alone,
//! and the tool is installed from its own.
//!
//! `cargo package` writes the files; unpacking and compiling them here is what its verification
//! would do. The project follows the README: every command of its `sh` blocks, and every block of
//! code after a line that names the file it belongs to. Third-party crates come from the registry
//! in the versions of this workspace's `Cargo.lock`, and cargo builds into this workspace's target
//! folder, so that the engine is not compiled again and nothing is downloaded.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use plugin_sdk_harness::Plugin;
use serde_json::{Value, json};

#[path = "packages/crates.rs"]
mod crates;

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

const VERSION: &str = env!("CARGO_PKG_VERSION");

const TOOL: &str = "plugin-sdk-cli";

/// The published packages.
const PACKAGES: [&str; 5] = [
    "plugin-sdk-macros",
    "plugin-sdk",
    "plugin-sdk-harness",
    "plugin-sdk-server",
    TOOL,
];

/// A folder outside the repository with the packages as cargo unpacks them, and a registry index
/// that lists them.
struct Outside {
    folder: tempfile::TempDir,
}

impl Outside {
    /// Packages, unpacks and lists the published crates.
    fn new() -> Self {
        let mut arguments = vec!["package", "--no-verify", "--allow-dirty", "--offline"];
        arguments.extend(PACKAGES.iter().flat_map(|package| ["--package", package]));
        succeed(cargo(&arguments, Path::new(WORKSPACE)));

        let outside = Outside {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(outside.unpacked()).unwrap();
        for package in PACKAGES {
            let file = target_dir().join(format!("package/{package}-{VERSION}.crate"));
            let mut tar = Command::new("tar");
            tar.arg("-xzf").arg(file).arg("-C").arg(outside.unpacked());
            succeed(tar);
            for licence in ["LICENSE-MIT", "LICENSE-APACHE", "README.md"] {
                let file = outside.package(package).join(licence);
                assert!(file.is_file(), "{}", file.display());
            }
            outside.list(package);
        }
        outside
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of unpacked packages. The tool recognises cargo's own by its two last parts.
    fn unpacked(&self) -> PathBuf {
        self.path().join("registry/src")
    }

    fn package(&self, name: &str) -> PathBuf {
        self.unpacked().join(format!("{name}-{VERSION}"))
    }

    fn local_registry(&self) -> PathBuf {
        self.path().join("local-registry")
    }

    /// Writes a package's entry in the index of the local registry, which is all that `cargo add`
    /// reads.
    fn list(&self, name: &str) {
        let folder = self.local_registry().join("index").join(&name[..2]);
        let folder = folder.join(&name[2..4]);
        fs::create_dir_all(&folder).unwrap();
        let entry = json!({
            "name": name,
            "vers": VERSION,
            "deps": [],
            "cksum": "0".repeat(64),
            // The only one that the README asks for.
            "features": {"wasmi": []},
            "yanked": false,
        });
        fs::write(folder.join(name), format!("{entry}\n")).unwrap();
    }

    /// Makes every cargo in this folder take the packages from where they are unpacked.
    fn configure(&self) {
        let folder = self.path().join(".cargo");
        if folder.exists() {
            return;
        }
        let mut config = String::from("[patch.crates-io]\n");
        for package in PACKAGES.iter().filter(|package| **package != TOOL) {
            let path = self.package(package);
            config += &format!("{package} = {{ path = {path:?} }}\n");
        }
        // As in this workspace; otherwise cargo would compile the tool's engine anew.
        let manifest = fs::read_to_string(format!("{WORKSPACE}/Cargo.toml")).unwrap();
        let profile = manifest
            .split("\n\n")
            .find(|paragraph| paragraph.contains("[profile.dev.package]"));
        config += profile.unwrap();
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("config.toml"), config).unwrap();
    }

    /// Locks a project to the versions of this workspace.
    fn lock(&self, project: &Path) {
        fs::copy(
            Path::new(WORKSPACE).join("Cargo.lock"),
            project.join("Cargo.lock"),
        )
        .unwrap();
    }

    /// Installs the tool, and returns its program.
    fn install_tool(&self) -> PathBuf {
        let package = self.package(TOOL);
        self.lock(&package);
        succeed(cargo(&["metadata", "--format-version=1"], &package));
        let mut install = cargo(&["install", "--locked", "--debug", "--quiet"], self.path());
        install.arg("--path").arg(package);
        // Only its program is of interest.
        install.env("CARGO_PROFILE_DEV_DEBUG", "false");
        install.arg("--root").arg(self.path().join("tool"));
        succeed(install);
        let program = format!("tool/bin/cargo-plugin{}", std::env::consts::EXE_SUFFIX);
        self.path().join(program)
    }
}

/// A step of the quick start in the README.
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

/// Returns the file that a line names last, in backticks before a colon.
fn file_named_by(line: &str) -> Option<&str> {
    let (_, file) = line.strip_suffix("`:")?.rsplit_once('`')?;
    Some(file)
}

/// Returns the README's commands and files. The plugin's source is shown before the commands that
/// create its project, so files come after `cargo add`.
fn steps(readme: &str) -> Vec<Step> {
    let mut commands: Vec<Vec<Step>> = Vec::new();
    let mut files = Vec::new();
    for Block {
        before,
        language,
        code,
    } in blocks(readme)
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
            // Commands for a clone of this repository.
            _ => assert_eq!(
                language, "console",
                "the README does not say which file this block is:\n{code}"
            ),
        }
    }
    assert_eq!(
        commands.len(),
        2,
        "one block of commands creates the project, another tests and builds it"
    );
    let last = commands.pop().unwrap();
    commands
        .into_iter()
        .flatten()
        .chain(files)
        .chain(last)
        .collect()
}

struct Project<'a> {
    outside: &'a Outside,
    folder: PathBuf,
}

impl Project<'_> {
    fn carry_out(&mut self, step: &Step) {
        match step {
            Step::Type(line) => self.type_line(line),
            Step::Put { file, text } => self.put(file, text),
        }
    }

    fn type_line(&mut self, line: &str) {
        let line = line.split_once(" #").map_or(line, |(line, _)| line);
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["cd", folder] => self.folder.push(folder),
            ["cargo", arguments @ ..] => self.cargo(arguments),
            _ => panic!("the README has a command that this test does not know: {line}"),
        }
    }

    fn cargo(&self, arguments: &[&str]) {
        let mut command = cargo(arguments, &self.folder);
        match arguments {
            ["new", ..] => {}
            // `cargo add` ignores patches, so it reads the local registry, which has nothing else.
            ["add", .., name] if PACKAGES.contains(name) => {
                let registry = self.outside.local_registry();
                command.args(["--config", "source.crates-io.replace-with='local'"]);
                command.arg("--config");
                command.arg(format!("source.local.local-registry={registry:?}"));
            }
            _ => {
                self.outside.configure();
                self.outside.lock(&self.folder);
            }
        }
        let output = succeed(command);
        if arguments == ["test"] {
            let stdout = String::from_utf8_lossy(&output.stdout);
            for test in [
                "greets_natively",
                "greets_by_name::native",
                "greets_by_name::wasm",
            ] {
                let passes = format!("test {test} ... ok");
                assert!(stdout.contains(&passes), "{passes}:\n{stdout}");
            }
        }
    }

    /// Writes a file. What belongs in the manifest is appended to it.
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

/// Returns a cargo without what describes the running test.
fn cargo(arguments: &[&str], folder: &Path) -> Command {
    command(env!("CARGO"), arguments, folder)
}

fn command(program: impl AsRef<OsStr>, arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        }) {
            command.env_remove(name);
        }
    }
    command
        .env("CARGO_TARGET_DIR", target_dir())
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TERM_COLOR", "never");
    command
}

#[track_caller]
fn succeed(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The folder that cargo builds to.
fn target_dir() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

#[test]
fn packages_alone_make_the_readmes_plugin_and_the_tool() {
    let outside = Outside::new();

    // The quick start.
    let readme = fs::read_to_string(Path::new(WORKSPACE).join("README.md")).unwrap();
    let mut project = Project {
        outside: &outside,
        folder: outside.path().to_owned(),
    };
    for step in steps(&readme) {
        project.carry_out(&step);
    }
    let module = "target/wasm32-unknown-unknown/release/hello.wasm";
    assert!(readme.contains(&format!("`{module}`")));
    let built = target_dir().parent().unwrap().join(module);
    let mut plugin = Plugin::from_file(built).unwrap();
    let greeting: Value = plugin.call("greet", json!({"name": "Ada"})).unwrap();
    assert_eq!(greeting, json!({"message": "Hello, Ada!", "greeted": 1}));

    // The tool, with its templates.
    let tool = outside.install_tool();
    let arguments = ["plugin", "new", "weather"];
    succeed(command(&tool, &arguments, outside.path()));
    let weather = outside.path().join("weather");
    let manifest = fs::read_to_string(weather.join("Cargo.toml")).unwrap();
    let dependency = format!("plugin-sdk = \"{VERSION}\"");
    assert!(manifest.contains(&dependency), "{manifest}");
    outside.lock(&weather);
    succeed(cargo(&["test"], &weather));
}
