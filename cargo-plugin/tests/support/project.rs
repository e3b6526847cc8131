//! Projects of plugins, outside this workspace, with its `Cargo.lock`.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

use super::{WORKSPACE, dev_profile, plugin};

/// A plugin's project in a folder that is removed at the end.
pub struct Project {
    _outside: TempDir,
    pub root: PathBuf,
}

/// Returns the `Cargo.toml` of a plugin.
pub fn manifest(name: &str) -> String {
    format!(
        r#"[package]
name = "{name}"
version = "0.3.0"
edition = "2024"
license = "MIT"
authors = ["Ada <ada@example.com>"]

[lib]
crate-type = ["cdylib", "rlib"]

[dependencies]
plugin-sdk = {{ path = '{WORKSPACE}/sdk' }}
serde = {{ version = "1", features = ["derive"] }}

[profile.release]
opt-level = "z"
lto = true
codegen-units = 1
panic = "abort"
strip = true

{}
"#,
        dev_profile()
    )
}

impl Project {
    /// Creates a project with these files, and the workspace's versions of its dependencies.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().canonicalize().unwrap();
        let project = Project {
            _outside: outside,
            root,
        };
        fs::copy(
            Path::new(WORKSPACE).join("Cargo.lock"),
            project.root.join("Cargo.lock"),
        )
        .unwrap();
        for (path, contents) in files {
            project.put(path, contents);
        }
        project
    }

    /// Creates a plugin with this source.
    pub fn plugin(name: &str, source: &str) -> Self {
        Project::new(&[("Cargo.toml", &manifest(name)), ("src/lib.rs", source)])
    }

    pub fn put(&self, path: &str, contents: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Returns the command `cargo plugin` in the project.
    pub fn run(&self, arguments: &[&str]) -> Command {
        plugin(&self.root, arguments)
    }
}
