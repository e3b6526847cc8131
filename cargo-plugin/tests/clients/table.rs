//! The table of calls, and its outcomes in the harness.

use std::sync::OnceLock;

use plugin_sdk_harness::{Failure, Plugin};
use serde::Deserialize;
use serde_json::{Value, json};

use super::outcome::{Outcome, same};
use super::typed;

pub const TABLE: &str = include_str!("calls.json");

/// Calls of one instance.
#[derive(Deserialize)]
pub struct Scenario {
    about: String,
    #[serde(default)]
    pub config: Option<Value>,
    #[serde(default)]
    pub limits: Limits,
    /// The error with which the plugin refuses its configuration.
    error: Option<Value>,
    pub calls: Vec<Call>,
}

#[derive(Default, Deserialize)]
pub struct Limits {
    pub result_bytes: Option<u64>,
}

#[derive(Deserialize)]
pub struct Call {
    pub command: Option<String>,
    pub arguments: Option<Value>,
    /// `true` if the argument `value` is a number that is not in JSON.
    #[serde(default)]
    pub not_a_number: bool,
    pub input: Option<Elements>,
    #[serde(default, deserialize_with = "given")]
    output: Option<Value>,
    pub hook: Option<String>,
    pub topic: Option<String>,
    pub data: Option<Value>,
    #[serde(default, deserialize_with = "given")]
    result: Option<Value>,
    error: Option<Value>,
}

/// The input of a raw command.
#[derive(Deserialize)]
pub struct Elements {
    element: String,
    values: Vec<Value>,
    repeat: usize,
}

/// Reads `null` as a value that is given.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Returns the table.
pub fn scenarios() -> Vec<Scenario> {
    serde_json::from_str(TABLE).unwrap()
}

/// Returns each call in words, with its outcome in the harness.
pub fn outcomes() -> &'static [(String, Outcome)] {
    static OUTCOMES: OnceLock<Vec<(String, Outcome)>> = OnceLock::new();
    OUTCOMES.get_or_init(|| scenarios().iter().flat_map(Scenario::run).collect())
}

/// Checks the outcomes that the table has.
pub fn check() {
    let scenarios = scenarios();
    let calls: usize = scenarios.iter().map(|scenario| scenario.calls.len()).sum();
    assert!(calls >= 40, "{calls}");
    let mut outcomes = outcomes().iter();
    for scenario in &scenarios {
        if let Some(expected) = &scenario.error {
            let (call, outcome) = outcomes.next().unwrap();
            assert!(outcome.has_error(expected), "{call}: {outcome:?}");
        }
        for expected in &scenario.calls {
            let (call, outcome) = outcomes.next().unwrap();
            expected.check(call, outcome);
        }
    }
    assert!(outcomes.next().is_none());
}

impl Scenario {
    fn run(&self) -> Vec<(String, Outcome)> {
        let mut builder = Plugin::builder(typed().to_vec());
        if let Some(config) = &self.config {
            builder = builder.config(config);
        }
        if let Some(bytes) = self.limits.result_bytes {
            builder = builder.max_result_bytes(bytes);
        }
        let mut plugin = match builder.build() {
            Ok(plugin) => plugin,
            Err(failure) => {
                return vec![(format!("{}: load", self.about), Outcome::failed(&failure))];
            }
        };
        let calls = self.calls.iter();
        calls
            .map(|call| {
                let name = call.command.as_ref().or(call.hook.as_ref()).unwrap();
                (format!("{}: {name}", self.about), call.run(&mut plugin))
            })
            .collect()
    }
}

impl Call {
    fn run(&self, plugin: &mut Plugin) -> Outcome {
        self.outcome(plugin)
            .unwrap_or_else(|failure| Outcome::failed(&failure))
    }

    fn outcome(&self, plugin: &mut Plugin) -> Result<Outcome, Failure> {
        if let Some(hook) = &self.hook {
            match hook.as_str() {
                "start" => plugin.start()?,
                "stop" => plugin.stop()?,
                _ => plugin.event(self.topic.as_deref().unwrap(), self.data.as_ref())?,
            }
            return Ok(Outcome::Result(Value::Null));
        }
        let command = self.command.as_deref().unwrap();
        if self.is_raw() {
            let empty = Elements {
                element: "u8".to_owned(),
                values: Vec::new(),
                repeat: 1,
            };
            let input = self.input.as_ref().unwrap_or(&empty);
            let output = match command {
                "sum" => "f64",
                _ => &input.element,
            };
            let mut bytes = input.bytes();
            let answer = match command {
                "negate" => {
                    plugin.call_in_place(command, &mut bytes)?;
                    bytes
                }
                _ => plugin.call_raw(command, &bytes)?.to_vec(),
            };
            return Ok(match self.output {
                Some(Value::Null) => Outcome::Result(Value::Null),
                _ => elements(output, &answer),
            });
        }
        if self.not_a_number {
            #[derive(serde::Serialize)]
            struct NotANumber {
                value: f64,
            }
            let value: Value = plugin.call(command, NotANumber { value: f64::NAN })?;
            return Ok(Outcome::Result(value));
        }
        let arguments = self.arguments.clone().unwrap_or_else(|| json!({}));
        plugin.call(command, arguments).map(Outcome::Result)
    }

    fn is_raw(&self) -> bool {
        self.input.is_some() || self.output.is_some()
    }

    fn check(&self, call: &str, outcome: &Outcome) {
        if let Some(expected) = &self.error {
            assert!(outcome.has_error(expected), "{call}: {outcome:?}");
            return;
        }
        let expected = self.result.as_ref().or(self.output.as_ref());
        match (outcome, expected) {
            (Outcome::Result(found) | Outcome::Elements(found), Some(expected)) => {
                assert!(same(found, expected), "{call}: {found}\n{expected}");
            }
            (Outcome::Result(found), None) if self.hook.is_some() => {
                assert!(found.is_null(), "{call}: {found}");
            }
            // The guest returns the argument as serde writes it, which the comparison with other
            // languages is about.
            (Outcome::Result(found), None) => assert!(!found.is_null(), "{call}"),
            (other, _) => panic!("{call}: {other:?}"),
        }
    }
}

impl Elements {
    pub fn bytes(&self) -> Vec<u8> {
        let one: Vec<u8> = self
            .values
            .iter()
            .flat_map(|value| self.encoded(value))
            .collect();
        one.repeat(self.repeat)
    }

    fn encoded(&self, value: &Value) -> Vec<u8> {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match self.element.as_str() {
            "text" => text.into_bytes(),
            "u8" => vec![text.parse().unwrap()],
            "i16" => text.parse::<i16>().unwrap().to_le_bytes().to_vec(),
            "u64" => text.parse::<u64>().unwrap().to_le_bytes().to_vec(),
            "f32" => text.parse::<f32>().unwrap().to_le_bytes().to_vec(),
            other => panic!("{other}"),
        }
    }
}

/// Returns the first four elements of bytes, and their number.
pub fn elements(element: &str, bytes: &[u8]) -> Outcome {
    let float = |number: f64| match number {
        number if number.is_finite() => json!(number),
        number if number.is_nan() => json!("NaN"),
        number => json!(if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }),
    };
    let values: Vec<Value> = match element {
        "text" => vec![json!(std::str::from_utf8(bytes).unwrap())],
        "u8" => bytes.iter().map(|byte| json!(byte)).collect(),
        "u64" => bytes
            .chunks_exact(8)
            .map(|bytes| json!(u64::from_le_bytes(bytes.try_into().unwrap())))
            .collect(),
        "f32" => bytes
            .chunks_exact(4)
            .map(|bytes| float(f32::from_le_bytes(bytes.try_into().unwrap()).into()))
            .collect(),
        "f64" => bytes
            .chunks_exact(8)
            .map(|bytes| float(f64::from_le_bytes(bytes.try_into().unwrap())))
            .collect(),
        other => panic!("{other}"),
    };
    let first: Vec<&Value> = values.iter().take(4).collect();
    Outcome::Elements(json!({"values": first, "count": values.len()}))
}
