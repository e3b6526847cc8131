//! Arguments of commands: values from their schemas, and wrong ones.

use plugin_sdk_harness::Module;
use plugin_sdk_harness::manifest::{Codec, CommandInfo, Manifest, Schema};
use serde_json::{Map, Value, json};

/// The number of arguments that are made for each command.
const EACH: usize = 48;

/// The deepest value.
const DEPTH: usize = 5;

/// Texts for any purpose, among them paths and keys that exist.
const TEXTS: [&str; 9] = [
    "",
    "Ada",
    ".",
    "docs",
    "docs/one.txt",
    "ünïcode 😀",
    "two words",
    "key",
    "a\"b\\\n",
];

/// Commands with arguments, made before the run so that it spends its time in calls.
pub struct Arguments(Vec<(String, Vec<u8>)>);

impl Arguments {
    /// Makes arguments for all commands of a module.
    pub fn of(module: &Module) -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let manifest = module.manifest().unwrap();
        let commands = manifest.commands.iter().flat_map(|command| {
            let arguments = (0..EACH).map(|nth| arguments(manifest, command, nth, &mut random));
            arguments
                .map(|arguments| (command.name.clone(), arguments))
                .collect::<Vec<_>>()
        });
        Arguments(commands.collect())
    }

    /// Returns any command with its arguments.
    pub fn any(&self, random: &mut fastrand::Rng) -> (&str, &[u8]) {
        let (command, arguments) = &self.0[random.usize(..self.0.len())];
        (command, arguments)
    }
}

fn arguments(
    manifest: &Manifest,
    command: &CommandInfo,
    nth: usize,
    random: &mut fastrand::Rng,
) -> Vec<u8> {
    match (command.codec, &command.arguments) {
        (Codec::Json, Some(schema)) if !nth.is_multiple_of(8) => {
            value(manifest, schema, random).to_string().into_bytes()
        }
        (Codec::Json, _) => json!({"unknown": nth}).to_string().into_bytes(),
        // Numbers of eight bytes, or text.
        _ => "12345678".repeat(random.usize(..20)).into_bytes(),
    }
}

fn value(manifest: &Manifest, schema: &Schema, random: &mut fastrand::Rng) -> Value {
    of_schema(&manifest.inlined(schema), random, DEPTH)
}

/// Makes a value of a schema. Keywords that it does not know make some values wrong.
fn of_schema(schema: &Value, random: &mut fastrand::Rng, depth: usize) -> Value {
    let member = |name: &str| schema.get(name);
    if let Some(value) = member("const").or_else(|| member("default")) {
        return value.clone();
    }
    for choices in ["enum", "examples"] {
        if let Some(Value::Array(values)) = member(choices) {
            return random.choice(values).cloned().unwrap_or(Value::Null);
        }
    }
    for choices in ["anyOf", "oneOf"] {
        if let Some(Value::Array(schemas)) = member(choices) {
            let schema = random.choice(schemas).unwrap_or(&Value::Null);
            return of_schema(schema, random, depth);
        }
    }
    let kind = match member("type") {
        Some(Value::Array(kinds)) => random.choice(kinds).and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    let bound = |name: &str| member(name).and_then(Value::as_i64);
    match kind {
        Some("boolean") => random.bool().into(),
        Some("integer") => {
            let least = bound("minimum").unwrap_or(0);
            let most = bound("maximum").unwrap_or(1000).max(least);
            random
                .i64(least..=most.min(least.saturating_add(1000)))
                .into()
        }
        Some("number") => (random.f64() * 2.0).into(),
        Some("string") => (*random.choice(&TEXTS).unwrap_or(&"")).into(),
        Some("array") if depth > 0 => {
            let count = bound("minItems").unwrap_or(0).max(random.i64(..4));
            let items = member("items").unwrap_or(&Value::Bool(true));
            (0..count)
                .map(|_| of_schema(items, random, depth - 1))
                .collect()
        }
        Some("object") if depth > 0 => object(schema, random, depth),
        _ => Value::Null,
    }
}

fn object(schema: &Value, random: &mut fastrand::Rng, depth: usize) -> Value {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| {
        required.is_some_and(|required| required.iter().any(|required| required == name))
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut members = Map::new();
    for (name, schema) in properties.into_iter().flatten() {
        if is_required(name) || random.bool() {
            members.insert(name.clone(), of_schema(schema, random, depth - 1));
        }
    }
    members.into()
}

#[test]
fn values_follow_types_bounds_and_required_members() {
    let schema = json!({
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 3, "maximum": 5},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1},
        },
        "required": ["count", "tags"],
    });
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..50 {
        let value = of_schema(&schema, &mut random, DEPTH);
        assert!(
            (3..=5).contains(&value["count"].as_i64().unwrap()),
            "{value}"
        );
        let tags = value["tags"].as_array().unwrap();
        assert!(
            !tags.is_empty() && tags.iter().all(|tag| tag == "a" || tag == "b"),
            "{value}"
        );
    }
}
