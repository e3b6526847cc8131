//! The kit as `expected.json`, for hosts in any language: `docs/guide/hostile.md`.

use plugin_sdk::hosts::toolfs::base64;
use serde_json::{Map, Value, json};

use super::case::{Action, Call, Case, Contract, Inputs, Reads, Step};

/// The version of the format. A member that is added does not change it.
const FORMAT: u32 = 1;

/// The time in which a host ends a case, compilation included, in seconds.
const SECONDS: u32 = 60;

/// The memory that a host may take for a case, in addition to what it takes without one, in bytes.
const MEMORY_BYTES: u64 = 512 << 20;

/// Returns the contents of `expected.json` for some cases, whose modules are in files next to it,
/// named by [`Case::file`].
pub fn expected<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Value {
    let cases: Vec<Value> = cases.into_iter().map(Case::to_json).collect();
    json!({
        "format": FORMAT,
        "kit": concat!("plugin-sdk ", env!("CARGO_PKG_VERSION")),
        "never": {
            "crash": "the host's process ends, panics or reports a fault of its own",
            "outside": "the host reads or writes outside the guest's memory",
            "seconds": SECONDS,
            "memory_bytes": MEMORY_BYTES,
        },
        "cases": cases,
    })
}

impl Case {
    /// Returns the name of the file with the module: the case's name and `.wasm`.
    pub fn file(&self) -> String {
        format!("{}.wasm", self.name())
    }

    /// Returns the case as it is in `expected.json`.
    pub fn to_json(&self) -> Value {
        let limits = self.limits();
        let contracts: Vec<_> = self
            .contracts()
            .iter()
            .map(|contract| contract.name())
            .collect();
        let steps: Vec<Value> = self.steps().iter().map(step).collect();
        json!({
            "name": self.name(),
            "group": self.group(),
            "about": self.about(),
            "file": self.file(),
            "contracts": contracts,
            "grants": self.grants(),
            "limits": {
                "timeout_ms": limits.timeout.as_millis() as u64,
                "fuel": limits.fuel,
                "memory_pages": limits.memory_pages,
                "table_elements": limits.table_elements,
                "stack_bytes": limits.stack_bytes,
                "result_bytes": limits.result_bytes,
            },
            "steps": steps,
        })
    }
}

fn step(step: &Step) -> Value {
    let mut fields = match &step.action {
        Action::Describe => object(json!({"do": "describe"})),
        Action::Load => object(json!({"do": "load"})),
        Action::Call(call) => call_fields(call),
    };
    fields.insert("accept".to_owned(), json!(step.expected.accepted()));
    if let Some(output) = step.expected.output() {
        fields.insert("output".to_owned(), bytes(output));
    }
    fields.into()
}

fn call_fields(call: &Call) -> Map<String, Value> {
    let exports = Contract::ALL.iter().filter_map(|contract| {
        let export = call.export(*contract)?;
        Some((contract.name().to_owned(), json!(export)))
    });
    let read = match call.reads {
        Reads::Bytes => "bytes",
        Reads::Json => "json",
    };
    let exports: Map<_, _> = exports.collect();
    let call_itself = json!({"do": "call", "exports": exports, "times": call.times, "read": read});
    let mut fields = object(call_itself);
    match &call.inputs {
        Inputs::None => {}
        Inputs::One(input) => {
            fields.insert("input".to_owned(), bytes(input));
        }
        Inputs::Batch(inputs) => {
            let inputs = inputs.iter().map(|input| bytes(input)).collect();
            fields.insert("inputs".to_owned(), inputs);
        }
    }
    fields
}

/// Returns the members of an object.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Returns bytes as base64.
fn bytes(bytes: &[u8]) -> Value {
    let mut text = Vec::new();
    base64::encode(bytes, &mut text);
    serde_json::from_slice(&text).unwrap_or_default()
}
