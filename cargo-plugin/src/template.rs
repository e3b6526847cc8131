//! The files of a new project. The templates form a project named `my-plugin`, and that name is
//! replaced.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::error::{Error, Result};
use crate::target_host::{self, Host};

const PACKAGE: &str = "my-plugin";
const CRATE: &str = "my_plugin";
const STRUCT: &str = "MyPlugin";

const MANIFEST: &str = include_str!("../templates/Cargo.toml.in");
const PROFILES: &str = include_str!("../templates/profiles.toml.in");
const README: &str = include_str!("../templates/README.md");
const GITIGNORE: &str = include_str!("../templates/gitignore");
const CI: &str = include_str!("../templates/ci.yml");

/// The lines that make a package its own workspace, if it is within another one without being a
/// member.
const OWN_WORKSPACE: &str = "
# Not a member of the workspace around it.
[workspace]
";

/// The step of the workflow that builds the module for a host.
const CI_BUILD: &str = "      - run: cargo build --release --target wasm32-unknown-unknown\n";

/// The line of the README that builds the module for a host.
const README_BUILD: &str =
    "| build the module | `cargo build --release --target wasm32-unknown-unknown` |\n";

/// The SDK's crate, and its folder in the repository.
const SDK: (&str, &str) = ("plugin-sdk", "sdk");
const HARNESS: (&str, &str) = ("plugin-sdk-harness", "host-harness");

/// The engine that runs a new project's tests.
const ENGINE: &str = "default-features = false, features = [\"wasmi\"]";

/// A plugin to begin with, for one type of plugin.
#[derive(Clone, Copy)]
pub struct Template {
    /// The type's name in manifests.
    pub word: &'static str,
    description: &'static str,
    source: &'static str,
    test: &'static str,
}

const TEMPLATES: [Template; 4] = [
    Template {
        word: "tool",
        description: "Greets people, and counts them",
        source: include_str!("../templates/tool/lib.rs"),
        test: include_str!("../templates/tool/plugin.rs"),
    },
    Template {
        word: "llm_backend",
        description: "Answers conversations with a language model on a server",
        source: include_str!("../templates/llm_backend/lib.rs"),
        test: include_str!("../templates/llm_backend/plugin.rs"),
    },
    Template {
        word: "storage_backend",
        description: "Keeps text by key",
        source: include_str!("../templates/storage_backend/lib.rs"),
        test: include_str!("../templates/storage_backend/plugin.rs"),
    },
    Template {
        word: "audio_effect",
        description: "Changes the loudness of audio",
        source: include_str!("../templates/audio_effect/lib.rs"),
        test: include_str!("../templates/audio_effect/plugin.rs"),
    },
];

/// Returns a parser for the types of plugins.
pub fn parser() -> impl TypedValueParser<Value = Template> {
    let words = TEMPLATES.map(|one| PossibleValue::new(one.word).help(one.description));
    PossibleValuesParser::new(words).try_map(|word| {
        let mut templates = TEMPLATES.into_iter();
        let found = templates.find(|template| template.word == word);
        found.ok_or_else(|| format!("there is no type `{word}`"))
    })
}

/// The source of the SDK crates.
pub enum Sdk {
    /// The registry, at the version of this program.
    Registry,
    /// A clone of the SDK repository, relative to the new project or absolute.
    Path(PathBuf),
    /// The URL of the repository.
    Git(String),
}

/// The folder in which this program was compiled.
const COMPILED_IN: &str = env!("CARGO_MANIFEST_DIR");

impl Sdk {
    /// Returns the default source of the SDK, which matches this program: the registry if the
    /// program was installed from there, or else the clone in which it was compiled.
    pub fn of_this_program() -> Result<Self> {
        Sdk::for_program_in(Path::new(COMPILED_IN))
    }

    fn for_program_in(compiled_in: &Path) -> Result<Self> {
        let parts: Vec<_> = compiled_in.iter().collect();
        let is_in = |folders: [&str; 2]| parts.windows(2).any(|part| part == folders);
        if is_in(["registry", "src"]) {
            return Ok(Sdk::Registry);
        }
        // Cargo may remove its own clones at any time.
        let clone = compiled_in
            .parent()
            .filter(|_| !is_in(["git", "checkouts"]));
        match clone.filter(|clone| Sdk::check_clone(clone).is_ok()) {
            Some(clone) => Ok(Sdk::Path(clone.to_path_buf())),
            None => Err(Error::new("the source of the SDK is not known")
                .because(format!(
                    "this program was not installed from a registry, so version {} of `{}` may not be in one",
                    env!("CARGO_PKG_VERSION"),
                    SDK.0
                ))
                .help("`--sdk-path DIR` uses a clone of its repository, `--sdk-git URL` the repository itself")),
        }
    }

    /// Returns the dependency on the SDK.
    fn dependency(&self) -> String {
        match self {
            Sdk::Registry => toml::Value::from(env!("CARGO_PKG_VERSION")).to_string(),
            _ => format!("{{ {} }}", self.place(SDK.1)),
        }
    }

    /// Returns the dependency on the harness, with one engine.
    fn harness(&self) -> String {
        format!("{{ {}, {ENGINE} }}", self.place(HARNESS.1))
    }

    /// Returns the place of the crate in a folder of the repository, for an inline table.
    fn place(&self, folder: &str) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        match self {
            Sdk::Registry => format!("version = {}", quoted(env!("CARGO_PKG_VERSION"))),
            Sdk::Path(clone) => {
                let path = clone.join(folder).to_string_lossy().replace('\\', "/");
                format!("path = {}", quoted(&path))
            }
            Sdk::Git(url) => format!("git = {}", quoted(url)),
        }
    }

    /// Checks that a folder contains a clone.
    pub fn check_clone(clone: &Path) -> Result<()> {
        for (name, folder) in [SDK, HARNESS] {
            let manifest = clone.join(folder).join("Cargo.toml");
            if !manifest.is_file() {
                return Err(Error::new(format!(
                    "`{}` is not a clone of the SDK's repository",
                    clone.display()
                ))
                .because(format!(
                    "it does not contain the crate `{name}`: {}",
                    manifest.display()
                ))
                .help("`--sdk-path` needs the folder that contains `sdk` and `host-harness`"));
            }
        }
        Ok(())
    }
}

/// The workspace around a new project, which determines the contents of its `Cargo.toml`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Surroundings {
    /// No workspace surrounds the project.
    Alone,
    /// The project becomes a member of a workspace, whose own `Cargo.toml` has the profiles.
    Member,
    /// A workspace surrounds the project without including it as a member.
    Stranger,
}

/// Returns the `Cargo.toml` of a new project.
pub fn manifest(name: &str, template: Template, sdk: &Sdk, surroundings: Surroundings) -> String {
    let mut manifest = MANIFEST
        .replace(PACKAGE, name)
        .replace("DESCRIPTION", template.description)
        .replace("= SDK", &format!("= {}", sdk.dependency()))
        .replace("= HARNESS", &format!("= {}", sdk.harness()))
        .replace("FEATURES\n", &features());
    if surroundings != Surroundings::Member {
        manifest.push_str(PROFILES);
    }
    if surroundings == Surroundings::Stranger {
        manifest.push_str(OWN_WORKSPACE);
    }
    manifest
}

/// Returns a feature for each known host, which chooses that host's contract in the SDK.
fn features() -> String {
    target_host::features()
        .map(|feature| format!("{feature} = [\"{}/{feature}\"]\n", SDK.0))
        .collect()
}

/// Returns the profiles that a project, or its surrounding workspace, needs.
pub fn profiles() -> &'static str {
    PROFILES.trim()
}

/// Returns all other files, as paths in the project and contents.
pub fn files(name: &str, template: Template, hosts: &[Host]) -> Vec<(&'static str, String)> {
    let description = format!("{}.", template.description);
    let named = |text: &str| {
        text.replace(PACKAGE, name)
            .replace(CRATE, &name.replace('-', "_"))
            .replace(STRUCT, &camel_case(name))
            .replace("DESCRIPTION", &description)
    };
    let features: Vec<&str> = hosts.iter().filter_map(|host| host.feature).collect();
    vec![
        ("src/lib.rs", named(template.source)),
        ("tests/plugin.rs", named(template.test)),
        ("README.md", named(&readme(hosts))),
        (".gitignore", named(GITIGNORE)),
        (".github/workflows/ci.yml", named(&workflow(&features))),
    ]
}

/// Returns the README, with a line for each host.
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

/// Returns the workflow. It builds for each host before the build whose module is kept, because all
/// of them have the same file name.
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
    use plugin_sdk_harness::hosts;

    fn manifest_from(sdk: &Sdk) -> String {
        manifest("weather-2-go", TEMPLATES[0], sdk, Surroundings::Alone)
    }

    #[test]
    fn template_name_is_replaced_everywhere() {
        let placeholders = [
            PACKAGE,
            CRATE,
            STRUCT,
            "DESCRIPTION",
            "= SDK",
            "= HARNESS",
            "FEATURES",
        ];
        for template in TEMPLATES {
            let hosts: Vec<Host> = hosts::all().iter().collect();
            let mut files = files("weather-2-go", template, &hosts);
            files.push(("Cargo.toml", manifest_from(&Sdk::Registry)));
            for (path, contents) in files {
                for placeholder in placeholders {
                    assert!(!contents.contains(placeholder), "{placeholder} in {path}");
                }
            }
        }
    }

    #[test]
    fn struct_is_named_after_the_project() {
        assert_eq!(camel_case("weather-2-go"), "Weather2Go");
        assert_eq!(camel_case("hello"), "Hello");
    }

    #[test]
    fn source_declares_its_plugin_type() {
        for Template { word, source, .. } in TEMPLATES {
            assert!(source.contains(&format!("#[plugin(type = \"{word}\"")));
        }
    }

    #[test]
    fn project_has_all_host_features_and_builds_requested_hosts() {
        let manifest = manifest_from(&Sdk::Registry);
        let manifest: toml::Table = manifest.parse().unwrap();
        let features: Vec<&str> = target_host::features().collect();
        let offered = manifest["features"].as_table().unwrap();
        assert_eq!(offered.len(), features.len());
        for feature in features {
            assert_eq!(offered[feature][0], format!("plugin-sdk/{feature}").into());
        }
        // A default feature would be on in every build that the tool makes.
        assert!(!offered.contains_key("default"));

        let cis = hosts::cis();
        let files = files("hello", TEMPLATES[0], &[hosts::native(), cis]);
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
    fn sdk_source_matches_the_source_of_the_program() {
        let of = |path: &str| Sdk::for_program_in(Path::new(path));
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
    fn dependency_lines_follow_the_source_of_the_sdk() {
        let of = |sdk: Sdk| manifest_from(&sdk);
        let version = env!("CARGO_PKG_VERSION");
        assert!(of(Sdk::Registry).contains(&format!("plugin-sdk = \"{version}\"\n")));
        assert!(
            of(Sdk::Path("../clone".into()))
                .contains("plugin-sdk-harness = { path = \"../clone/host-harness\", default-features = false, features = [\"wasmi\"] }\n")
        );
        let git = of(Sdk::Git("https://example.com/sdk".to_owned()));
        assert!(git.contains("plugin-sdk = { git = \"https://example.com/sdk\" }\n"));
    }
}
