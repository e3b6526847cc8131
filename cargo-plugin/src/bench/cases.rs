//! The cases to measure: calls from a file, or from the plugin's own description.

use std::collections::BTreeMap;
use std::path::Path;

use plugin_sdk_harness::Module;
use plugin_sdk_harness::manifest::{Codec, CommandInfo};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::flags::{Element, contents};
use crate::schema::{Kind, Schemas};

/// The name of the file of cases.
pub const FILE: &str = "plugin-bench.toml";

/// The number of elements in the input of a raw command if no input is specified.
const ELEMENTS: usize = 1024;

/// The input of a raw command that takes text if no input is specified.
const TEXT: &str = "The quick brown fox jumps over the lazy dog.\n";

/// A call to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The name in tables and in the lock file: by default the command's name.
    pub name: String,
    pub command: String,
    /// The encoded arguments.
    pub input: Vec<u8>,
    /// Commands with their arguments, called first in the same instance.
    pub before: Vec<(String, Vec<u8>)>,
    pub config: Option<Value>,
}

/// All cases to measure.
#[derive(Debug, Default)]
pub struct Cases {
    pub cases: Vec<Case>,
    /// The commands that are not measured, by name, with the reason.
    pub skipped: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    config: Option<Value>,
    #[serde(default, rename = "case")]
    cases: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    name: Option<String>,
    config: Option<Value>,
    #[serde(default)]
    before: Vec<Call>,
    command: String,
    args: Option<Value>,
    input: Option<String>,
    text: Option<String>,
    numbers: Option<Vec<Value>>,
    bytes: Option<usize>,
}

/// A command and one form of its arguments. Not flattened into a case, because then a mistyped
/// member would go unnoticed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    command: String,
    args: Option<Value>,
    input: Option<String>,
    text: Option<String>,
    numbers: Option<Vec<Value>>,
    bytes: Option<usize>,
}

impl Cases {
    /// Reads the cases from a file.
    pub fn read(path: &Path, module: &Module) -> Result<Self> {
        let wrong = || Error::new(format!("cannot use the cases of `{}`", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong().because(error))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let listing: Listing =
            toml::from_str(&text).map_err(|error| wrong().because(error.to_string().trim_end()))?;
        let mut cases: Vec<Case> = Vec::new();
        for listed in listing.cases {
            let name = listed
                .name
                .clone()
                .unwrap_or_else(|| listed.command.clone());
            let in_case = |reason: String| wrong().because(format!("case `{name}`: {reason}"));
            if cases.iter().any(|case| case.name == name) {
                return Err(in_case("there are two of this name".to_owned())
                    .help("`name = \"…\"` gives one of them another"));
            }
            let before = listed.before.into_iter().map(|call| {
                let input = call.input(module, folder)?;
                Ok((call.command, input))
            });
            let before = before.collect::<Result<_, String>>().map_err(in_case)?;
            let call = Call {
                command: listed.command,
                args: listed.args,
                input: listed.input,
                text: listed.text,
                numbers: listed.numbers,
                bytes: listed.bytes,
            };
            cases.push(Case {
                input: call.input(module, folder).map_err(in_case)?,
                name,
                command: call.command,
                before,
                config: listed.config.or_else(|| listing.config.clone()),
            });
        }
        if cases.is_empty() {
            return Err(wrong()
                .because("it has none")
                .help("a case is `[[case]]`, `command = \"…\"` and `args = { … }`"));
        }
        Ok(Cases {
            cases,
            skipped: BTreeMap::new(),
        })
    }

    /// Returns the cases that the plugin's description allows: each command's examples, else the
    /// simplest possible arguments.
    pub fn described(module: &Module) -> Self {
        let mut found = Cases::default();
        for command in module.commands() {
            let info = module
                .manifest()
                .and_then(|manifest| manifest.command(command));
            match inputs(module, info) {
                Ok(inputs) => {
                    for (nth, input) in inputs.into_iter().enumerate() {
                        found.cases.push(Case {
                            name: match nth {
                                0 => command.to_owned(),
                                nth => format!("{command} {}", nth + 1),
                            },
                            command: command.to_owned(),
                            input,
                            before: Vec::new(),
                            config: None,
                        });
                    }
                }
                Err(reason) => {
                    found.skipped.insert(command.to_owned(), reason.to_owned());
                }
            }
        }
        found
    }
}

impl Call {
    fn input(&self, module: &Module, folder: &Path) -> Result<Vec<u8>, String> {
        if !module.commands().any(|command| command == self.command) {
            let all: Vec<&str> = module.commands().collect();
            return Err(format!(
                "the plugin has no command `{}`: it has {}",
                self.command,
                all.join(", ")
            ));
        }
        let info = module
            .manifest()
            .and_then(|manifest| manifest.command(&self.command));
        match (
            &self.args,
            &self.input,
            &self.text,
            &self.numbers,
            self.bytes,
        ) {
            (None, None, None, None, None) => Ok(Vec::new()),
            (Some(args), None, None, None, None) => Ok(args.to_string().into_bytes()),
            (None, Some(path), None, None, None) => {
                contents(&folder.join(path).display().to_string()).map(|contents| contents.0)
            }
            (None, None, Some(text), None, None) => Ok(text.clone().into_bytes()),
            (None, None, None, None, Some(bytes)) => Ok(vec![0; bytes]),
            (None, None, None, Some(numbers), None) => {
                let takes = info
                    .and_then(|info| info.input.as_deref())
                    .and_then(Element::named);
                let element = takes.filter(|element| *element != Element::Text);
                let element = element.ok_or("it takes no numbers, as far as its plugin says")?;
                let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                element.encode(numbers.iter().map(String::as_str))
            }
            _ => Err(
                "it has more than one of `args`, `input`, `text`, `numbers` and `bytes`".to_owned(),
            ),
        }
    }
}

/// Returns possible inputs of a command.
fn inputs(module: &Module, info: Option<&CommandInfo>) -> Result<Vec<Vec<u8>>, &'static str> {
    let Some(info) = info else {
        return Err("the plugin does not describe it");
    };
    match info.codec {
        Codec::Binary => {
            Err("its arguments cross in the binary codec: name their bytes with `input` in a case")
        }
        Codec::Raw => Ok(vec![match info.input.as_deref().map(Element::named) {
            None => Vec::new(),
            Some(Some(Element::Text)) => TEXT.repeat(ELEMENTS / TEXT.len()).into_bytes(),
            Some(Some(number)) => number
                .encode(std::iter::repeat_n("0", ELEMENTS))
                .unwrap_or_default(),
            Some(None) => return Err("it takes bytes of a kind that is not known"),
        }]),
        _ => {
            let Some(arguments) = &info.arguments else {
                return Ok(vec![Vec::new()]);
            };
            let nothing = Map::new();
            let definitions = module
                .manifest()
                .map_or(&nothing, |manifest| &manifest.defs);
            let schemas = Schemas::new(definitions);
            let shape = schemas.shape(arguments.as_value());
            let examples: Vec<Value> = match shape.examples {
                [] => schemas.example(arguments.as_value()).into_iter().collect(),
                examples => examples.to_vec(),
            };
            match (examples.is_empty(), &shape.kind) {
                (true, Kind::Object(_)) => Err("one of its arguments has no example"),
                (true, _) => Err("its arguments have no example"),
                (false, _) => Ok(examples
                    .iter()
                    .map(|example| example.to_string().into_bytes())
                    .collect()),
            }
        }
    }
}
