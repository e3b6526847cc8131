//! Guests, built as their authors would.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use wasmtime::{Engine, Module};

/// The way a guest is built: with the profile `guest` and its default features, unless set otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Build {
    package: &'static str,
    arguments: Vec<String>,
    /// Of one crate type, so that cargo does link-time optimisation, which it leaves out where a library is made as well.
    as_one: bool,
    /// What only the package itself is compiled with.
    rustc_arguments: Vec<String>,
    target_dir: Option<PathBuf>,
}

/// What cargo said when it could not build a guest.
#[derive(Clone, Debug)]
pub struct Refused(pub String);

type Wasm = Result<Vec<u8>, Refused>;

impl Build {
    /// A package of this workspace.
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

    /// With a feature; `dependency/feature` is one as well.
    pub fn feature(self, feature: &str) -> Self {
        self.argument(&format!("--features={feature}"))
    }

    /// Without the features that the package has by default.
    pub fn without_default_features(self) -> Self {
        self.argument("--no-default-features")
    }

    /// Builds with the profile `dev` instead of `guest`.
    pub fn dev(self) -> Self {
        self.argument("--profile=dev")
    }

    /// Changes a line of the profile `guest`, as in `opt-level=3`. Such builds need a target folder
    /// of their own.
    pub fn profile_with(self, line: &str) -> Self {
        self.argument(&format!("--config=profile.guest.{line}"))
    }

    /// As a module and nothing else, which is what link-time optimisation needs.
    pub fn as_one(mut self) -> Self {
        self.as_one = true;
        self
    }

    /// As a module and nothing else, which says nothing of itself.
    pub fn undescribed(self) -> Self {
        let mut undescribed = self.as_one();
        // For the package alone: a flag for all would change the names, and so the order, of everything in the module.
        undescribed.rustc_arguments = ["--cfg", "plugin_sdk_undescribed"]
            .map(str::to_owned)
            .to_vec();
        undescribed
    }

    /// As a module and nothing else, with arguments of the compiler's that hold for the linking alone, as in `-Clink-arg=…`.
    pub fn linked_with(mut self, arguments: &[String]) -> Self {
        self.as_one = true;
        self.rustc_arguments.extend_from_slice(arguments);
        self
    }

    /// Into a folder of its own in the workspace's target folder.
    pub fn apart(mut self, folder: &str) -> Self {
        self.target_dir = Some(root().join("target").join(folder));
        self
    }

    fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// The module's bytes. The first call in a process builds them.
    pub fn wasm(&self) -> Wasm {
        // Held while building and reading: cargo gives the builds of a package in all variants the same file name.
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

    /// The module, compiled once in a process for [`Host`](crate::Host).
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
                // One engine for all: a store's code must be its own engine's.
                static ENGINE: std::sync::OnceLock<Engine> = std::sync::OnceLock::new();
                let engine = ENGINE.get_or_init(Engine::default);
                Module::new(engine, wasm).expect("what was built is a module")
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
        if !self
            .arguments
            .iter()
            .any(|argument| argument.starts_with("--profile"))
        {
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
        let output = cargo.output().map_err(|error| Refused(error.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        // The linker's words are in a message, not in the error stream.
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(Refused(format!("{said}\n{errors}")));
        }
        let file = said
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
            .ok_or_else(|| Refused("cargo made no module".to_owned()))?;
        std::fs::read(&file).map_err(|error| Refused(format!("{file}: {error}")))
    }
}

/// The workspace's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package is in a folder of the workspace")
}
