//! Messages for values that do not match, and the cost of hostile schemas.

use serde_json::{Value, json};

use super::*;

/// Returns a plugin whose command `do` takes this.
fn manifest(arguments: Value, definitions: Value) -> Manifest {
    let commands = json!([{"name": "do", "arguments": arguments, "result": true}]);
    serde_json::from_value(json!({"abi": 1, "commands": commands, "$defs": definitions})).unwrap()
}

fn arguments(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn problems(manifest: &Manifest, value: Value) -> Vec<Problem> {
    manifest.check("do", &value).err().unwrap_or_default()
}

/// Returns the messages about the argument `a`.
#[track_caller]
fn messages(schema: Value, definitions: Value, value: Value) -> Vec<String> {
    let manifest = manifest(arguments(json!({"a": schema})), definitions);
    let problems = problems(&manifest, json!({"a": value}));
    problems.iter().map(Problem::to_string).collect()
}

#[test]
fn all_problems_are_reported_with_the_plugins_own_codes() {
    let item = json!({"type": "object", "properties": {"price": {"type": "number", "minimum": 0}}, "required": ["price"]});
    let manifest = manifest(
        arguments(
            json!({"items": {"type": "array", "items": item}, "note~/": {"type": "string"}, "day": {"type": "string"}}),
        ),
        json!({}),
    );
    let value = json!({"items": [{"price": 1}, {}, {"price": -1}], "note~/": 7, "extra": [true]});
    let problems = problems(&manifest, value);
    let messages: Vec<_> = problems
        .iter()
        .map(|problem| {
            (
                problem.code,
                &*problem.path,
                &*problem.pointer,
                &*problem.message,
            )
        })
        .collect();
    assert_eq!(
        messages,
        [
            (
                "missing_argument",
                "day",
                "/day",
                "the argument `day` is missing"
            ),
            (
                "invalid_argument",
                "items[1]",
                "/items/1",
                "`items[1]`: the member `price` is missing"
            ),
            (
                "invalid_argument",
                "items[2].price",
                "/items/2/price",
                "`items[2].price`: expected a number of at least 0, found -1"
            ),
            (
                "invalid_argument",
                "note~/",
                "/note~0~1",
                "`note~/`: expected a string, found 7"
            ),
            (
                "unknown_argument",
                "extra",
                "/extra",
                "there is no argument `extra`, only `items`, `note~/`, `day`"
            ),
        ]
    );
    let error = error(&problems);
    assert_eq!(error.code(), "missing_argument");
    assert_eq!(
        error.message(),
        "the argument `day` is missing (and 4 more)"
    );
    let details = error.details().unwrap();
    assert_eq!(details["argument"], "day");
    assert_eq!(details["problems"][2]["found"], "-1");
    assert_eq!(
        Value::from(problems[4].details()),
        json!({"argument": "extra", "expected": ["items", "note~/", "day"], "pointer": "/extra"})
    );
}

#[test]
fn arguments_other_than_an_object_are_refused_unless_one_type() {
    let named = manifest(arguments(json!({"a": true})), json!({}));
    assert_eq!(problems(&named, json!([1]))[0].code, "invalid_json");
    let flattened = manifest(
        json!({"$ref": "#/$defs/Order"}),
        json!({"Order": {"type": "object", "properties": {"a": true}, "required": ["a"]}}),
    );
    let problems = problems(&flattened, json!({}));
    assert_eq!(problems[0].code, "invalid_argument");
    assert_eq!(
        problems[0].to_string(),
        "the arguments: the member `a` is missing"
    );
    assert_eq!(
        flattened.check("else", &json!(7)),
        Ok(()),
        "a command that is not described"
    );
}

#[test]
fn the_alternative_that_a_value_resembles_is_explained() {
    let definitions = json!({
        "Point": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
        "Shape": {"oneOf": [
            {"type": "object", "properties": {"Circle": {"type": "object", "properties": {"radius": {"type": "number"}}, "required": ["radius"]}}, "required": ["Circle"], "additionalProperties": false},
            {"type": "object", "properties": {"Square": {"type": "number"}}, "required": ["Square"], "additionalProperties": false},
            {"const": "Nothing"},
        ]},
        "Odd/<name>": {"properties": {"b/~": {"type": "null"}}},
        "Flat": {
            "type": "object",
            "properties": {"y": true},
            "anyOf": [{"properties": {"x": true}, "required": ["x"]}, {"properties": {"w": true}, "required": ["w"]}],
            "unevaluatedProperties": false,
        },
        "Tagged": {"oneOf": [
            {"type": "object", "properties": {"kind": {"const": "add"}, "to": {"type": "integer"}}, "required": ["kind", "to"]},
            {"type": "object", "properties": {"kind": {"const": "stop"}}, "required": ["kind"]},
        ]},
    });
    for (schema, value, expected) in [
        (
            json!({"anyOf": [{"$ref": "#/$defs/Point"}, {"type": "null"}]}),
            json!({"x": 0.5}),
            "`a.x`: expected an integer, found 0.5",
        ),
        (
            json!({"anyOf": [{"$ref": "#/$defs/Point"}, {"type": "null"}]}),
            json!("far"),
            "`a`: expected an object or null, found \"far\"",
        ),
        (
            json!({"$ref": "#/$defs/Shape"}),
            json!({"Circle": {}}),
            "`a.Circle`: the member `radius` is missing",
        ),
        (
            json!({"$ref": "#/$defs/Shape"}),
            json!({"Square": "big"}),
            "`a.Square`: expected a number, found \"big\"",
        ),
        (
            json!({"$ref": "#/$defs/Shape"}),
            json!("None"),
            "`a`: expected an object or `\"Nothing\"`, found \"None\"",
        ),
        (
            json!({"$ref": "#/$defs/Tagged"}),
            json!({"kind": "add"}),
            "`a`: the member `to` is missing",
        ),
        (
            json!({"$ref": "#/$defs/Tagged"}),
            json!({"kind": "go"}),
            "`a`: expected an object, found {\"kind\":\"go\"}",
        ),
        (
            json!({"$ref": "#/$defs/Odd~1%3Cname%3E"}),
            json!({"b/~": 1}),
            "`a.b/~`: expected null, found 1",
        ),
        (
            json!({"$ref": "#/$defs/Flat"}),
            json!({"x": 1, "y": 2, "z": 3}),
            "`a`: there is no member `z`",
        ),
        (
            json!({"oneOf": [{"type": "integer"}, {"minimum": 0}]}),
            json!(1),
            "`a`: expected an integer or a value of at least 0, found 1",
        ),
    ] {
        assert_eq!(messages(schema, definitions.clone(), value), [expected]);
    }
}

#[test]
fn problems_are_found_in_every_kind_of_inner_schema() {
    let text = || json!({"type": "string"});
    for (schema, value, expected) in [
        (
            json!({"prefixItems": [true, text()], "items": text()}),
            json!([1, 2, "x", 3]),
            &[
                "`a[3]`: expected a string, found 3",
                "`a[1]`: expected a string, found 2",
            ][..],
        ),
        (
            json!({"additionalProperties": text()}),
            json!({"b c": 1}),
            &["`a.b c`: expected a string, found 1"],
        ),
        (
            json!({"type": "object", "properties": {"b": true}, "additionalProperties": false}),
            json!({"c": 1}),
            &["`a`: there is no member `c`, only `b`"],
        ),
        (
            json!({"additionalProperties": false}),
            json!({"c": 1, "d": 2}),
            &[
                "`a`: there is no member `c`, and none is allowed",
                "`a`: there is no member `d`, and none is allowed",
            ],
        ),
        (
            json!({"allOf": [{"required": ["b"]}, {"required": ["c"]}]}),
            json!({}),
            &[
                "`a`: the member `b` is missing",
                "`a`: the member `c` is missing",
            ],
        ),
        (
            json!({"patternProperties": {"^x": text()}, "additionalProperties": false}),
            json!({"x1": 7, "y": 1, "x2": ""}),
            &[
                "`a.x1`: expected a string, found 7",
                "`a`: there is no member `y`, only names that match `^x`",
            ],
        ),
        (
            json!({"type": "array", "uniqueItems": true, "minItems": 2}),
            json!([1, 1]),
            &["`a`: expected an array of at least 2 elements without duplicates, found [1,1]"],
        ),
        (
            json!({"type": "string", "maxLength": 2}),
            json!("Ödön"),
            &["`a`: expected a string of at most 2 characters, found \"Ödön\""],
        ),
        (
            json!({"type": "string", "pattern": "^[a-z]+$"}),
            json!("A"),
            &["`a`: expected a string that matches `^[a-z]+$`, found \"A\""],
        ),
        (
            json!({"type": "string", "format": "date-time"}),
            json!("today"),
            &["`a`: expected a string in the format `date-time`, found \"today\""],
        ),
        (
            json!({"type": "integer", "maximum": u64::MAX}),
            json!(-0.5),
            &["`a`: expected an integer of at most 18446744073709551615, found -0.5"],
        ),
        (
            json!({"not": {"type": "null"}}),
            json!(null),
            &["`a`: expected something else, found null"],
        ),
        (json!(false), json!(1), &["`a`: expected nothing, found 1"]),
        (
            json!({"if": {"type": "integer"}, "then": {"minimum": 5}}),
            json!(1),
            &["`a`: expected a value of at least 5, found 1"],
        ),
    ] {
        assert_eq!(messages(schema, json!({}), value), expected);
    }
    assert!(
        messages(
            json!({"type": "string", "format": "of-tomorrow"}),
            json!({}),
            json!("x")
        )
        .is_empty()
    );
}

#[test]
fn shown_values_are_bounded_and_have_no_escapes() {
    let long = "\u{1b}[2J".repeat(10_000);
    let list: Vec<&str> = vec![&long; 100];
    let manifest = manifest(
        arguments(json!({"a": {"items": {"type": "null"}}})),
        json!({}),
    );
    let problems = problems(&manifest, json!({"a": list, long.clone(): 1}));
    assert_eq!(problems.len(), MAX_PROBLEMS);
    let shown = format!("{:?}", error(&problems));
    assert!(
        !shown.contains('\u{1b}') && shown.len() < 20_000,
        "{}",
        shown.len()
    );
}

#[test]
fn only_the_first_problem_of_a_very_large_value_is_reported() {
    let items = || json!({"items": {"type": "string"}});
    assert_eq!(
        messages(items(), json!({}), json!(vec![0; 1_000])).len(),
        16
    );
    let messages = messages(items(), json!({}), json!(vec![0; 1_000_000]));
    assert_eq!(messages, ["`a[0]`: expected a string, found 0"]);
}

#[test]
fn a_recursive_type_is_checked_to_the_depth_of_the_value() {
    let tree = json!({"Tree": {"anyOf": [
        {"type": "null"},
        {"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}, "right": {"$ref": "#/$defs/Tree"}}, "required": ["left", "right"], "additionalProperties": false},
    ]}});
    let nested =
        |leaf: Value| (0..120).fold(leaf, |value, _| json!({"left": null, "right": value}));
    let schema = || json!({"$ref": "#/$defs/Tree"});
    assert!(messages(schema(), tree.clone(), nested(json!(null))).is_empty());
    let [message] = &messages(schema(), tree, nested(json!(7)))[..] else {
        panic!()
    };
    assert!(message.starts_with("`a.right.right.right."), "{message}");
    assert!(
        message.ends_with(".right.right`: expected null or an object, found 7"),
        "{message}"
    );
}

/// The worst case of an honest plugin: alternatives that apply at every level of a value.
#[test]
fn a_deep_value_without_a_matching_alternative_fails_soon() {
    let operation = |name: &str| json!({"type": "object", "properties": {"left": {"$ref": "#/$defs/E"}, "right": {"$ref": "#/$defs/E"}, "name": {"const": name}}, "required": ["name"]});
    let names = ["add", "sub", "mul", "div", "rem", "and", "or", "xor"];
    let operations: Vec<Value> = names.into_iter().map(operation).collect();
    let nested = (0..40).fold(
        json!("?"),
        |value, _| json!({"left": value, "right": null, "name": "mul"}),
    );
    let messages = messages(
        json!({"$ref": "#/$defs/E"}),
        json!({"E": {"anyOf": [{"type": "null"}, {"oneOf": operations}]}}),
        nested,
    );
    assert_eq!(messages.len(), 1);
}

#[test]
fn an_unusable_schema_is_not_a_fault_of_the_value() {
    let endless = (0..50)
        .map(|number| {
            let next = json!({"$ref": format!("#/$defs/{}", number + 1)});
            (number.to_string(), json!({"anyOf": [next.clone(), next]}))
        })
        .chain([("50".to_owned(), json!(false))]);
    let endless = Value::Object(endless.collect());
    for (schema, definitions, expected) in [
        (
            json!({"$ref": "#/$defs/A"}),
            json!({"A": {"$ref": "#/$defs/A"}}),
            "refers to itself",
        ),
        (json!({"$ref": "#/$defs/0"}), endless, "alternatives"),
        (json!({"pattern": "(?=a)"}), json!({}), "cannot be used"),
        (
            json!({"pattern": "((a{100}){100}){100}"}),
            json!({}),
            "cannot be used",
        ),
        (json!({"type": "strange"}), json!({}), "strange"),
        (
            json!({"$ref": "https://example.com/schema.json"}),
            json!({}),
            "cannot be used",
        ),
        (
            json!({"$ref": "file:///etc/passwd"}),
            json!({}),
            "cannot be used",
        ),
    ] {
        let manifest = manifest(arguments(json!({"a": schema})), definitions);
        let problems = problems(&manifest, json!({"a": "x"}));
        assert_eq!(problems[0].code, "bad_schema");
        assert!(problems[0].message.contains(expected), "{}", problems[0]);
    }
}

/// On the usual stack of a thread; an explanation takes more of it than validation.
#[test]
fn the_deepest_value_with_the_most_alternatives_fits_the_stack() {
    let definition = |number: usize| match number {
        30 => json!({"properties": {"a": {"$ref": "#/$defs/0"}}, "type": "object"}),
        number => json!({"anyOf": [{"$ref": format!("#/$defs/{}", number + 1)}]}),
    };
    let definitions = (0..=30).map(|number| (number.to_string(), definition(number)));
    let definitions = Value::Object(definitions.collect());
    let nested = |depth: usize| (0..depth).fold(json!(7), |value, _| json!({"a": value}));
    let schema = || json!({"$ref": "#/$defs/0"});
    let deepest = (1..100).take_while(|depth| {
        let messages = messages(schema(), definitions.clone(), nested(*depth));
        messages
            .first()
            .is_some_and(|message| message.contains("expected an object, found 7"))
    });
    let deepest = deepest.count();
    assert!((10..99).contains(&deepest), "{deepest}");
    let manifest = manifest(arguments(json!({"a": schema()})), definitions);
    let problems = problems(&manifest, json!({"a": nested(deepest + 1)}));
    assert_eq!(
        problems[0].code, "bad_schema",
        "too deep for the stack, and not taken"
    );
}

#[test]
fn a_pattern_prone_to_backtracking_takes_linear_time() {
    let text = "a".repeat(100_000);
    assert_eq!(
        messages(
            json!({"pattern": "^(a+)+$"}),
            json!({}),
            json!(format!("{text}!"))
        )
        .len(),
        1
    );
    assert!(messages(json!({"pattern": "^(a+)+$"}), json!({}), json!(text)).is_empty());
}

#[test]
fn arguments_of_the_binary_codec_get_their_names() {
    let manifest = Arc::new(manifest(
        arguments(json!({"z": {"type": "number"}, "a": {"type": "string"}})),
        json!({}),
    ));
    let checks = Checks::of(manifest);
    let limits = SchemaLimits::default();
    let code = |result: Result<(), FailureKind>| match result {
        Err(FailureKind::SchemaMismatch { error, problems }) => {
            format!("{} {}", error.code(), problems[0].path)
        }
        Err(FailureKind::BadArguments { reason }) => reason,
        Err(_) => "else".to_owned(),
        Ok(()) => "fits".to_owned(),
    };
    #[derive(Serialize)]
    struct Both {
        z: f32,
        a: &'static str,
    }
    assert_eq!(code(checks.binary("do", &(0.5, "x"), &limits)), "fits");
    assert_eq!(
        code(checks.binary("do", &Both { z: 1.0, a: "x" }, &limits)),
        "fits"
    );
    assert_eq!(
        code(checks.binary("do", &("x", "x"), &limits)),
        "invalid_argument z"
    );
    assert_eq!(
        code(checks.binary("do", &(f64::NAN, "x"), &limits)),
        "invalid_argument z"
    );
    assert_eq!(
        code(checks.binary("do", &(1,), &limits)),
        "missing_argument a"
    );
    assert_eq!(
        code(checks.binary("do", &(), &limits)),
        "missing_argument z"
    );
    assert_eq!(
        code(checks.binary("do", &(1, "x", 2), &limits)),
        "there are 3, and the command takes 2"
    );
    assert_eq!(code(checks.json("do", b"", &limits)), "missing_argument z");
    assert_eq!(code(checks.json("other", b"7", &limits)), "fits");
}

#[test]
fn an_event_must_match_the_schema_of_each_of_its_handlers() {
    let manifest: Manifest = serde_json::from_value(json!({"abi": 1, "handles": [
        {"topic": "user.*", "data": {"type": "object", "required": ["id"]}},
        {"topic": "**"},
    ]}))
    .unwrap();
    let checks = Checks::of(Arc::new(manifest));
    let event = |topic: &str, data: Value| {
        let text = json!({"topic": topic, "data": data}).to_string();
        checks.event(topic, text.as_bytes(), &SchemaLimits::default())
    };
    assert!(event("user.made", json!({"id": 1})).is_ok());
    assert!(event("other.made", json!(7)).is_ok());
    for (data, expected) in [
        (json!({}), "the event's data: the member `id` is missing"),
        (
            json!(null),
            "the event's data: expected an object, found null",
        ),
    ] {
        let Err(FailureKind::SchemaMismatch { error, problems }) = event("user.made", data) else {
            panic!()
        };
        assert_eq!((error.message(), &*problems[0].path), (expected, "data"));
    }
}
