//! A guest whose allocator fails once, at each allocation of a call in turn. Every one of them ends
//! in the right result, an error or a classified failure, and the next call is right.

use plugin_sdk_harness::{Engine, Failure, FailureKind, Module, Plugin, Source};
use serde_json::{Value, json};

const GUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/guests/starving");

/// The most allocations of any call here.
const MOST: u32 = 200;

/// The ways in which a call has ended.
#[derive(Debug, Default)]
struct Ends {
    /// The guest did without the memory.
    right: u32,
    /// It returned an error.
    errors: u32,
    /// `alloc` returned 0.
    refused: u32,
    /// It gave up.
    traps: u32,
}

/// A call, and its result if all memory is there.
struct Case {
    name: &'static str,
    call: fn(&mut Plugin) -> Result<Value, Failure>,
    expected: Value,
}

fn cases() -> Vec<Case> {
    fn case(
        name: &'static str,
        call: fn(&mut Plugin) -> Result<Value, Failure>,
        expected: Value,
    ) -> Case {
        Case {
            name,
            call,
            expected,
        }
    }
    fn ada() -> Value {
        json!({"name": "Ada", "friends": [{"name": "Grace \u{1F9EE}\n", "friends": []}]})
    }
    fn befriended() -> Value {
        let mut person = ada();
        let friend = json!({"name": "Barbara", "friends": []});
        person["friends"].as_array_mut().unwrap().push(friend);
        person
    }
    fn names() -> Vec<String> {
        ["Ada", "Grace", "Barbara"].map(str::to_owned).to_vec()
    }
    /// Larger than the buffer for arguments that an instance has at first.
    fn long() -> Vec<u8> {
        b"0123456789".repeat(700)
    }
    /// Returns the error of a call that must fail with this code.
    fn error(code: &str, outcome: Result<Value, Failure>) -> Result<Value, Failure> {
        let failure = outcome.unwrap_err();
        match failure.plugin_error() {
            Some(error) if error.code() == code => Ok(error.details().unwrap_or_default()),
            _ => Err(failure),
        }
    }
    vec![
        case(
            "json",
            |plugin| plugin.call("befriend", json!({"person": ada(), "friend": "Barbara"})),
            befriended(),
        ),
        case(
            "binary codec",
            |plugin| {
                #[derive(serde::Serialize, serde::Deserialize)]
                struct Person {
                    name: String,
                    friends: Vec<Person>,
                }
                let person: Person = serde_json::from_value(ada()).unwrap();
                let person: Person = plugin.call_binary("befriend_binary", (person, "Barbara"))?;
                Ok(serde_json::to_value(person).unwrap())
            },
            befriended(),
        ),
        case(
            "raw",
            |plugin| Ok(plugin.call_raw("copy", &long())?.into()),
            long().into(),
        ),
        case(
            "batch",
            |plugin| {
                let inputs = names().into_iter().map(|name| json!({"name": name}));
                let all = plugin.call_many::<String>("greet", inputs)?;
                all.into_iter()
                    .collect::<Result<Vec<_>, _>>()
                    .map(Value::from)
            },
            json!(["Hello, Ada!", "Hello, Grace!", "Hello, Barbara!"]),
        ),
        case(
            "error",
            |plugin| {
                error(
                    "not_enough",
                    plugin.call("refuse", json!({"items": names()})),
                )
            },
            names().into(),
        ),
        case(
            "host calls",
            |plugin| plugin.call("remember", json!({"names": names()})),
            names().into(),
        ),
        case(
            "error of a host call",
            |plugin| error("permission_denied", plugin.call("fetch", ())),
            json!({"permission": "http", "grant": ".grant(\"http\")"}),
        ),
    ]
}

fn instance(module: &Module, engine: Engine) -> Plugin {
    let builder = module.plugin().engine(engine).grant("kv");
    builder.build().unwrap()
}

/// Makes a call whose n-th allocation fails. Returns `None` if it makes fewer.
fn starved(plugin: &mut Plugin, case: &Case, nth: u32) -> Option<Result<Value, Failure>> {
    plugin.call_raw("arm", &nth.to_be_bytes()).unwrap();
    let outcome = (case.call)(plugin);
    match plugin.call_raw("disarm", b"") {
        Ok([0]) => None,
        Ok([1]) => Some(outcome),
        Ok(other) => panic!("{}: {other:?}", case.name),
        // The instance is dead, so an allocation has failed.
        Err(poisoned) => {
            let is_poisoned = matches!(poisoned.kind(), FailureKind::Poisoned { .. });
            assert!(is_poisoned, "{}, allocation {nth}: {poisoned}", case.name);
            Some(outcome)
        }
    }
}

fn ends(module: &Module, engine: Engine, case: &Case) -> Ends {
    let mut ends = Ends::default();
    for nth in 1..MOST {
        let mut plugin = instance(module, engine);
        let at = format!("{engine}, {}, allocation {nth}", case.name);
        let Some(outcome) = starved(&mut plugin, case, nth) else {
            let expected = (case.call)(&mut plugin).unwrap();
            assert_eq!(expected, case.expected, "{at}");
            return ends;
        };
        let survives = match &outcome {
            Ok(value) => {
                assert_eq!(*value, case.expected, "{at}");
                ends.right += 1;
                true
            }
            Err(failure) => match failure.kind() {
                FailureKind::Plugin(error) => {
                    assert!(!error.message().is_empty(), "{at}");
                    ends.errors += 1;
                    true
                }
                FailureKind::AllocationFailed { .. } => {
                    ends.refused += 1;
                    true
                }
                FailureKind::Trap { message } => {
                    assert!(message.contains("allocation failed"), "{at}: {failure}");
                    ends.traps += 1;
                    false
                }
                _ => panic!("{at}: {failure}"),
            },
        };
        // Not after every failure: what is wrong with an instance shows in its next call.
        let next = (case.call)(&mut plugin);
        match survives {
            true => assert_eq!(next.unwrap(), case.expected, "{at}, the next call"),
            false => {
                let poisoned = next.unwrap_err();
                assert_eq!(poisoned.code(), "poisoned", "{at}");
                let mut fresh = instance(module, engine);
                assert_eq!(
                    (case.call)(&mut fresh).unwrap(),
                    case.expected,
                    "{at}, afresh"
                );
            }
        }
    }
    panic!("{} makes more than {MOST} allocations", case.name);
}

#[test]
fn every_failed_allocation_of_a_call_is_reported() {
    let module = Module::load(Source::crate_dir(GUEST)).unwrap();
    for engine in Engine::ALL
        .iter()
        .copied()
        .filter(|engine| engine.is_available())
    {
        for case in cases() {
            let ends = ends(&module, engine, &case);
            let Ends {
                right,
                errors,
                refused,
                traps,
            } = ends;
            assert!(
                right + errors + refused + traps > 0,
                "{}: {ends:?}",
                case.name
            );
            println!("{engine}, {}: {ends:?}", case.name);
        }
    }
}
