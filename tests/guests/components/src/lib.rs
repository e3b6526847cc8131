//! A plugin with every form of a type that components have: most commands return what they get.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use plugin_sdk::prelude::*;
use serde_json::Value;

/// The settings of the plugin.
#[derive(Debug, Default, Deserialize, Schema)]
#[serde(default)]
pub struct Config {
    /// The greeting that `configured` returns.
    greeting: Option<String>,
    /// The reason why the plugin refuses to begin.
    refuse: Option<String>,
}

/// Forms of types.
#[plugin(log)]
pub struct Components {
    greeting: String,
    heard: Vec<String>,
}

/// Integers of each size.
#[derive(Serialize, Deserialize, Schema)]
#[allow(missing_docs, reason = "the types say it")]
pub struct Integers {
    pub u8: u8,
    pub i8: i8,
    pub u16: u16,
    pub i16: i16,
    pub u32: u32,
    pub i32: i32,
    pub u64: u64,
    pub i64: i64,
    pub u128: u128,
}

/// Values that may be absent.
#[derive(Serialize, Deserialize, Schema)]
pub struct Optional {
    /// Either a text or `null`.
    pub nullable: Option<String>,
    /// Absent rather than `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<u64>,
    /// A default of its own.
    #[serde(default)]
    pub count: u16,
    /// Nested.
    #[serde(default)]
    pub list: Vec<Option<bool>>,
}

/// A colour.
#[derive(Serialize, Deserialize, Schema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Colour {
    /// As blood.
    DarkRed,
    /// As grass.
    Green,
}

/// Tagged from outside.
#[derive(Serialize, Deserialize, Schema)]
pub enum Outside {
    /// No content.
    Nothing,
    /// A number.
    Number(f64),
    /// Two values.
    Pair(String, u8),
    /// Members.
    Members {
        /// Exact.
        wide: i64,
        /// A type with its own name.
        colour: Colour,
    },
}

/// Tagged by a member.
#[derive(Serialize, Deserialize, Schema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Inside {
    /// No content.
    Empty,
    /// A record.
    Circle {
        /// The radius.
        radius: f64,
    },
    /// Another.
    TwoWords {
        /// Texts.
        words: (String, String),
    },
}

/// Tagged by a member next to the content.
#[derive(Serialize, Deserialize, Schema)]
#[serde(tag = "t", content = "c")]
pub enum Beside {
    /// No content.
    Unit,
    /// A list.
    Many(Vec<u32>),
    /// Content that may be `null`.
    Maybe(Option<String>),
}

/// Without a tag.
#[derive(Serialize, Deserialize, Schema)]
#[serde(untagged)]
pub enum Untagged {
    /// A number.
    Number(u32),
    /// A text.
    Text(String),
    /// Members.
    Point {
        /// To the right.
        x: i32,
        /// Up.
        y: i32,
    },
}

/// All unions, so that they are in one list.
#[derive(Serialize, Deserialize, Schema)]
pub struct Unions {
    outside: Vec<Outside>,
    inside: Vec<Inside>,
    beside: Vec<Beside>,
    untagged: Vec<Untagged>,
}

/// A tree, which WIT cannot express.
#[derive(Serialize, Deserialize, Schema)]
pub struct Tree {
    name: String,
    children: Vec<Tree>,
}

/// Names that WIT or a language could take for its own.
#[derive(Serialize, Deserialize, Schema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    list: bool,
    string: bool,
    some_field: bool,
    #[serde(rename = "some-field")]
    kebab: bool,
    #[serde(rename = "1st")]
    first: bool,
}

/// The reasons to fail.
#[derive(Debug, PluginError)]
pub enum Fault {
    /// Too much.
    TooMuch(u64),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Fault::TooMuch(number) = self;
        write!(f, "{number} is too much: é 😀")
    }
}

impl std::error::Error for Fault {}

#[plugin]
impl Components {
    /// Takes the settings.
    #[init]
    pub fn new(config: Config) -> Result<Self> {
        match config.refuse {
            Some(reason) => Err(Error::new("refused", reason)),
            None => Ok(Components {
                greeting: config.greeting.unwrap_or_else(|| "default".to_owned()),
                heard: Vec::new(),
            }),
        }
    }

    /// Notes that it was started.
    #[start]
    pub fn start(&mut self) {
        self.heard.push("start".to_owned());
    }

    /// Fails.
    #[stop]
    pub fn stop(&mut self) -> Result<()> {
        Err(Error::new("goes_on", "the plugin does not stop"))
    }

    /// Notes an event.
    #[event("user.*")]
    pub fn hear(&mut self, topic: &str, data: Value) {
        self.heard.push(format!("{topic} {data}"));
    }

    /// Returns what it has heard, and the greeting.
    #[command]
    pub fn configured(&self) -> (String, Vec<String>) {
        (self.greeting.clone(), self.heard.clone())
    }

    /// Returns its argument.
    #[command]
    pub fn integers(&self, value: Integers) -> Integers {
        value
    }

    /// Returns its argument.
    #[command]
    pub fn optional(&self, value: Optional) -> Optional {
        value
    }

    /// Returns its argument.
    #[command]
    pub fn unions(&self, value: Unions) -> Unions {
        value
    }

    /// Returns one of each, from flat parameters.
    #[command]
    pub fn flat(&self, outside: Outside, beside: Beside, untagged: Untagged) -> Unions {
        Unions {
            outside: vec![outside],
            inside: Vec::new(),
            beside: vec![beside],
            untagged: vec![untagged],
        }
    }

    /// Returns its arguments.
    #[command]
    pub fn maps(
        &self,
        numbers: BTreeMap<String, u64>,
        records: BTreeMap<String, Vec<Colour>>,
    ) -> (BTreeMap<String, u64>, BTreeMap<String, Vec<Colour>>) {
        (numbers, records)
    }

    /// Returns its argument.
    #[command]
    pub fn tree(&self, value: Tree) -> Tree {
        value
    }

    /// Returns its argument, which is any JSON.
    #[command]
    pub fn anything(&self, value: Value) -> Value {
        value
    }

    /// Returns its argument.
    #[command]
    pub fn record(&self, list: Record) -> Record {
        list
    }

    /// Takes more than fits flat parameters.
    #[command]
    #[allow(clippy::too_many_arguments, reason = "they are the test")]
    pub fn many(
        &self,
        a: String,
        b: String,
        c: Option<String>,
        d: u8,
        e: u64,
        f: Vec<String>,
        g: f64,
        h: bool,
        i: (i8, i16),
        j: Option<i32>,
    ) -> String {
        format!("{a} {b} {c:?} {d} {e} {f:?} {g} {h} {i:?} {j:?}")
    }

    /// Has defaults.
    #[command]
    pub fn add(
        &self,
        #[arg(default = 1)] a: u64,
        #[arg(default = 2)] b: u64,
    ) -> Result<u64, Fault> {
        a.checked_add(b).ok_or(Fault::TooMuch(a))
    }

    /// Fails with everything that an error can have.
    #[command]
    pub fn fail(&self, code: String) -> Result<()> {
        let cause = std::io::Error::other("the cause");
        let error = Error::from(cause).context("the message").with_code(code);
        Err(error.with_details(&serde_json::json!({"at": [1, 2]})))
    }

    /// Returns the length of a text.
    #[command]
    pub fn length(&self, text: &str) -> usize {
        text.len()
    }

    /// Writes a line.
    #[command]
    pub fn note(&self, line: &str) {
        log::warn!("{line}");
    }

    /// Panics.
    #[command]
    pub fn panic(&self, message: &str) {
        panic!("{message}");
    }

    /// Has the name of a type.
    #[command]
    pub fn colour(&self) -> Colour {
        Colour::Green
    }

    /// Has the name of a hook.
    #[command(rename = "init")]
    pub fn other_init(&self) -> bool {
        true
    }

    /// Returns its input.
    #[command(raw)]
    pub fn echo<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes
    }

    /// Returns the text without surrounding white space.
    #[command(raw)]
    pub fn trim<'a>(&self, text: &'a str) -> &'a str {
        text.trim()
    }

    /// Halves samples in place.
    #[command(raw)]
    pub fn halve(&self, samples: &mut [f32]) {
        for sample in samples {
            *sample /= 2.0;
        }
    }

    /// Returns a sum.
    #[command(raw)]
    pub fn sum(&self, numbers: &[i16]) -> [i64; 1] {
        [numbers.iter().copied().map(i64::from).sum()]
    }

    /// Returns numbers.
    #[command(raw)]
    pub fn count(&self) -> &'static [u64] {
        &[0, u64::MAX]
    }

    /// Fails.
    #[command(raw)]
    pub fn refuse(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        Err(Error::new("refused", format!("{} bytes", bytes.len())))
    }

    /// Doubles numbers in the binary codec.
    #[command(codec = "binary")]
    pub fn double(&self, numbers: Vec<u16>) -> Vec<u16> {
        numbers.iter().map(|number| number * 2).collect()
    }
}
