//! Components, run by engines that we did not write: wasmtime's component API, through its Python
//! package, and Node's, through jco.
//!
//! Every call is made with typed values in both, and by name with JSON on the plugin as a module:
//! the results must be the same.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use plugin_sdk_harness::{Plugin, Source};
use serde_json::{Value, json};

use crate::support::project::{Project, manifest};
use crate::support::{Folder, WORKSPACE, parsed, target_dir};

/// A call, by JSON on the module and by typed values on the component.
struct Call {
    command: &'static str,
    /// The arguments of the command, and what it returns; `None` if only the component is called.
    native: Option<(Value, Value)>,
    function: &'static str,
    parameters: Value,
    outcome: Value,
}

/// A call of a function that has no counterpart in the module.
fn only(function: &'static str, parameters: Value, outcome: Value) -> Call {
    Call {
        command: function,
        native: None,
        function,
        parameters,
        outcome,
    }
}

/// A call of a command that returns its argument `value`.
fn echo(command: &'static str, value: Value, typed: Value) -> Call {
    Call {
        command,
        native: Some((json!({ "value": value }), value)),
        function: command,
        parameters: json!([typed]),
        outcome: json!({ "ok": typed }),
    }
}

fn call(
    command: &'static str,
    (arguments, result): (Value, Value),
    parameters: Value,
    outcome: Value,
) -> Call {
    Call {
        command,
        native: Some((arguments, result)),
        function: command,
        parameters,
        outcome,
    }
}

fn ok(value: Value) -> Value {
    json!({ "ok": value })
}

/// Returns an error without details and causes.
fn error(code: &str, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

fn err(code: &str, message: &str) -> Value {
    json!({ "err": {"code": code, "message": message, "details": null, "source": []} })
}

/// Returns a case of a variant.
fn case(name: &str, value: Value) -> Value {
    json!({ "$case": name, "value": value })
}

fn wide(number: impl ToString) -> Value {
    json!({ "$wide": number.to_string() })
}

/// The source of a plugin in this workspace.
fn crate_dir(guest: &str) -> PathBuf {
    let root = Path::new(WORKSPACE);
    let example = root.join("examples").join(guest);
    match example.is_dir() {
        true => example,
        false => root.join("tests/guests").join(guest),
    }
}

/// Builds a component with the tool, into a folder of its own.
fn built(guest: &str, features: &[&str]) -> Folder {
    let folder = Folder::new();
    let manifest = crate_dir(guest).join("Cargo.toml");
    let mut words = vec![
        "build",
        "--host",
        "component",
        "--profile",
        "guest",
        "-o",
        ".",
    ];
    words.extend(["--manifest-path", manifest.to_str().unwrap()]);
    for feature in features {
        words.extend(["--features", feature]);
    }
    folder.run(&words).good();
    folder
}

fn component(folder: &Folder, guest: &str) -> PathBuf {
    folder
        .path()
        .join("component")
        .join(format!("{guest}.wasm"))
}

/// An engine in another language.
struct Engine {
    name: &'static str,
    program: fn() -> Option<Command>,
}

const ENGINES: [Engine; 2] = [
    Engine {
        name: "wasmtime",
        program: wasmtime,
    },
    Engine {
        name: "jco",
        program: jco,
    },
];

fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/component")
        .join(name)
}

/// Returns a file that `cargo xtask setup` installs, if it exists.
fn installed(variable: &str, place: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let path = named.unwrap_or_else(|| target_dir().join(place));
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "not run: there is no {} (`cargo xtask setup` installs it)",
        path.display()
    );
    None
}

fn wasmtime() -> Option<Command> {
    let place = match cfg!(windows) {
        true => "python/Scripts/python.exe",
        false => "python/bin/python3",
    };
    let mut command = Command::new(installed("PLUGIN_SDK_PYTHON", place)?);
    command.arg(program("host.py"));
    Some(command)
}

fn jco() -> Option<Command> {
    let place = "node/node_modules/@bytecodealliance/jco-transpile/dist/index.js";
    let jco = installed("PLUGIN_SDK_JCO", place)?;
    let mut command = Command::new("node");
    command.arg(program("host.mjs")).env("PLUGIN_SDK_JCO", jco);
    Some(command)
}

/// Makes calls of a component, and returns the outcome of each; `None` without the engine.
fn run(engine: &Engine, wasm: &Path, calls: &Value) -> Option<Vec<Value>> {
    let mut command = (engine.program)()?;
    let folder = Folder::new().with("calls.json", calls.to_string());
    let output = command
        .arg(wasm)
        .arg(folder.path().join("calls.json"))
        .arg(folder.path().join("transpiled"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {text}{errors}", engine.name);
    Some(text.lines().map(parsed).collect())
}

/// Makes calls of a component in every engine, and compares the outcomes.
fn check(wasm: &Path, calls: &[Call]) {
    let list: Vec<Value> = calls
        .iter()
        .map(|call| json!([call.function, call.parameters]))
        .collect();
    let list = json!(list);
    for engine in &ENGINES {
        let Some(outcomes) = run(engine, wasm, &list) else {
            continue;
        };
        assert_eq!(outcomes.len(), calls.len(), "{}", engine.name);
        for (call, outcome) in calls.iter().zip(outcomes) {
            let at = format!("{}: {} {}", engine.name, call.function, call.parameters);
            assert_eq!(outcome, call.outcome, "{at}");
        }
    }
}

/// Makes the same calls of a module.
fn check_native(guest: &str, calls: &[Call]) {
    let source = Source::crate_dir(crate_dir(guest)).profile("guest");
    let mut plugin = Plugin::builder(source).grant_all().start().build().unwrap();
    for call in calls {
        let Some((arguments, expected)) = &call.native else {
            continue;
        };
        let outcome: Value = match plugin.call(call.command, arguments) {
            Ok(result) => result,
            Err(failure) => {
                let refused = failure.plugin_error().unwrap();
                error(refused.code(), refused.message())
            }
        };
        assert_eq!(outcome, *expected, "{} {arguments}", call.command);
    }
}

/// The component of the guest with every form of a type.
fn forms() -> &'static Path {
    static BUILT: OnceLock<(Folder, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let folder = built("components", &[]);
        let path = component(&folder, "components");
        (folder, path)
    });
    path
}

fn calls_of_forms() -> Vec<Call> {
    let integers = |numbers: [&str; 9]| {
        let names = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "u128"];
        let mut native = String::new();
        let mut typed = json!({});
        for (name, number) in names.iter().zip(numbers) {
            native.push_str(&format!(
                "{}{name:?}:{number}",
                if native.is_empty() { "{" } else { "," }
            ));
            typed[name] = match *name {
                "u64" | "i64" => wide(number),
                "u128" => json!(number),
                _ => number.parse::<i64>().unwrap().into(),
            };
        }
        native.push('}');
        echo("integers", parsed(&native), typed)
    };
    let unions = json!({
        "outside": [
            "Nothing", {"Number": -0.5}, {"Pair": ["é", 7]},
            {"Members": {"wide": i64::MIN, "colour": "DARK_RED"}},
        ],
        "inside": [
            {"type": "empty"}, {"type": "circle", "radius": 1e300},
            {"type": "two_words", "words": ["", "\n"]},
        ],
        "beside": [
            {"t": "Unit"}, {"t": "Many", "c": [1, 2]}, {"t": "Maybe", "c": null},
            {"t": "Maybe", "c": "x"},
        ],
        "untagged": [5, "five", {"x": -1, "y": 2}],
    });
    let typed_unions = json!({
        "outside": [
            case("nothing", json!(null)), case("number", json!(-0.5)),
            case("pair", json!(["é", 7])),
            case("members", json!({"wide": wide(i64::MIN), "colour": "dark-red"})),
        ],
        "inside": [
            case("empty", json!(null)), case("circle", json!({"radius": 1e300})),
            case("two-words", json!({"words": ["", "\n"]})),
        ],
        "beside": [
            case("unit", json!(null)), case("many", json!({"$u32": [1, 2]})),
            case("maybe", json!(null)), case("maybe", json!("x")),
        ],
        "untagged": [
            case("integer", json!(5)), case("text", json!("five")),
            case("object", json!({"x": -1, "y": 2})),
        ],
    });
    let tree = json!({"name": "a", "children": [{"name": "b", "children": []}]});
    let tree_text = tree.to_string();
    let anything = json!([null, {"a": 1.5, "b": [true]}]);
    vec![
        integers(["0", "0", "0", "0", "0", "0", "0", "0", "0"]),
        integers([
            "255",
            "-128",
            "65535",
            "-32768",
            "4294967295",
            "-2147483648",
            "18446744073709551615",
            "-9223372036854775808",
            "340282366920938463463374607431768211455",
        ]),
        echo(
            "optional",
            json!({"nullable": "text", "absent": 7, "count": 3, "list": [true, null, false]}),
            json!({"nullable": "text", "absent": wide(7), "count": 3, "list": [true, null, false]}),
        ),
        call(
            "optional",
            (
                json!({"value": {"nullable": null}}),
                json!({"nullable": null, "count": 0, "list": []}),
            ),
            json!([{"nullable": null, "absent": null, "count": null, "list": null}]),
            ok(json!({"nullable": null, "absent": null, "count": 0, "list": []})),
        ),
        echo("unions", unions, typed_unions),
        call(
            "flat",
            (
                json!({"outside": {"Number": 0.1}, "beside": {"t": "Many", "c": [1]}, "untagged": "x"}),
                json!({
                    "outside": [{"Number": 0.1}], "inside": [],
                    "beside": [{"t": "Many", "c": [1]}], "untagged": ["x"],
                }),
            ),
            json!([
                case("number", json!(0.1)),
                case("many", json!({"$u32": [1]})),
                case("text", json!("x")),
            ]),
            ok(json!({
                "outside": [case("number", json!(0.1))], "inside": [],
                "beside": [case("many", json!({"$u32": [1]}))],
                "untagged": [case("text", json!("x"))],
            })),
        ),
        call(
            "maps",
            (
                json!({"numbers": {"": 0, "é\"": u64::MAX}, "records": {"a": ["GREEN", "DARK_RED"]}}),
                json!([{"": 0, "é\"": u64::MAX}, {"a": ["GREEN", "DARK_RED"]}]),
            ),
            json!([
                [["", wide(0)], ["é\"", wide(u64::MAX)]],
                [["a", ["green", "dark-red"]]]
            ]),
            ok(json!([
                [["", wide(0)], ["é\"", wide(u64::MAX)]],
                [["a", ["green", "dark-red"]]]
            ])),
        ),
        echo("tree", tree, json!(tree_text)),
        echo("anything", anything.clone(), json!(anything.to_string())),
        call(
            "record",
            (
                json!({"list": {"list": true, "string": false, "someField": true, "some-field": false, "1st": true}}),
                json!({"list": true, "string": false, "someField": true, "some-field": false, "1st": true}),
            ),
            json!([{"list": true, "string": false, "some-field": true, "some-field-n2": false, "n1st": true}]),
            ok(
                json!({"list": true, "string": false, "some-field": true, "some-field-n2": false, "n1st": true}),
            ),
        ),
        call(
            "many",
            (
                json!({"a": "1", "b": "2", "c": "3", "d": 4, "e": u64::MAX, "f": ["é", ""], "g": 0.5, "h": true, "i": [-1, -2], "j": -3}),
                json!(
                    r#"1 2 Some("3") 4 18446744073709551615 ["é", ""] 0.5 true (-1, -2) Some(-3)"#
                ),
            ),
            json!([
                "1",
                "2",
                "3",
                4,
                wide(u64::MAX),
                ["é", ""],
                0.5,
                true,
                [-1, -2],
                -3
            ]),
            ok(json!(
                r#"1 2 Some("3") 4 18446744073709551615 ["é", ""] 0.5 true (-1, -2) Some(-3)"#
            )),
        ),
        call(
            "add",
            (json!({}), json!(3)),
            json!([null, null]),
            ok(wide(3)),
        ),
        call(
            "add",
            (
                json!({"a": u64::MAX, "b": 1}),
                error("too_much", "18446744073709551615 is too much: é 😀"),
            ),
            json!([wide(u64::MAX), wide(1)]),
            err("too_much", "18446744073709551615 is too much: é 😀"),
        ),
        call(
            "colour",
            (json!({}), json!("GREEN")),
            json!([]),
            ok(json!("green")),
        ),
        Call {
            command: "init",
            native: Some((json!({}), json!(true))),
            function: "init-command",
            parameters: json!([]),
            outcome: ok(json!(true)),
        },
        only(
            "fail",
            json!(["worst"]),
            json!({"err": {
                "code": "worst", "message": "the message", "details": r#"{"at":[1,2]}"#,
                "source": ["the cause"],
            }}),
        ),
        only(
            "echo",
            json!([{"$u8": [0, 255, 1]}]),
            ok(json!({"$u8": [0, 255, 1]})),
        ),
        only("echo", json!([{"$u8": []}]), ok(json!({"$u8": []}))),
        only("trim", json!([" é\n"]), ok(json!("é"))),
        only(
            "halve",
            json!([{"$f32": [1, -3, 0.25]}]),
            ok(json!({"$f32": [0.5, -1.5, 0.125]})),
        ),
        only(
            "sum",
            json!([{"$s16": [-32768, -1, 7]}]),
            ok(json!({"$s64": ["-32762"]})),
        ),
        only(
            "count",
            json!([]),
            ok(json!({"$u64": ["0", "18446744073709551615"]})),
        ),
        only(
            "refuse",
            json!([{"$u8": [1, 2]}]),
            err("refused", "2 bytes"),
        ),
        only(
            "double",
            json!([{"$u8": [3, 0, 0, 0, 1, 0, 2, 0, 255, 1]}]),
            ok(json!({"$u8": [3, 0, 0, 0, 2, 0, 4, 0, 254, 3]})),
        ),
    ]
}

#[test]
fn components_return_what_modules_return() {
    let calls = calls_of_forms();
    check_native("components", &calls);
    check(forms(), &calls);
}

#[test]
fn hooks_of_a_component_make_start_and_end_the_plugin() {
    check(
        forms(),
        &[
            // Without `init`, the plugin begins with its defaults.
            only("configured", json!([]), ok(json!(["default", []]))),
            only(
                "init",
                json!([{"greeting": "Hi", "refuse": null}]),
                ok(json!(null)),
            ),
            only("start", json!([]), ok(json!(null))),
            only(
                "event",
                json!(["user.created", r#"{"id":1}"#]),
                ok(json!(null)),
            ),
            only("event", json!(["other", "null"]), ok(json!(null))),
            only(
                "configured",
                json!([]),
                ok(json!(["Hi", ["start", r#"user.created {"id":1}"#]])),
            ),
            only(
                "stop",
                json!([]),
                err("goes_on", "the plugin does not stop"),
            ),
            only(
                "init",
                json!([{"greeting": null, "refuse": "no"}]),
                err("refused", "no"),
            ),
            only("cleanup", json!([]), ok(json!(null))),
            only("configured", json!([]), ok(json!(["default", []]))),
        ],
    );
}

#[test]
fn arguments_that_json_cannot_express_are_errors() {
    let refused = |outcome: &Value, path: &str| {
        let error = &outcome["err"];
        assert_eq!(error["code"], "invalid_argument", "{outcome}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(path), "{message}");
    };
    for engine in &ENGINES {
        let calls = json!([
            ["anything", ["{"]],
            ["anything", ["1,\"b\":2"]],
            ["event", ["user.x", "nope"]],
            ["integers", [{
                "u8": 0, "i8": 0, "u16": 0, "i16": 0, "u32": 0, "i32": 0, "u64": wide(0),
                "i64": wide(0), "u128": "\"text\"",
            }]],
            ["add", [null, null]],
        ]);
        let Some(outcomes) = run(engine, forms(), &calls) else {
            continue;
        };
        for (outcome, path) in outcomes.iter().zip(["value", "value", "data", "u128"]) {
            refused(outcome, path);
        }
        assert_eq!(outcomes[4], ok(wide(3)), "the plugin goes on");
    }
}

#[test]
fn a_panic_is_logged_and_traps() {
    for engine in &ENGINES {
        let calls = json!([
            ["note", ["careful"]],
            ["panic", ["oh no"]],
            ["$lines", []],
            ["colour", []],
            ["$restart", []],
            ["colour", []],
        ]);
        let Some(outcomes) = run(engine, forms(), &calls) else {
            continue;
        };
        assert!(outcomes[1]["trap"].is_string(), "{}", outcomes[1]);
        let lines = outcomes[2]["ok"].as_array().unwrap();
        assert_eq!(lines[0], "warn components: careful");
        let panicked = lines[1].as_str().unwrap();
        assert!(
            panicked.starts_with("error panic: panicked at "),
            "{panicked}"
        );
        assert!(
            panicked.contains("src/lib.rs:") && panicked.ends_with(": oh no"),
            "{panicked}"
        );
        assert_eq!(outcomes[5], ok(json!("green")));
    }
}

/// One call of each function of the services.
#[test]
fn services_are_imports_with_types() {
    let calls = json!([
        case("kv-get", json!("a")),
        case("kv-set", json!(["a", r#"{"x":[1]}"#])),
        case("kv-set", json!(["ab", "1"])),
        case("kv-get", json!("a")),
        case("kv-list", json!("a")),
        case("kv-delete", json!("a")),
        case("kv-delete", json!("a")),
        case("http", json!(["PUT", "http://h/", "body"])),
        case("http-within", json!(["http://h/", wide(250)])),
        case("emit", json!(["t.x", "[1]"])),
        case("subscribe", json!("p")),
        case("unsubscribe", json!("p")),
        case("read", json!("data/f")),
        case("write", json!(["data/f", "x"])),
        case("remove", json!("data/f")),
        case("list", json!("data")),
        case("chat", json!("Hello")),
        case("config", json!("key")),
        case("config", json!("other")),
        case("log", json!("a line")),
        case("now", json!(null)),
        case("monotonic", json!(null)),
        case("random", json!(null)),
    ]);
    let refused = case(
        "err",
        json!({
            "code": "permission_denied", "message": "not granted", "details": r#"{"a":1}"#,
            "source": null,
        }),
    );
    let results = [
        "null",
        "null",
        "null",
        r#"{"x":[1]}"#,
        r#"["a","ab"]"#,
        "true",
        "false",
        r#"[200,"PUT http://h/ None body"]"#,
        r#"[200,"GET http://h/ 250 "]"#,
        "null",
        "",
        "null",
        r#""contents of data/f""#,
        "null",
        "",
        r#"["a","b"]"#,
        r#""user:Hello""#,
        r#""set""#,
        "null",
        "null",
        "1152921504606846977",
        "7",
        "506097522914230528",
    ];
    let results = results.map(|result| match result {
        "" => refused.clone(),
        result => case("ok", json!(result)),
    });
    let folder = built("services", &[]);
    check(
        &component(&folder, "services"),
        &[
            only("run", json!([calls]), ok(json!(results))),
            only(
                "$lines",
                json!([]),
                ok(json!(["emit t.x [1]", "info services: a line"])),
            ),
            only("event", json!(["any.topic", "1"]), ok(json!(null))),
            only("heard", json!([]), ok(json!(["any.topic"]))),
            only(
                "$lines",
                json!([]),
                ok(json!([r#"emit heard "any.topic""#])),
            ),
        ],
    );
}

#[test]
fn every_example_is_a_component() {
    let block = json!({
        "sample_rate": 44100, "channels": 2, "frames": 1, "data": [[0.5], [-0.5]],
    });
    let typed_block = json!({
        "sample-rate": 44100, "channels": 2, "frames": 1,
        "data": [{"$f64": [0.5]}, {"$f64": [-0.5]}],
    });
    let stats = json!({
        "lines": 1, "words": 3, "characters": 7, "frequent": [{"word": "b", "count": 2}],
    });
    let typed_stats = json!({
        "lines": wide(1), "words": wide(3), "characters": wide(7),
        "frequent": [{"word": "b", "count": wide(2)}],
    });
    let examples: [(&str, Vec<Call>); 5] = [
        (
            "greeter",
            vec![
                call(
                    "greet",
                    (
                        json!({"name": "Ada"}),
                        json!({"message": "Hello, Ada!", "greeted": 1}),
                    ),
                    json!(["Ada", null]),
                    ok(json!({"message": "Hello, Ada!", "greeted": wide(1)})),
                ),
                call(
                    "greet",
                    (
                        json!({"name": ""}),
                        error("name_empty", "a name is needed to greet somebody"),
                    ),
                    json!(["", 2]),
                    err("name_empty", "a name is needed to greet somebody"),
                ),
                call("greeted", (json!({}), json!(1)), json!([]), ok(wide(1))),
                only(
                    "init",
                    json!([{"greeting": "Hi", "limit": wide(0)}]),
                    ok(json!(null)),
                ),
                only(
                    "greet",
                    json!(["Ada", 1]),
                    err(
                        "limit_reached",
                        "0 people have been greeted, which is enough",
                    ),
                ),
            ],
        ),
        (
            "guest-book",
            vec![
                call("last", (json!({}), json!(null)), json!([]), ok(json!(null))),
                call(
                    "greet",
                    (json!({"name": "Ada"}), json!("Hello, Ada!")),
                    json!(["Ada"]),
                    ok(json!("Hello, Ada!")),
                ),
                call(
                    "last",
                    (json!({}), json!("Ada")),
                    json!([]),
                    ok(json!("Ada")),
                ),
                only(
                    "$lines",
                    json!([]),
                    ok(json!(["info guest_book: greeting Ada"])),
                ),
            ],
        ),
        (
            "text-stats",
            vec![
                call(
                    "stats",
                    (json!({"text": "B, ä: b", "top": 1}), stats),
                    json!(["B, ä: b", 1, null]),
                    ok(typed_stats),
                ),
                only(
                    "count",
                    json!(["a b"]),
                    ok(json!({"$u64": ["1", "2", "3"]})),
                ),
            ],
        ),
        (
            "audio-filter",
            vec![
                only("start", json!([]), ok(json!(null))),
                only(
                    "process-audio",
                    json!([{"$f32": [0, 0]}]),
                    ok(json!({"$f32": [0, 0]})),
                ),
                Call {
                    command: "set_enabled",
                    native: Some((json!({"enabled": false}), json!(null))),
                    function: "set-enabled",
                    parameters: json!([false]),
                    outcome: ok(json!(null)),
                },
                only(
                    "process-audio",
                    json!([{"$f32": [0.5, -0.5]}]),
                    ok(json!({"$f32": [0.5, -0.5]})),
                ),
                Call {
                    command: "process_audio_json",
                    native: Some((block.clone(), block)),
                    function: "process-audio-json",
                    parameters: json!([[{"$f64": [0.5]}, {"$f64": [-0.5]}], 44100, 2, 1]),
                    outcome: ok(typed_block),
                },
                only("stop", json!([]), ok(json!(null))),
            ],
        ),
        (
            "rag",
            vec![
                only("list-dir", json!(["data"]), ok(json!(["a", "b"]))),
                only(
                    "read-file",
                    json!(["data/a", 3, null]),
                    ok(json!("tents of data/a")),
                ),
                only(
                    "index",
                    json!(["data"]),
                    ok(json!({
                        "files": 1, "passages": 1,
                        "skipped": [{"path": "data/b", "reason": "too_large"}],
                    })),
                ),
            ],
        ),
    ];
    for (example, calls) in examples {
        check_native(example, &calls);
        let folder = built(example, &[]);
        check(&component(&folder, example), &calls);
    }
}

/// A leak of a few bytes per call would make the memory grow.
#[test]
fn a_million_calls_leak_nothing() {
    let jco = &ENGINES[1];
    let many = json!([
        "1",
        "2",
        "3",
        4,
        wide(5),
        ["é", ""],
        0.5,
        true,
        [-1, -2],
        -3
    ]);
    let rounds = |most: u32, others: u32| {
        json!([
            ["$repeat", [most, "length", ["some text"]]],
            ["$repeat", [others, "many", many]],
            ["$repeat", [others, "fail", ["failed"]]],
            ["$repeat", [others, "echo", [{"$u8": [1, 2, 3]}]]],
            ["$memory", []],
        ])
    };
    let mut calls = rounds(100, 100).as_array().unwrap().clone();
    calls.extend(rounds(910_000, 30_000).as_array().unwrap().clone());
    if let Some(outcomes) = run(jco, forms(), &json!(calls)) {
        assert_eq!(outcomes[4], outcomes[9]);
        assert!(outcomes[4]["ok"].as_u64() > Some(0));
    }
}

#[test]
fn a_component_describes_itself() {
    let folder = built("greeter", &[]);
    let information = folder
        .run(&["info", "component/greeter.wasm", "--json"])
        .good();
    let information = parsed(&information);
    assert_eq!(information["id"], "greeter");
    assert_eq!(information["module"]["host"], "component");
    assert_eq!(information["module"]["imports"], json!([]));
    assert_eq!(information["module"]["hooks"], json!([]));
    let bytes = folder.read("component/greeter.wasm").len();
    assert_eq!(information["module"]["bytes"], bytes);
    let schema = folder
        .run(&["info", "component/greeter.wasm", "--schema", "greet"])
        .good();
    assert_eq!(parsed(&schema)["required"], json!(["name"]));
    let wit = String::from_utf8(folder.read("component/greeter.wit")).unwrap();
    insta::assert_snapshot!("component-greeter", wit);
}

#[test]
fn a_plugin_with_imports_of_its_own_cannot_become_a_component() {
    let source = "
use plugin_sdk::prelude::*;

#[host_functions(module = \"my_plugin\")]
pub trait Text {
    fn double(number: u32) -> u32;
}

#[plugin]
#[derive(Default)]
pub struct Importing;

#[plugin]
impl Importing {
    #[command]
    pub fn twice(number: u32) -> u32 {
        text::double(number)
    }
}
";
    let features = "[features]\nhost-component = [\"plugin-sdk/host-component\"]\n\n[lib]";
    let manifest = manifest("importing").replace("[lib]", features);
    let project = Project::new(&[("Cargo.toml", &manifest), ("src/lib.rs", source)]);
    let output = project
        .run(&["build", "--host", "component"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    for words in [
        "error: the module cannot become a component",
        "it imports functions of the module `my_plugin`",
        "a component has the services of plugin-sdk only",
    ] {
        assert!(said.contains(words), "{said}");
    }
}
