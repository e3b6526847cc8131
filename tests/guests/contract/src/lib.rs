//! A plugin with every kind of command and every hook, for the tests of `docs/abi.md`.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use plugin_sdk::Wide;
use plugin_sdk::prelude::*;
use serde_json::Number;
use serde_json::value::RawValue;

/// The number of plugins created, cleaned up and dropped in this instance.
static MADE: AtomicU32 = AtomicU32::new(0);
static CLEANED_UP: AtomicU32 = AtomicU32::new(0);
static DROPPED: AtomicU32 = AtomicU32::new(0);

/// The plugin.
#[plugin(commands(join, whole))]
pub struct Contract {
    name: String,
    count: u32,
    seen: Vec<String>,
}

/// The options that a host can set.
#[derive(Debug, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The name of the plugin.
    pub name: String,
    /// The way in which the init hook fails.
    pub refuse: Option<Refuse>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            name: "nameless".to_owned(),
            refuse: None,
        }
    }
}

/// A way to fail.
#[derive(Debug, Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
pub enum Refuse {
    /// With an error without a code.
    Plainly,
    /// With a code of the plugin's own.
    WithCode,
    /// With a panic.
    ByPanic,
}

/// An error with a code, details and a cause.
#[derive(Debug)]
pub struct Full {
    limit: u32,
    cause: std::num::ParseIntError,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no room for more than {}", self.limit)
    }
}

impl std::error::Error for Full {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl PluginError for Full {
    fn code(&self) -> &str {
        "full"
    }

    fn details(&self) -> Option<serde_json::Value> {
        Some(self.limit.into())
    }
}

/// The numbers of lives in this instance, and the events of this one.
#[derive(Serialize, Schema)]
pub struct Lives {
    made: u32,
    cleaned_up: u32,
    dropped: u32,
    seen: Vec<String>,
}

/// A value of every shape.
#[derive(Debug, Serialize, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct Shapes {
    flag: bool,
    small: i8,
    large: u64,
    huge: i128,
    single: f32,
    character: char,
    text: String,
    pair: (u16, Option<i32>),
    list: Vec<Shape>,
    #[serde(default)]
    map: BTreeMap<i64, Vec<Option<f64>>>,
}

/// One of several.
#[derive(Debug, Serialize, Deserialize, Schema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Nothing else.
    Point,
    /// One value.
    Circle(f64),
    /// Some values.
    Line(f64, f64),
    /// Named values, and more of the same kind.
    Group {
        /// Its name.
        name: String,
        /// Its members.
        members: Vec<Shape>,
    },
}

/// JSON to pass on, and its receiver.
#[derive(Deserialize, Schema)]
pub struct Envelope<'a> {
    to: String,
    #[serde(borrow)]
    body: &'a RawValue,
    others: Vec<Box<RawValue>>,
}

/// Amounts in all places where serde buffers a value before it reads it.
#[derive(Debug, Deserialize, Schema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Order {
    /// With a tag.
    Transfer {
        /// The amount.
        amount: Wide<u128>,
    },
    /// With a flattened part.
    Burn(Part),
    /// With an untagged value.
    Mint {
        /// The amount.
        amount: Loose,
        /// The gain.
        gain: f32,
    },
}

/// A part of an order.
#[derive(Debug, Deserialize, Schema)]
pub struct Part {
    #[serde(flatten)]
    amount: Amount,
}

/// A part of a part.
#[derive(Debug, Deserialize, Schema)]
pub struct Amount {
    amount: Wide<i128>,
}

/// An amount or its name.
#[derive(Debug, Deserialize, Schema)]
#[serde(untagged)]
pub enum Loose {
    /// In numbers.
    Amount(Wide<u128>),
    /// In words.
    Name(String),
}

/// A volume, which crosses the call boundary as a number.
#[derive(Clone, Copy, Debug, Schema)]
#[schema(repr)]
#[repr(u8)]
pub enum Level {
    /// A low volume.
    Low = 1,
    /// A high volume.
    High = 2,
}

impl Serialize for Level {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            1 => Ok(Level::Low),
            2 => Ok(Level::High),
            _ => Err(serde::de::Error::custom("expected 1 or 2")),
        }
    }
}

/// Sums of numbers.
#[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Statistics {
    /// The number of values.
    pub count: u32,
    /// Their sum, times the scale.
    pub sum: f64,
    /// The label from the arguments.
    pub label: String,
}

/// Panics when it is formatted.
struct Unshowable;

impl fmt::Display for Unshowable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("cannot be shown")
    }
}

/// Cannot be written as JSON: its keys are not strings.
#[derive(Serialize, Schema)]
pub struct Keyed(BTreeMap<Vec<u8>, ()>);

#[plugin]
impl Contract {
    /// Creates the plugin, or fails in the way that the configuration asks for.
    #[init]
    pub fn new(config: Config) -> Result<Self> {
        match config.refuse {
            Some(Refuse::Plainly) => {
                "x".parse::<u8>()
                    .map_err(|cause| Error::from(cause).context("asked to refuse"))?;
            }
            Some(Refuse::WithCode) => return Err(Error::new("refused", "asked to refuse")),
            Some(Refuse::ByPanic) => panic!("asked to panic"),
            None => {}
        }
        MADE.fetch_add(1, Ordering::Relaxed);
        Ok(Contract {
            name: config.name,
            count: 0,
            seen: Vec::new(),
        })
    }

    /// Notes that the plugin was started; fails the second time.
    #[start]
    pub fn start(&mut self) -> Result<()> {
        if self.seen.iter().any(|seen| seen == "start") {
            return Err(Error::new("started", "already started"));
        }
        self.seen.push("start".to_owned());
        Ok(())
    }

    /// Notes that the plugin was stopped.
    #[stop]
    pub fn stop(&mut self) {
        self.seen.push("stop".to_owned());
    }

    /// Notes an event.
    #[event]
    pub fn event(&mut self, topic: &str, data: Option<serde_json::Value>) {
        self.seen
            .push(format!("{topic}: {}", data.unwrap_or_default()));
    }

    /// Notes that the plugin was cleaned up.
    #[cleanup]
    pub fn cleanup(&mut self) {
        CLEANED_UP.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the numbers of lives in this instance, and the events of this one.
    #[command]
    pub fn lives(&self) -> Lives {
        Lives {
            made: MADE.load(Ordering::Relaxed),
            cleaned_up: CLEANED_UP.load(Ordering::Relaxed),
            dropped: DROPPED.load(Ordering::Relaxed),
            seen: self.seen.clone(),
        }
    }

    /// Returns the number of its calls in this life.
    #[command]
    pub fn count(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    /// Does nothing.
    #[command]
    pub fn nothing(&self) {}

    /// Repeats a text, for a JSON result of any size.
    #[command]
    pub fn repeat(&self, text: &str, times: usize) -> String {
        text.repeat(times)
    }

    /// Returns its argument.
    #[command]
    pub fn shapes(&self, shapes: Shapes) -> Shapes {
        shapes
    }

    /// Returns its argument, which is any JSON.
    #[command]
    pub fn anything(&self, value: serde_json::Value) -> serde_json::Value {
        value
    }

    /// Fails with a code, details and a cause.
    #[command]
    pub fn fail(&self, limit: u32) -> Result<(), Full> {
        match "many".parse::<u32>() {
            Ok(_) => Ok(()),
            Err(cause) => Err(Full { limit, cause }),
        }
    }

    /// Returns JSON unchanged, byte for byte.
    #[command]
    pub fn forward(&self, payload: &RawValue) -> Box<RawValue> {
        payload.to_owned()
    }

    /// Returns the content of an envelope unchanged.
    #[command]
    pub fn open(&self, envelope: Envelope<'_>) -> BTreeMap<String, Vec<Box<RawValue>>> {
        let Envelope { to, body, others } = envelope;
        BTreeMap::from([(to, [body.to_owned()].into_iter().chain(others).collect())])
    }

    /// Returns an amount in digits.
    #[command]
    pub fn order(&self, order: Order) -> String {
        match order {
            Order::Transfer { amount } => amount.to_string(),
            Order::Burn(Part { amount }) => amount.amount.to_string(),
            Order::Mint { amount, gain } => match amount {
                Loose::Amount(amount) => format!("{amount} {gain}"),
                Loose::Name(name) => name,
            },
        }
    }

    /// Returns numbers unchanged.
    #[command]
    pub fn number(&self, number: Number, more: serde_json::Value) -> (Number, serde_json::Value) {
        (number, more)
    }

    /// Returns a volume unchanged.
    #[command]
    pub fn level(&self, level: Level) -> Level {
        level
    }

    /// Returns 0.5 and the reciprocal of a number.
    #[command]
    pub fn invert(&self, number: f64) -> Vec<f64> {
        vec![0.5, 1.0 / number]
    }

    /// Returns a value that cannot be written as JSON.
    #[command]
    pub fn unwritable(&self) -> Keyed {
        Keyed(BTreeMap::from([(b"key".to_vec(), ())]))
    }

    /// Panics with a message.
    #[command]
    pub fn panic(&self, message: &str) {
        panic!("{message}");
    }

    /// Panics with a payload that is not text.
    #[command]
    pub fn panic_with_a_number(&self) {
        std::panic::panic_any(7u8);
    }

    /// Panics with a message that panics.
    #[command]
    pub fn panic_in_a_panic(&self) {
        panic!("{Unshowable}");
    }

    /// Asks for more memory than an instance can have.
    #[command]
    pub fn exhaust(&self) -> usize {
        let mut kept = Vec::new();
        loop {
            kept.push(vec![0u8; 512 << 20]);
            if kept.len() > 8 {
                return kept.len();
            }
        }
    }

    /// Returns its arguments, where they are.
    #[command(raw)]
    pub fn echo<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes
    }

    /// Returns its arguments in a vector.
    #[command(raw)]
    pub fn copy(&self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    /// Returns the text without surrounding white space, where it is.
    #[command(raw)]
    pub fn trim<'a>(&self, text: &'a str) -> &'a str {
        text.trim()
    }

    /// Reverses bytes in place.
    #[command(raw)]
    pub fn reverse<'a>(&self, bytes: &'a mut [u8]) -> &'a mut [u8] {
        bytes.reverse();
        bytes
    }

    /// Halves samples in place.
    #[command(raw)]
    pub fn halve<'a>(&self, samples: &'a mut [f32]) -> &'a mut [f32] {
        for sample in &mut *samples {
            *sample /= 2.0;
        }
        samples
    }

    /// Negates samples in place, and then fails if one of them is NaN.
    #[command(raw)]
    pub fn negate(&self, samples: &mut [f32]) -> Result<()> {
        let mut all = true;
        for sample in samples {
            *sample = -*sample;
            all &= !sample.is_nan();
        }
        if all {
            Ok(())
        } else {
            Err(Error::new("not_a_number", "a sample is not a number"))
        }
    }

    /// Returns the sum of numbers of eight bytes.
    #[command(raw)]
    pub fn sum(&self, numbers: &[f64]) -> [f64; 1] {
        [numbers.iter().sum()]
    }

    /// Returns the sum of numbers of two bytes.
    #[command(raw)]
    pub fn sum_short(&self, numbers: &[u16]) -> [u32; 1] {
        [numbers.iter().copied().map(u32::from).sum()]
    }

    /// Returns the number of bytes, and the last of them.
    #[command(raw)]
    pub fn measure(&self, bytes: &[u8]) -> [u32; 2] {
        [
            bytes.len() as u32,
            bytes.last().copied().unwrap_or(0).into(),
        ]
    }

    /// Returns a vector of `size` bytes.
    #[command(raw)]
    pub fn fill(&self, size: &[u32]) -> Vec<u8> {
        vec![b'x'; size.first().copied().unwrap_or(0) as usize]
    }

    /// Returns no bytes.
    #[command(raw)]
    pub fn swallow(&self, bytes: &[u8]) {
        let _ = bytes;
    }

    /// Returns the plugin's name, where it is.
    #[command(raw)]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns a constant, where it is.
    #[command(raw)]
    pub fn constant(&self) -> &'static str {
        "constant"
    }

    /// Renames the plugin, and returns the new name as passed.
    #[command(raw)]
    pub fn rename<'a>(&mut self, name: &'a str) -> &'a str {
        self.name.clear();
        self.name.push_str("renamed to ");
        self.name.push_str(name);
        name
    }

    /// Returns statistics of numbers, in the binary codec.
    #[command(codec = "binary")]
    pub fn statistics(
        &self,
        numbers: Vec<f64>,
        scale: Option<f32>,
        label: &str,
    ) -> Result<Statistics> {
        if label.is_empty() {
            return Err(Error::new("label_empty", "a label is needed"));
        }
        Ok(Statistics {
            count: numbers.len() as u32,
            sum: numbers.iter().sum::<f64>() * f64::from(scale.unwrap_or(1.0)),
            label: label.to_owned(),
        })
    }

    /// Returns its argument, in the binary codec.
    #[command(codec = "binary")]
    pub fn shapes_binary(&self, shapes: Shapes) -> Shapes {
        shapes
    }
}

impl Drop for Contract {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Joins two texts with a separator.
#[command]
pub fn join(left: &str, right: &str, #[arg(default = "-")] between: &str) -> String {
    [left, between, right].concat()
}

/// Returns the number of members of the arguments.
#[command]
pub fn whole(#[arg(flatten)] members: BTreeMap<String, serde_json::Value>) -> usize {
    members.len()
}
