//! The same calls on both engines of the harness: the same answers, errors, host calls and logs.

use std::fs;

use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest};
use plugin_sdk_harness::{Engine, Failure, Module, Plugin};
use serde_json::{Map, Value, json};

use super::build_with;

/// The examples whose commands are called.
const EXAMPLES: [&str; 5] = ["audio-filter", "greeter", "guest-book", "rag", "text-stats"];

/// The calls of all examples together.
const CALLS: usize = 10_000;

/// Random values, the same in every run (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[self.below(values.len())]
    }

    /// Returns a value that often fits the schema.
    fn value(&mut self, schema: &Value, defs: &Map<String, Value>, depth: usize) -> Value {
        if self.below(20) == 0 || depth == 0 {
            return self.one(&odd_values()).clone();
        }
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            return self.value(&defs[name], defs, depth - 1);
        }
        for choice in ["anyOf", "oneOf", "enum"] {
            if let Some(choices) = schema[choice].as_array() {
                let chosen = self.one(choices).clone();
                return match choice {
                    "enum" => chosen,
                    _ => self.value(&chosen, defs, depth - 1),
                };
            }
        }
        let ty = match &schema["type"] {
            Value::Array(types) => self.one(types).as_str().unwrap().to_owned(),
            ty => ty.as_str().unwrap_or("").to_owned(),
        };
        match ty.as_str() {
            "object" => {
                let members = schema["properties"].as_object().into_iter().flatten();
                let mut object = Map::new();
                for (name, schema) in members {
                    if self.below(8) > 0 {
                        object.insert(name.clone(), self.value(schema, defs, depth - 1));
                    }
                }
                Value::Object(object)
            }
            "array" => {
                let len = self.below(6);
                let items = (0..len).map(|_| self.value(&schema["items"], defs, depth - 1));
                Value::Array(items.collect())
            }
            "string" => json!(self.one(&TEXTS)),
            "integer" => json!(self.one(&[0, 1, 2, 7, 255, 256, -1, i64::MAX, i64::MIN])),
            "number" => json!(self.one(&[0.0, -0.0, 0.1, 1e300, -1e-300, 3.5, 1e16])),
            "boolean" => json!(self.below(2) == 0),
            "null" => Value::Null,
            _ => self.one(&odd_values()).clone(),
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let len = self.below(70);
        (0..len).map(|_| self.next() as u8).collect()
    }

    /// Returns the input of a call.
    fn input(&mut self, command: &CommandInfo, defs: &Map<String, Value>) -> Vec<u8> {
        match &command.arguments {
            Some(schema) if command.codec == Codec::Json => {
                let value = self.value(&json!(schema), defs, 6);
                serde_json::to_vec(&value).unwrap()
            }
            _ => self.bytes(),
        }
    }
}

const TEXTS: [&str; 8] = [
    "",
    "Ada",
    "the quick brown fox jumps over the lazy dog",
    "\u{0}\u{1b}[31m\n\"\\",
    "\u{1f44b}\u{1f3fd} h\u{e9}llo",
    "a.md",
    "/notes/../a.md",
    "last",
];

/// Values that fit few schemas.
fn odd_values() -> [Value; 6] {
    [
        Value::Null,
        json!(-1.5),
        json!("x".repeat(3000)),
        json!([[], {}]),
        json!({"name": {}}),
        json!(u64::MAX),
    ]
}

fn plugin(module: &Module, engine: Engine) -> Plugin {
    let builder = module.plugin().grant_all().engine(engine);
    builder.build().unwrap()
}

/// Returns everything that a host sees of a call, without what belongs to the engine.
fn seen(plugin: &mut Plugin, command: &str, input: &[u8]) -> Value {
    let outcome = plugin.call_raw(command, input).map(<[u8]>::to_vec);
    let outcome = outcome.map_err(|failure| without_engine(&failure));
    let calls: Vec<Value> = plugin
        .host_calls()
        .iter()
        .map(|call| json!([call.function, call.arguments, call.outcome]))
        .collect();
    let logs = plugin.services().logs().lines();
    plugin.services().logs().clear();
    json!({
        "outcome": outcome,
        "host_calls": calls,
        "logs": logs,
        "memory": plugin.memory_bytes(),
    })
}

fn without_engine(failure: &Failure) -> Value {
    let mut failure = failure.to_json();
    let members = failure.as_object_mut().unwrap();
    for member in ["backtrace", "usage"] {
        members.remove(member);
    }
    for call in members["host_calls"].as_array_mut().unwrap() {
        call.as_object_mut().unwrap().remove("duration_ms");
    }
    failure
}

#[test]
fn ten_thousand_random_calls_end_alike_on_both_engines() {
    let mut random = Random(15);
    let (mut answered, mut failed) = (0, 0);
    for example in EXAMPLES {
        let wasm = fs::read(build_with(&format!("examples/{example}"), None, "guest")).unwrap();
        let manifest = Manifest::read(&wasm).unwrap().unwrap();
        let module = Module::load(wasm).unwrap();
        let make = || [Engine::Wasmtime, Engine::Wasmi].map(|engine| plugin(&module, engine));
        let mut both = make();
        for call in 0..CALLS / EXAMPLES.len() {
            let command = random.one(&manifest.commands);
            let input = random.input(command, &manifest.defs);
            let [expected, found] = both
                .each_mut()
                .map(|plugin| seen(plugin, &command.name, &input));
            let shown = String::from_utf8_lossy(&input);
            assert_eq!(
                found, expected,
                "call {call} of {example}: {} {shown}",
                command.name
            );
            match expected["outcome"]["Ok"].is_null() {
                true => failed += 1,
                false => answered += 1,
            }
            if both.iter().any(Plugin::is_poisoned) {
                both = make();
            }
        }
    }
    // The values are good enough to reach the commands, and bad enough to reach their errors.
    assert!(
        answered > CALLS / 10 && failed > CALLS / 10,
        "{answered} {failed}"
    );
}
