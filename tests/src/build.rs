//! Guests, built as their authors would build them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use wasmtime::{Engine, Module};

/// The way to build a guest: with the profile `guest` and the default features, unless set
/// otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Build {
    package: &'static str,
    arguments: Vec<String>,
    /// Builds the module alone. Cargo omits link-time optimisation if it also builds a library.
    as_one: bool,
    /// Compiler arguments for the package itself, not its dependencies.
    rustc_arguments: Vec<String>,
    target_dir: Option<PathBuf>,
}

/// Cargo's output after a build that failed.
#[derive(Clone, Debug)]
pub struct Refused(pub String);

type Wasm = Result<Vec<u8>, Refused>;

const DEV: &str = "--profile=dev";

impl Build {
    /// Creates a build of a package of this workspace.
    pub fn of(package: &'static str) -> Self {
        Build {
            package,
            arguments: Vec::new(),
            as_one: false,
            rustc_arguments: Vec::new(),
            target_dir: None,
        }
        .argument("--target=wasm32-unknown-unknown")
        .argument("--lib")
    }

    /// Enables a feature, which may be `dependency/feature`.
    pub fn feature(self, feature: &str) -> Self {
        self.argument(&format!("--features={feature}"))
    }

    /// Disables the default features of the package.
    pub fn without_default_features(self) -> Self {
        self.argument("--no-default-features")
    }

    /// Uses the profile `dev` instead of `guest`.
    pub fn dev(self) -> Self {
        self.argument(DEV)
    }

    fn is_dev(&self) -> bool {
        self.arguments.iter().any(|argument| argument == DEV)
    }

    /// Changes a line of the profile `guest`, as in `opt-level=3`. Such a build needs a separate
    /// target folder.
    pub fn profile_with(self, line: &str) -> Self {
        self.argument(&format!("--config=profile.guest.{line}"))
    }

    /// Builds the module alone, which link-time optimisation requires.
    pub fn as_one(mut self) -> Self {
        self.as_one = true;
        self
    }

    /// Builds the module alone, without a manifest.
    pub fn undescribed(self) -> Self {
        let mut undescribed = self.as_one();
        // For the package alone: a flag for all crates would change the names, and thus the order,
        // of everything in the module.
        undescribed.rustc_arguments = ["--cfg", "plugin_sdk_undescribed"]
            .map(str::to_owned)
            .to_vec();
        undescribed
    }

    /// Builds the module alone, with compiler arguments that affect only linking, as in
    /// `-Clink-arg=…`.
    pub fn linked_with(mut self, arguments: &[String]) -> Self {
        self.as_one = true;
        self.rustc_arguments.extend_from_slice(arguments);
        self
    }

    /// Builds into a folder of this name in the workspace's target folder.
    pub fn apart(mut self, folder: &str) -> Self {
        self.target_dir = Some(root().join("target").join(folder));
        self
    }

    fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Returns the module's bytes. The first call in a process builds them.
    pub fn wasm(&self) -> Wasm {
        // Held while building and reading: cargo uses the same file name for all variants of a
        // package.
        static BUILT: Mutex<Option<HashMap<Build, Wasm>>> = Mutex::new(None);
        let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        let built = built.get_or_insert_default();
        if let Some(known) = built.get(self) {
            return known.clone();
        }
        let wasm = self.run();
        built.insert(self.clone(), wasm.clone());
        wasm
    }

    /// Returns the module, compiled once in a process for [`Host`](crate::Host).
    pub fn module(&self) -> Module {
        static COMPILED: Mutex<Option<HashMap<Build, Module>>> = Mutex::new(None);
        let wasm = match self.wasm() {
            Ok(wasm) => wasm,
            Err(Refused(why)) => panic!("{} was not built:\n{why}", self.package),
        };
        let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        compiled
            .get_or_insert_default()
            .entry(self.clone())
            .or_insert_with(|| {
                // One engine for all, because a store runs only code of its own engine.
                static ENGINE: std::sync::OnceLock<Engine> = std::sync::OnceLock::new();
                let engine = ENGINE.get_or_init(Engine::default);
                Module::new(engine, wasm).expect("the build produced a module")
            })
            .clone()
    }

    fn run(&self) -> Wasm {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(root())
            .arg(if self.as_one { "rustc" } else { "build" })
            .arg(format!("--package={}", self.package))
            .arg("--message-format=json-render-diagnostics");
        if !self.is_dev() {
            cargo.arg("--profile=guest");
        }
        cargo.args(&self.arguments);
        if self.as_one {
            cargo.arg("--crate-type=cdylib");
        }
        if let Some(dir) = &self.target_dir {
            cargo.arg("--target-dir").arg(dir);
        }
        if !self.rustc_arguments.is_empty() {
            cargo.arg("--").args(&self.rustc_arguments);
        }
        // Other tests build the same packages into the same folder at the same time.
        let locked = self.lock().map_err(|error| Refused(error.to_string()))?;
        let output = cargo.output().map_err(|error| Refused(error.to_string()))?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        // The linker's output is in a message on standard output, not on standard error.
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(Refused(format!("{stdout}\n{errors}")));
        }
        let file = stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["target"]["name"] == self.package.replace('-', "_"))
            .filter_map(|message| message["filenames"].as_array().cloned())
            .flatten()
            .find_map(|file| {
                file.as_str()
                    .filter(|file| file.ends_with(".wasm"))
                    .map(str::to_owned)
            })
            .ok_or_else(|| Refused("cargo produced no module".to_owned()))?;
        let wasm = fs::read(&file).map_err(|error| Refused(format!("{file}: {error}")));
        drop(locked);
        wasm
    }

    /// Waits for builds of other processes into the same folder. It is the harness's lock.
    fn lock(&self) -> io::Result<File> {
        let profile = match self.is_dev() {
            true => "debug",
            false => "guest",
        };
        let folder = match (&self.target_dir, std::env::var_os("CARGO_TARGET_DIR")) {
            (Some(folder), _) => folder.clone(),
            (None, Some(folder)) => folder.into(),
            (None, None) => root().join("target"),
        };
        fs::create_dir_all(&folder)?;
        let file = File::create(folder.join(format!(".plugin-sdk-harness-{profile}.lock")))?;
        file.lock()?;
        Ok(file)
    }
}

/// Returns the workspace's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package is in a folder of the workspace")
}
