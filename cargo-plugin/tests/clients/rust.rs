//! Clients in Rust. `rust/` has them as the tool writes them, so that they are compiled and linted
//! together with this test. After a change of the tool, write them anew:
//! `UPDATE_CLIENTS=1 cargo test --test languages clients`.

use std::fs;
use std::path::Path;

use plugin_sdk::json::{self, Arena};
use plugin_sdk_harness::{Failure, Plugin};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::outcome::Outcome;
use super::table::{self, Call, Scenario, elements};
use super::{compare_outcomes, typed as module, written};
use crate::support;

/// Declares the clients, which nothing but the compiler reads in full.
macro_rules! clients {
    ($($client:ident)*) => {
        $(#[rustfmt::skip] mod $client;)*

        /// The files of the clients.
        const FILES: [&str; 6] = [$(concat!(stringify!($client), ".rs")),*];
    };
}

clients! { audio_filter greeter guest_book rag text_stats typed }

use typed::Typed;

#[test]
fn clients_in_rust_are_up_to_date() {
    let folder = written("rust");
    let sources = Path::new(support::WORKSPACE).join("cargo-plugin/tests/clients/rust");
    for file in FILES {
        let (written, kept) = (folder.path().join("clients").join(file), sources.join(file));
        if std::env::var_os("UPDATE_CLIENTS").is_some() {
            fs::copy(&written, &kept).unwrap();
        }
        assert!(
            fs::read(&written).unwrap() == fs::read(&kept).unwrap(),
            "`{}` is out of date: run `UPDATE_CLIENTS=1 cargo test --test languages clients`",
            kept.display()
        );
    }
}

#[test]
fn a_greeter_in_rust_is_loaded_and_called() {
    let wasm = super::module("greeter");
    let config = greeter::Config {
        greeting: Some("Hi".to_owned()),
        ..Default::default()
    };
    let mut greeter = greeter::Greeter::load(wasm, config).unwrap();
    let greeting = greeter.greet(&greeter::GreetArguments::new("Ada")).unwrap();
    assert_eq!(greeting.message, "Hi, Ada!");
    let failure = greeter
        .greet(&greeter::GreetArguments::new(""))
        .unwrap_err();
    assert_eq!(
        greeter::ErrorCode::of(&failure),
        greeter::ErrorCode::NameEmpty
    );
}

#[test]
fn clients_in_rust_pass_the_table() {
    let outcomes: Vec<Outcome> = table::scenarios().iter().flat_map(run).collect();
    compare_outcomes(&outcomes);
}

fn run(scenario: &Scenario) -> Vec<Outcome> {
    let mut builder = Plugin::builder(module());
    if let Some(bytes) = scenario.limits.result_bytes {
        builder = builder.max_result_bytes(bytes);
    }
    let config = scenario.config.as_ref().map(read);
    let mut client = match Typed::build(builder, config.unwrap_or_default()) {
        Ok(client) => client,
        Err(failure) => return vec![Outcome::failed(&failure)],
    };
    let calls = scenario.calls.iter();
    let outcomes = calls
        .map(|call| outcome(&mut client, call).unwrap_or_else(|failure| Outcome::failed(&failure)));
    outcomes.collect()
}

/// Reads a value as the harness does. `serde_json` itself keeps numbers as text here, which serde's
/// buffers do not take.
fn read<T: DeserializeOwned>(value: &Value) -> T {
    json::read(value.to_string().as_bytes(), &Arena::new()).unwrap()
}

fn shown(value: &impl Serialize) -> Outcome {
    let mut text = Vec::new();
    json::write(value, &mut text).unwrap();
    Outcome::Result(serde_json::from_slice(&text).unwrap())
}

fn outcome(client: &mut Typed, call: &Call) -> Result<Outcome, Failure> {
    if let Some(hook) = &call.hook {
        match hook.as_str() {
            "start" => client.start()?,
            "stop" => client.stop()?,
            _ => client.event(call.topic.as_ref().unwrap(), call.data.as_ref().unwrap())?,
        }
        return Ok(Outcome::Result(Value::Null));
    }
    let command = call.command.as_deref().unwrap();
    let raw = call.input.as_ref().map(|input| input.bytes());
    if let Some(bytes) = raw {
        return raw_outcome(client, command, &bytes);
    }
    let arguments = call.arguments.clone().unwrap_or_default();
    let arguments = &arguments;
    Ok(match command {
        "add" => shown(&client.add(&read(arguments))?),
        // NaN is no value of the type for any JSON.
        "anything" if call.not_a_number => {
            return Ok(Outcome::Error(serde_json::json!({"code": "bad_arguments"})));
        }
        "anything" => shown(&client.anything(&read(arguments))?),
        "begun" => shown(&client.begun()?),
        "enums" => shown(&client.enums(&read(arguments))?),
        "events" => shown(&client.events()?),
        "flattened" => shown(&client.flattened(&read(arguments))?),
        "further" => shown(&client.further(&read(arguments))?),
        "hostile" => shown(&client.hostile(&read(arguments))?),
        "import" => shown(&client.import()?),
        "load" => shown(&client.load_()?),
        "panic" => shown(&client.panic(&read(arguments))?),
        "recursive" => shown(&client.recursive(&read(arguments))?),
        "repeat" => shown(&client.repeat(&read(arguments))?),
        "special" => shown(&client.special(&read(arguments))?),
        "standard" => shown(&client.standard(&read(arguments))?),
        "structs" => shown(&client.structs(&read(arguments))?),
        "swallow" => shown(&client.swallow()?),
        other => panic!("{other}"),
    })
}

fn raw_outcome(client: &mut Typed, command: &str, bytes: &[u8]) -> Result<Outcome, Failure> {
    /// Reads numbers.
    macro_rules! numbers {
        ($number:ty) => {{
            let (numbers, _) = bytes.as_chunks();
            let numbers = numbers.iter().map(|bytes| <$number>::from_le_bytes(*bytes));
            numbers.collect::<Vec<$number>>()
        }};
    }
    /// Writes numbers.
    macro_rules! bytes {
        ($numbers:expr) => {
            $numbers
                .iter()
                .flat_map(|number| number.to_le_bytes())
                .collect::<Vec<u8>>()
        };
    }
    Ok(match command {
        "count" => elements("u64", &bytes!(client.count(&numbers!(u64))?)),
        "echo" => elements("u8", &client.echo(bytes)?),
        "negate" => elements("f32", &bytes!(client.negate(&numbers!(f32))?)),
        "sum" => elements("f64", &bytes!(client.sum(&numbers!(i16))?)),
        "trim" => elements(
            "text",
            client.trim(std::str::from_utf8(bytes).unwrap())?.as_bytes(),
        ),
        other => panic!("{other}"),
    })
}
