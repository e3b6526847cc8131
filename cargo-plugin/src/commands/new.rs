//! `cargo plugin new`

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::project::own_metadata;
use crate::target_host::{self, Host};
use crate::template::{self, Sdk, Surroundings, Template};
use crate::terminal::{GOOD, NOTE, Report, Terminal, Verdict};

/// Names that a crate cannot or should not have: Rust's keywords, the standard library's crates,
/// and the project's dependencies.
const TAKEN: &str = "\
    abstract alloc as async await become box break build const continue core crate deps do dyn \
    else enum examples extern false final fn for gen if impl in incremental let log loop macro \
    match mod move mut override plugin-sdk plugin-sdk-harness plugin-sdk-macros priv proc-macro \
    pub ref return self serde serde-json static std struct super test trait true try type typeof \
    unsafe use where while";

/// Creates a new plugin project
///
/// The project's tests pass unchanged, natively and in WebAssembly.
#[derive(clap::Args)]
pub struct New {
    /// The name by which programs know the plugin: lower-case letters, digits and hyphens
    name: String,
    /// The purpose of the plugin
    #[arg(short = 't', long = "type", value_name = "TYPE", default_value = "tool", value_parser = template::parser())]
    template: Template,
    /// The folder in which to create the project's folder [default: the current one]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// A host for which the README and the workflow build the plugin, too; may be given several
    /// times
    #[arg(long = "host", value_name = "HOST", default_value = "native", value_parser = target_host::parser())]
    hosts: Vec<Host>,
    /// Depends on the SDK in this folder, a clone of its repository [default: the SDK of this
    /// program]
    #[arg(long, value_name = "DIR", conflicts_with = "sdk_git")]
    sdk_path: Option<PathBuf>,
    /// Depends on the SDK in this Git repository
    #[arg(long, value_name = "URL")]
    sdk_git: Option<String>,
}

impl New {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        check_name(&self.name)?;
        let parent = self.output.unwrap_or_else(|| PathBuf::from("."));
        let folder = match parent == Path::new(".") {
            true => PathBuf::from(&self.name),
            false => parent.join(&self.name),
        };
        if folder.exists() {
            let error = Error::new(format!("`{}` already exists", folder.display()));
            return Err(error.help("choose another name, or another folder with `--output DIR`"));
        }
        let sdk = match (self.sdk_path, self.sdk_git) {
            (Some(clone), _) => {
                Sdk::check_clone(&clone)?;
                Sdk::Path(clone)
            }
            (_, Some(url)) => Sdk::Git(url),
            _ => Sdk::of_this_program()?,
        };
        create_folder(&folder)?;
        let sdk = match sdk {
            Sdk::Path(clone) => Sdk::Path(relative(&folder, &clone)?),
            elsewhere => elsewhere,
        };
        let write_manifest = |surroundings| {
            let manifest = template::manifest(&self.name, self.template, &sdk, surroundings);
            write(&folder.join("Cargo.toml"), &manifest)
        };
        let mut files = vec!["Cargo.toml".to_owned()];
        for (path, contents) in template::files(&self.name, self.template, &self.hosts) {
            write(&folder.join(path), &contents)?;
            files.push(path.to_owned());
        }
        write_manifest(Surroundings::Alone)?;
        let (surroundings, workspace) = surroundings(&folder);
        if surroundings != Surroundings::Alone {
            write_manifest(surroundings)?;
        }
        terminal.show(&NewReport {
            name: self.name,
            plugin_type: self.template.word,
            hosts: self.hosts.iter().map(|host| host.name).collect(),
            sdk: match &sdk {
                Sdk::Path(clone) => Some(clone.clone()),
                Sdk::Registry | Sdk::Git(_) => None,
            },
            folder,
            files,
            workspace: workspace.filter(|_| surroundings == Surroundings::Member),
        })
    }
}

/// Checks that a name is valid for a plugin and for a crate.
fn check_name(name: &str) -> Result<()> {
    let proper = proper_name(name);
    let reason = if name.is_empty() || name != proper {
        "a name consists of lower-case letters and digits, with single hyphens between them, and begins with a letter"
    } else if is_taken(name) {
        "it is a Rust keyword, or the name of a crate that the plugin needs"
    } else {
        return Ok(());
    };
    let error = Error::new(format!("`{name}` cannot be the name of a plugin")).because(reason);
    Err(match proper.is_empty() || is_taken(&proper) {
        true => error,
        false => error.help(format!("did you mean `{proper}`?")),
    })
}

fn is_taken(name: &str) -> bool {
    TAKEN.split(' ').any(|taken| taken == name)
}

/// Returns the nearest valid name, or an empty string.
fn proper_name(name: &str) -> String {
    let mut proper = String::new();
    let mut previous = ' ';
    for character in name.chars().flat_map(plain) {
        let begins_word = character.is_ascii_uppercase()
            && (previous.is_ascii_lowercase() || previous.is_ascii_digit());
        let separates = !character.is_ascii_alphanumeric();
        if (begins_word || separates) && !proper.is_empty() && !proper.ends_with('-') {
            proper.push('-');
        }
        if character.is_ascii_alphabetic() || character.is_ascii_digit() && !proper.is_empty() {
            proper.push(character.to_ascii_lowercase());
        }
        previous = character;
    }
    proper.trim_end_matches('-').to_owned()
}

/// Replaces a letter by its form on an English keyboard; keeps it if there is no such form.
fn plain(character: char) -> impl Iterator<Item = char> {
    let lower = character.to_lowercase().next().unwrap_or(character);
    let letters = match lower {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'þ' => "th",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'ð' | 'ď' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'š' => "s",
        'ť' => "t",
        'ù' | 'ú' | 'û' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    };
    let itself = letters.is_empty().then_some(character);
    letters.chars().chain(itself)
}

/// Returns cargo's view of the project in its folder, and the workspace around it.
fn surroundings(folder: &Path) -> (Surroundings, Option<PathBuf>) {
    let Ok(folder) = folder.canonicalize() else {
        return (Surroundings::Alone, None);
    };
    let mut around = folder.ancestors().skip(1);
    if !around.any(|folder| folder.join("Cargo.toml").is_file()) {
        return (Surroundings::Alone, None);
    }
    match own_metadata(Some(&folder.join("Cargo.toml"))) {
        Ok(metadata) => {
            let root = metadata.workspace_root.into_std_path_buf();
            match root.canonicalize().is_ok_and(|root| root == folder) {
                true => (Surroundings::Alone, None),
                false => (Surroundings::Member, Some(root.join("Cargo.toml"))),
            }
        }
        // The only possible fault is that the project is neither a member of the workspace nor
        // excluded from it.
        Err(_) => (Surroundings::Stranger, None),
    }
}

fn create_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| cannot_create(folder, error))
}

fn write(path: &Path, contents: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        create_folder(parent)?;
    }
    fs::write(path, contents).map_err(|error| cannot_create(path, error))
}

fn cannot_create(path: &Path, error: io::Error) -> Error {
    Error::new(format!("cannot create `{}`", path.display())).because(error)
}

/// Returns the relative path from one folder to another; both must exist.
fn relative(from: &Path, to: &Path) -> Result<PathBuf> {
    let real = |path: &Path| {
        env::current_dir()
            .and_then(|here| here.join(path).canonicalize())
            .map_err(|error| Error::new(format!("cannot find `{}`", path.display())).because(error))
    };
    let (from, to) = (real(from)?, real(to)?);
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(one, other)| one == other)
        .count();
    if shared == 0 {
        // The folders are on different drives.
        return Ok(to);
    }
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    Ok(up.chain(to.components().skip(shared)).collect())
}

#[derive(Serialize)]
struct NewReport {
    name: String,
    #[serde(rename = "type")]
    plugin_type: &'static str,
    hosts: Vec<&'static str>,
    folder: PathBuf,
    files: Vec<String>,
    /// The clone of the SDK that the project depends on, relative to its folder.
    sdk: Option<PathBuf>,
    /// The `Cargo.toml` of the workspace that includes the project; its profiles apply instead of
    /// the project's.
    workspace: Option<PathBuf>,
}

impl Report for NewReport {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{GOOD}✓{GOOD:#} {}", self.folder.display())?;
        for file in &self.files {
            writeln!(out, "  {file}")?;
        }
        if let Some(clone) = &self.sdk {
            let clone = clone.display();
            writeln!(
                out,
                "\n{NOTE}note{NOTE:#}: it depends on the SDK in the folder {clone}"
            )?;
        }
        if let Some(workspace) = &self.workspace {
            writeln!(
                out,
                "\n{NOTE}note{NOTE:#}: it is a member of a workspace, whose profiles apply; add these to {}:\n",
                workspace.display()
            )?;
            for line in template::profiles().lines() {
                writeln!(out, "    {line}")?;
            }
        }
        writeln!(out, "\nNext: cd {} && cargo test", self.folder.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_must_be_valid_for_plugins_and_crates() {
        for name in ["hello", "weather-2", "a", "a1-b2-c3"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "Hello",
            "my_plugin",
            "2nd",
            "a--b",
            "-a",
            "a-",
            "grüße",
            "a b",
            "../a",
            "fn",
            "test",
            "serde-json",
            "plugin-sdk",
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn rejected_names_come_with_a_valid_suggestion() {
        for (name, proper) in [
            ("MyPlugin", "my-plugin"),
            ("my_plugin", "my-plugin"),
            ("2nd try!", "nd-try"),
            ("HTTPServer", "httpserver"),
            ("../a", "a"),
            ("--", ""),
        ] {
            assert_eq!(proper_name(name), proper, "{name}");
        }
        assert!(TAKEN.split(' ').is_sorted());
    }

    #[test]
    fn valid_names_stay_unchanged() {
        for name in ["hello", "a1-b2", "x-y-z9"] {
            assert_eq!(proper_name(name), name);
        }
    }
}
