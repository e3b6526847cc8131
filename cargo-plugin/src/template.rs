//! What a new project consists of. The templates are a project called `my-plugin`, whose name is replaced.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::PossibleValue;
use plugin_sdk_harness::hosts;

use crate::error::{Error, Result};
use crate::target_host::Host;

const PACKAGE: &str = "my-plugin";
const CRATE: &str = "my_plugin";
const STRUCT: &str = "MyPlugin";

const MANIFEST: &str = include_str!("../templates/Cargo.toml.in");
const PROFILES: &str = include_str!("../templates/profiles.toml.in");
const README: &str = include_str!("../templates/README.md");
const GITIGNORE: &str = include_str!("../templates/gitignore");
const CI: &str = include_str!("../templates/ci.yml");

/// Makes a package that lies within a workspace, and is no member of it, one of its own.
const OWN_WORKSPACE: &str = "
# Not a member of the workspace around it.
[workspace]
";

/// How a workflow builds the module for a host.
const CI_BUILD: &str = "      - run: cargo build --release --target wasm32-unknown-unknown\n";

/// How the README says that the module is built for a host.
const README_BUILD: &str =
    "| build the module | `cargo build --release --target wasm32-unknown-unknown` |\n";

/// The crates of the SDK, and their folders in its repository.
const SDK: (&str, &str) = ("plugin-sdk", "sdk");
const HARNESS: (&str, &str) = ("plugin-sdk-harness", "host-harness");

/// What a plugin is for: which template it begins as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PluginType {
    Tool,
    LlmBackend,
    StorageBackend,
    AudioEffect,
}

impl PluginType {
    /// What it does, the plugin's source and its test.
    fn files(self) -> (&'static str, &'static str, &'static str) {
        match self {
            PluginType::Tool => (
                "Greets people, and counts them",
                include_str!("../templates/tool/lib.rs"),
                include_str!("../templates/tool/plugin.rs"),
            ),
            PluginType::LlmBackend => (
                "Answers conversations by a language model on a server",
                include_str!("../templates/llm_backend/lib.rs"),
                include_str!("../templates/llm_backend/plugin.rs"),
            ),
            PluginType::StorageBackend => (
                "Keeps text by key",
                include_str!("../templates/storage_backend/lib.rs"),
                include_str!("../templates/storage_backend/plugin.rs"),
            ),
            PluginType::AudioEffect => (
                "Changes the loudness of audio",
                include_str!("../templates/audio_effect/lib.rs"),
                include_str!("../templates/audio_effect/plugin.rs"),
            ),
        }
    }

    /// As manifests have it.
    pub fn word(self) -> &'static str {
        match self {
            PluginType::Tool => "tool",
            PluginType::LlmBackend => "llm_backend",
            PluginType::StorageBackend => "storage_backend",
            PluginType::AudioEffect => "audio_effect",
        }
    }
}

impl ValueEnum for PluginType {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            PluginType::Tool,
            PluginType::LlmBackend,
            PluginType::StorageBackend,
            PluginType::AudioEffect,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.word()).help(self.files().0))
    }
}

/// Where the crates of the SDK come from.
pub enum Sdk {
    /// The registry, in the version of this program.
    Registry,
    /// A clone of the SDK's repository, relative to the new project or absolute.
    Path(PathBuf),
    /// The address of the repository.
    Git(String),
}

/// The folder that this program was compiled in.
const COMPILED_IN: &str = env!("CARGO_MANIFEST_DIR");

impl Sdk {
    /// Finds the SDK that belongs to this program, for whoever names no other: the registry's where it came from there itself, or the clone that it was compiled in.
    pub fn of_this_program() -> Result<Self> {
        Sdk::beside(Path::new(COMPILED_IN))
    }

    fn beside(compiled_in: &Path) -> Result<Self> {
        let parts: Vec<_> = compiled_in.iter().collect();
        let lies_in = |folders: [&str; 2]| parts.windows(2).any(|part| part == folders);
        if lies_in(["registry", "src"]) {
            return Ok(Sdk::Registry);
        }
        // Cargo removes its own clones when it likes.
        let clone = compiled_in
            .parent()
            .filter(|_| !lies_in(["git", "checkouts"]));
        match clone.filter(|clone| Sdk::check_clone(clone).is_ok()) {
            Some(clone) => Ok(Sdk::Path(clone.to_path_buf())),
            None => Err(Error::new("where to take the SDK from is not known")
                .because(format!(
                    "this program was not installed from a registry, so that version {} of `{}` need not be in one",
                    env!("CARGO_PKG_VERSION"),
                    SDK.0
                ))
                .help("`--sdk-path DIR` takes it from a clone of its repository, `--sdk-git URL` from the repository itself")),
        }
    }

    fn dependency(&self, folder: &str) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        match self {
            Sdk::Registry => quoted(env!("CARGO_PKG_VERSION")),
            Sdk::Path(clone) => {
                let path = clone.join(folder).to_string_lossy().replace('\\', "/");
                format!("{{ path = {} }}", quoted(&path))
            }
            Sdk::Git(url) => format!("{{ git = {} }}", quoted(url)),
        }
    }

    /// Checks that there is a clone where there should be one.
    pub fn check_clone(clone: &Path) -> Result<()> {
        for (name, folder) in [SDK, HARNESS] {
            let manifest = clone.join(folder).join("Cargo.toml");
            if !manifest.is_file() {
                return Err(Error::new(format!(
                    "`{}` is no clone of the SDK's repository",
                    clone.display()
                ))
                .because(format!(
                    "the crate `{name}` is not there: {}",
                    manifest.display()
                ))
                .help("`--sdk-path` takes the folder that has `sdk` and `host-harness` in it"));
            }
        }
        Ok(())
    }
}

/// Where a new project stands among others, which decides what its `Cargo.toml` must say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Surroundings {
    /// There is no workspace around it.
    Alone,
    /// There is one that takes it for a member, whose profiles stand in its own `Cargo.toml`.
    Member,
    /// There is one that does not.
    Stranger,
}

/// The `Cargo.toml` of a new project.
pub fn manifest(
    name: &str,
    plugin_type: PluginType,
    sdk: &Sdk,
    surroundings: Surroundings,
) -> String {
    let (description, ..) = plugin_type.files();
    let mut manifest = MANIFEST
        .replace(PACKAGE, name)
        .replace("DESCRIPTION", description)
        .replace("= SDK", &format!("= {}", sdk.dependency(SDK.1)))
        .replace("= HARNESS", &format!("= {}", sdk.dependency(HARNESS.1)))
        .replace("FEATURES\n", &features());
    if surroundings != Surroundings::Member {
        manifest.push_str(PROFILES);
    }
    if surroundings == Surroundings::Stranger {
        manifest.push_str(OWN_WORKSPACE);
    }
    manifest
}

/// A feature for each host that is known, which chooses that host's contract in the SDK.
fn features() -> String {
    let features = hosts::all().iter().filter_map(|host| host.feature);
    features
        .map(|feature| format!("{feature} = [\"{}/{feature}\"]\n", SDK.0))
        .collect()
}

/// The profiles that a project needs, or the workspace that it is a member of.
pub fn profiles() -> &'static str {
    PROFILES.trim()
}

/// All other files: paths in the project, and contents.
pub fn files(name: &str, plugin_type: PluginType, hosts: &[Host]) -> Vec<(&'static str, String)> {
    let (description, source, test) = plugin_type.files();
    let named = |template: &str| {
        template
            .replace(PACKAGE, name)
            .replace(CRATE, &name.replace('-', "_"))
            .replace(STRUCT, &camel_case(name))
            .replace("DESCRIPTION", &format!("{description}."))
    };
    let features: Vec<&str> = hosts.iter().filter_map(|host| host.feature).collect();
    vec![
        ("src/lib.rs", named(source)),
        ("tests/plugin.rs", named(test)),
        ("README.md", named(&readme(hosts))),
        (".gitignore", named(GITIGNORE)),
        (".github/workflows/ci.yml", named(&workflow(&features))),
    ]
}

/// With a line for each host.
fn readme(hosts: &[Host]) -> String {
    let hosts = hosts.iter().filter(|host| host.feature.is_some());
    let lines = hosts.map(|host| {
        format!(
            "| build it for {} | `cargo plugin build --host {}` |\n",
            host.summary, host.name
        )
    });
    let lines: String = lines.collect();
    README.replace(README_BUILD, &format!("{README_BUILD}{lines}"))
}

/// With a build for each host before the one whose module is kept: all of them have one file name.
fn workflow(features: &[&str]) -> String {
    let plain = CI_BUILD.trim_end();
    let builds = features
        .iter()
        .map(|feature| format!("{plain} --features {feature}\n"));
    let builds: String = builds.collect();
    CI.replace(CI_BUILD, &format!("{builds}{CI_BUILD}"))
}

fn camel_case(name: &str) -> String {
    name.split('-')
        .flat_map(|word| {
            let mut characters = word.chars();
            let first = characters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(characters)
        })
        .collect()
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_templates_own_name_is_left() {
        for plugin_type in PluginType::value_variants() {
            let hosts: Vec<Host> = hosts::all().iter().collect();
            let mut files = files("weather-2-go", *plugin_type, &hosts);
            let manifest = manifest(
                "weather-2-go",
                *plugin_type,
                &Sdk::Registry,
                Surroundings::Alone,
            );
            files.push(("Cargo.toml", manifest));
            for (path, contents) in files {
                for left in [
                    PACKAGE,
                    CRATE,
                    STRUCT,
                    "DESCRIPTION",
                    "= SDK",
                    "= HARNESS",
                    "FEATURES",
                ] {
                    assert!(!contents.contains(left), "{left} in {path}");
                }
            }
        }
    }

    #[test]
    fn a_struct_is_named_after_the_project() {
        assert_eq!(camel_case("weather-2-go"), "Weather2Go");
        assert_eq!(camel_case("hello"), "Hello");
    }

    #[test]
    fn a_source_says_of_which_type_it_is() {
        for plugin_type in PluginType::value_variants() {
            let (_, source, _) = plugin_type.files();
            assert!(source.contains(&format!("#[plugin(type = \"{}\"", plugin_type.word())));
        }
    }

    #[test]
    fn a_project_offers_a_feature_for_every_host_and_builds_for_those_that_were_asked_for() {
        let manifest = manifest(
            "hello",
            PluginType::Tool,
            &Sdk::Registry,
            Surroundings::Alone,
        );
        let manifest: toml::Table = manifest.parse().unwrap();
        let features: Vec<&str> = hosts::all()
            .iter()
            .filter_map(|host| host.feature)
            .collect();
        let offered = manifest["features"].as_table().unwrap();
        assert_eq!(offered.len(), features.len());
        for feature in features {
            assert_eq!(offered[feature][0], format!("plugin-sdk/{feature}").into());
        }
        // A feature that is on by default would be on in whatever the tool builds.
        assert!(!offered.contains_key("default"));

        let cis = hosts::cis();
        let files = files("hello", PluginType::Tool, &[hosts::native(), cis]);
        let text = |name: &str| &files.iter().find(|(path, _)| *path == name).unwrap().1;
        assert!(text("README.md").contains("| `cargo plugin build --host cis` |\n"));
        let builds: Vec<&str> = text(".github/workflows/ci.yml")
            .lines()
            .filter(|line| line.contains("cargo build"))
            .collect();
        assert_eq!(builds.len(), 2);
        assert!(builds[0].ends_with("--features host-cis"), "{builds:?}");
    }

    #[test]
    fn the_sdk_is_taken_from_where_the_program_came_from() {
        let of = |path: &str| Sdk::beside(Path::new(path));
        assert!(matches!(
            of("/home/ada/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/cargo-plugin-0.1.0"),
            Ok(Sdk::Registry)
        ));
        let Ok(Sdk::Path(clone)) = of(COMPILED_IN) else {
            panic!("{COMPILED_IN}");
        };
        assert!(Sdk::check_clone(&clone).is_ok());
        for gone in [
            "/home/ada/.cargo/git/checkouts/sdk-0123456789abcdef/0123456/cargo-plugin",
            "/nowhere/cargo-plugin",
            "",
        ] {
            assert!(of(gone).is_err(), "{gone}");
        }
    }

    #[test]
    fn dependencies_are_written_for_where_the_sdk_is() {
        let of = |sdk: Sdk| manifest("hello", PluginType::Tool, &sdk, Surroundings::Alone);
        let version = env!("CARGO_PKG_VERSION");
        assert!(of(Sdk::Registry).contains(&format!("plugin-sdk = \"{version}\"\n")));
        assert!(
            of(Sdk::Path("../clone".into()))
                .contains("plugin-sdk-harness = { path = \"../clone/host-harness\" }\n")
        );
        let git = of(Sdk::Git("https://example.com/sdk".to_owned()));
        assert!(git.contains("plugin-sdk = { git = \"https://example.com/sdk\" }\n"));
    }
}
