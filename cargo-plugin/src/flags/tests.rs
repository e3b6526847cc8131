use super::*;
use serde_json::json;

/// Returns the arguments that a command line gives for a command with this schema.
fn given(schema: &Value, definitions: &Value, words: &[&str]) -> Result<Option<Value>, String> {
    let flags = Flags::new(Schemas::new(definitions.as_object().unwrap()), Some(schema));
    let mut command = flags.add_to(Command::new("test").no_binary_name(true));
    let usage = flags.usage();
    command = command.override_usage(format!("test{usage}"));
    // clap panics here if two flags clash.
    command.clone().debug_assert();
    let text = |error: clap::Error| error.to_string();
    let matches = command.try_get_matches_from_mut(words).map_err(text)?;
    flags.arguments(&mut command, &matches, None).map_err(text)
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[track_caller]
fn expect(properties: &Value, words: &[&str], expected: Value) {
    let schema = object(properties.clone(), &[]);
    assert_eq!(
        given(&schema, &json!({}), words).unwrap(),
        Some(expected),
        "{words:?}"
    );
}

#[track_caller]
fn refused(properties: &Value, words: &[&str], expected: &str) {
    let schema = object(properties.clone(), &[]);
    let error = given(&schema, &json!({}), words).unwrap_err();
    assert!(error.contains(expected), "{words:?}: {error}");
}

#[test]
fn each_kind_of_value_has_its_own_form() {
    let properties = json!({
        "name": {"type": "string"},
        "times": {"type": "integer", "minimum": -3, "maximum": 255},
        "ratio": {"type": "number"},
        "loud": {"type": "boolean"},
        "maybe": {"type": ["boolean", "null"]},
        "limit": {"type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX},
        "level": {"enum": ["low", "high"]},
        "digit": {"enum": [1, 2, null]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "sizes": {"type": "array", "items": {"type": "integer"}},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "pair": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]},
        "items": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}},
        "either": {"type": ["string", "integer"]},
        "any": true,
    });
    for (words, expected) in [
        (vec!["--name", "Ada"], json!({"name": "Ada"})),
        (vec!["--name=--x"], json!({"name": "--x"})),
        (vec!["--name", "null"], json!({"name": "null"})),
        (vec!["--times", "-3"], json!({"times": -3})),
        (vec!["--ratio", "-0.5"], json!({"ratio": -0.5})),
        (vec!["--ratio", "3"], json!({"ratio": 3})),
        (vec!["--loud"], json!({"loud": true})),
        (vec!["--loud=false"], json!({"loud": false})),
        (vec!["--maybe", "null"], json!({"maybe": null})),
        (vec!["--maybe", "true"], json!({"maybe": true})),
        (
            vec!["--limit", "18446744073709551615"],
            json!({"limit": u64::MAX}),
        ),
        (vec!["--limit", "null"], json!({"limit": null})),
        (vec!["--level", "high"], json!({"level": "high"})),
        (vec!["--digit", "2"], json!({"digit": 2})),
        (vec!["--digit", "null"], json!({"digit": null})),
        (
            vec!["--tags", "a,b", "--tags", "c"],
            json!({"tags": ["a,b", "c"]}),
        ),
        (
            vec!["--sizes", "1,2", "--sizes", "-3"],
            json!({"sizes": [1, 2, -3]}),
        ),
        (
            vec!["--headers", "a=b=c", "--headers", "d="],
            json!({"headers": {"a": "b=c", "d": ""}}),
        ),
        (vec!["--counts", "a=1"], json!({"counts": {"a": 1}})),
        (vec!["--pair", "[1, \"x\"]"], json!({"pair": [1, "x"]})),
        (
            vec!["--items", "{\"sku\":\"a\"}", "--items", "{}"],
            json!({"items": [{"sku": "a"}, {}]}),
        ),
        (vec!["--either", "12"], json!({"either": 12})),
        (vec!["--either", "twelve"], json!({"either": "twelve"})),
        (vec!["--any", "[1]"], json!({"any": [1]})),
        (vec!["--any", "[1"], json!({"any": "[1"})),
        (
            vec!["--args", "{\"name\":\"Ada\",\"times\":1}", "--times", "2"],
            json!({"name": "Ada", "times": 2}),
        ),
        (vec![], json!({})),
    ] {
        expect(&properties, &words, expected);
    }
}

#[test]
fn invalid_values_fail_before_the_call_with_claps_errors() {
    let properties = json!({
        "times": {"type": "integer", "minimum": 0, "maximum": 255},
        "above": {"type": "number", "exclusiveMinimum": 0},
        "level": {"enum": ["low", "high"]},
        "short": {"type": "string", "maxLength": 2},
        "loud": {"type": "boolean"},
        "sizes": {"type": "array", "items": {"type": "integer", "minimum": 1}},
        "pair": {"type": "array", "prefixItems": [true, true]},
        "headers": {"type": "object", "additionalProperties": {"type": "boolean"}},
    });
    for (words, expected) in [
        (
            ["--times", "300"],
            "error: invalid value '300' for '--times <INTEGER>': 300 is not in 0..=255",
        ),
        (["--times", "many"], "invalid digit found in string"),
        (["--above", "0"], "0 is not above 0"),
        (["--above", "NaN"], "JSON has no such number"),
        (["--level", "hihg"], "tip: a similar value exists: 'high'"),
        (["--short", "abc"], "it has 3 characters, and may have 2"),
        (
            ["--loud=yes", "--loud"],
            "invalid value 'yes' for '--loud[=<true|false>]'",
        ),
        (["--sizes", "1,0"], "0 is not in 1.."),
        (["--pair", "1,2"], "it is not JSON"),
        (["--pair", "@no-such-file"], "cannot read no-such-file"),
        (
            ["--headers", "a"],
            "it has no `=` between a key and a value",
        ),
        (["--headers", "a=b"], "it is neither `true` nor `false`"),
        (
            ["--tiems", "2"],
            "tip: a similar argument exists: '--times'",
        ),
    ] {
        refused(&properties, &words, expected);
    }
}

#[test]
fn member_flags_override_the_whole_object() {
    let schema = object(
        json!({"config": {"$ref": "#/$defs/Config"}, "tree": {"$ref": "#/$defs/Tree"}}),
        &["config"],
    );
    let definitions = json!({
        "Config": object(json!({"limit": {"type": "integer"}, "word": {"type": "string"}}), &["limit"]),
        "Tree": object(json!({"leaf": {"type": "integer"}, "left": {"$ref": "#/$defs/Tree"}}), &[]),
    });
    for (words, expected) in [
        (vec!["--config.limit", "3"], json!({"config": {"limit": 3}})),
        (
            vec![
                "--config",
                "{\"limit\":1,\"word\":\"x\"}",
                "--config.limit",
                "3",
            ],
            json!({"config": {"limit": 3, "word": "x"}}),
        ),
        (
            vec![
                "--args",
                "{\"config\":{\"word\":\"x\"}}",
                "--config.limit",
                "3",
            ],
            json!({"config": {"word": "x", "limit": 3}}),
        ),
        (
            vec!["--args", "{\"config\":7}", "--config.limit", "3"],
            json!({"config": {"limit": 3}}),
        ),
        (
            vec!["--config.limit=1", "--tree.leaf", "2"],
            json!({"config": {"limit": 1}, "tree": {"leaf": 2}}),
        ),
        (
            vec!["--config.limit=1", "--tree.left", "{\"left\":{\"leaf\":1}}"],
            json!({"config": {"limit": 1}, "tree": {"left": {"left": {"leaf": 1}}}}),
        ),
    ] {
        assert_eq!(
            given(&schema, &definitions, &words).unwrap(),
            Some(expected),
            "{words:?}"
        );
    }
    for words in [
        vec![],
        vec!["--config.word", "x"],
        vec!["--args", "{\"config\":{}}"],
    ] {
        let error = given(&schema, &definitions, &words).unwrap_err();
        assert!(
            error.contains("the following required arguments were not provided:\n  --config.limit <INTEGER>\n\nUsage: test --config <JSON> [OPTIONS]"),
            "{words:?}: {error}"
        );
    }
}

#[test]
fn missing_arguments_depend_on_the_schema() {
    let none = json!({});
    let all_optional = object(
        json!({"inner": object(json!({"must": true}), &["must"])}),
        &[],
    );
    assert_eq!(given(&all_optional, &none, &[]).unwrap(), Some(json!({})));
    let error = given(&all_optional, &none, &["--args", "{\"inner\":{}}"]).unwrap_err();
    assert!(error.contains("--inner.must <JSON>"), "{error}");

    let whole = object(
        json!({"config": object(json!({"limit": true}), &[])}),
        &["config"],
    );
    assert!(
        given(&whole, &none, &[])
            .unwrap_err()
            .contains("  --config <JSON>\n")
    );
    assert_eq!(
        given(&whole, &none, &["--config", "{}"]).unwrap(),
        Some(json!({"config": {}}))
    );

    let one_of =
        json!({"oneOf": [object(json!({"a": true}), &["a"]), object(json!({"b": true}), &["b"])]});
    assert!(
        given(&one_of, &none, &[])
            .unwrap_err()
            .contains("  --args <JSON>\n")
    );
    assert_eq!(
        given(&one_of, &none, &["--args", "{\"b\":1}"]).unwrap(),
        Some(json!({"b": 1}))
    );
    assert_eq!(given(&json!(true), &none, &[]).unwrap(), None);
    assert_eq!(
        given(&json!(true), &none, &["--args=-3"]).unwrap(),
        Some(json!(-3))
    );
}

#[test]
fn clashing_argument_names_still_have_flags() {
    let properties = json!({
        "help": {"type": "string"},
        "args": {"type": "object", "properties": {"x": {"type": "integer"}}},
        "json": {"type": "boolean"},
        "fuel": {"type": "integer"},
        "a_b": {"type": "integer"},
        "a-b": {"type": "integer"},
        "min_length": {"type": "integer"},
        "-odd": {"type": "integer"},
        "with space": {"type": "integer"},
        "": {"type": "integer"},
        "é": {"type": "integer"},
        "a=b": {"type": "integer"},
        "x.y": {"type": "integer"},
        "x": {"type": "object", "properties": {"y": {"type": "integer"}}},
    });
    for (words, expected) in [
        (vec!["--args.help", "me"], json!({"help": "me"})),
        (
            vec!["--args.args", "{}", "--args.args.x", "1"],
            json!({"args": {"x": 1}}),
        ),
        (
            vec!["--json", "--fuel", "3"],
            json!({"json": true, "fuel": 3}),
        ),
        (
            vec!["--a-b", "1", "--a_b", "2"],
            json!({"a_b": 2, "a-b": 1}),
        ),
        (vec!["--min-length", "1"], json!({"min_length": 1})),
        (vec!["--min_length", "1"], json!({"min_length": 1})),
        (vec!["--args.-odd", "1"], json!({"-odd": 1})),
        (vec!["--x.y", "1"], json!({"x.y": 1})),
        (vec!["--args.x.y", "1"], json!({"x": {"y": 1}})),
        (
            vec!["--args", "{\"with space\":1,\"\":2,\"é\":3,\"a=b\":4}"],
            json!({"with space": 1, "": 2, "é": 3, "a=b": 4}),
        ),
    ] {
        expect(&properties, &words, expected);
    }
}

#[test]
fn endless_schema_has_a_bounded_number_of_flags() {
    let mut properties = Map::new();
    for nth in 0..1000 {
        properties.insert(format!("argument_{nth}"), json!({"type": "string"}));
    }
    let schema = object(Value::Object(properties), &[]);
    let none = Map::new();
    assert_eq!(
        Flags::new(Schemas::new(&none), Some(&schema)).flags.len(),
        MAX_FLAGS
    );
    let args = given(&schema, &json!({}), &["--args", "{\"argument_999\":\"x\"}"]);
    assert_eq!(args.unwrap(), Some(json!({"argument_999": "x"})));
}
