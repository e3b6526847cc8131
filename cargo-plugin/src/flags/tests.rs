use super::*;
use serde_json::json;

/// Returns the arguments that a command line gives for a command with this schema.
fn given(schema: &Value, words: &[&str]) -> Result<Option<Value>, String> {
    let definitions = json!({"Shape": {"oneOf": [{"type": "string"}, {"type": "object"}]}});
    let schemas = Schemas::new(definitions.as_object().unwrap());
    let flags = Flags::new(schemas, Some(schema));
    let mut command = flags.add_to(Command::new("test").no_binary_name(true));
    command = command.override_usage(format!("test{}", flags.usage()));
    // clap panics here if two flags clash.
    command.clone().debug_assert();
    let text = |error: clap::Error| error.to_string();
    let matches = command.try_get_matches_from_mut(words).map_err(text)?;
    flags.arguments(&mut command, &matches, None).map_err(text)
}

const ARGUMENTS: &str = r##"{"type": "object", "required": [], "properties": {
    "name": {"type": "string"},
    "short": {"type": "string", "maxLength": 2},
    "times": {"type": "integer", "minimum": -3, "maximum": 255},
    "whole": {"type": "integer"},
    "ratio": {"type": "number"},
    "above": {"type": "number", "exclusiveMinimum": 0},
    "loud": {"type": "boolean"},
    "maybe": {"type": ["boolean", "null"]},
    "limit": {"type": ["integer", "null"], "minimum": 0, "maximum": 18446744073709551615},
    "level": {"enum": ["low", "high"]},
    "digit": {"enum": [1, 2, null]},
    "point": {"enum": [{"x": 0}, {"x": 1}]},
    "tags": {"type": "array", "items": {"type": "string"}},
    "sizes": {"type": "array", "items": {"type": "integer", "minimum": -3}},
    "levels": {"type": "array", "items": {"enum": ["low", "high"]}},
    "items": {"type": "array", "items": {"type": "object"}},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "pair": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]},
    "limits": {"type": "object", "properties": {"most": {"type": "integer"}}},
    "shape": {"$ref": "#/$defs/Shape"},
    "either": {"type": ["string", "integer"]},
    "any": true,
    "a_b": {"type": "integer"}, "a-b": {"type": "integer"}, "c_d-e": {"type": "integer"}, "c-d_e": {"type": "integer"},
    "min_length": {"type": "integer"}, "x.y": {"type": "integer"}, "_z": {"type": "integer"}, "json": {"type": "boolean"},
    "help": true, "args": true, "-odd": true, "with space": true, "": true, "é": true, "a=b": true
}}"##;

/// Command lines, and the arguments that they give.
const GIVEN: &str = r##"
    → {}
    --name Ada → {"name": "Ada"}
    --name=--x → {"name": "--x"}
    --name null → {"name": "null"}
    --times -3 → {"times": -3}
    --whole +340282366920938463463374607431768211456 → {"whole": 340282366920938463463374607431768211456}
    --whole -99999999999999999999999999999999999999999 → {"whole": -99999999999999999999999999999999999999999}
    --ratio -0.5 --above 3 → {"ratio": -0.5, "above": 3}
    --loud → {"loud": true}
    --loud=false → {"loud": false}
    --maybe null → {"maybe": null}
    --maybe true → {"maybe": true}
    --limit 18446744073709551615 → {"limit": 18446744073709551615}
    --limit null → {"limit": null}
    --level high --digit 2 → {"level": "high", "digit": 2}
    --digit null → {"digit": null}
    --point {"x":1} → {"point": {"x": 1}}
    --tags a,b --tags c → {"tags": ["a,b", "c"]}
    --sizes 1,2 --sizes -3 → {"sizes": [1, 2, -3]}
    --levels low --levels high → {"levels": ["low", "high"]}
    --items [{"sku":"a"},{}] → {"items": [{"sku": "a"}, {}]}
    --labels {"a":"b=c"} → {"labels": {"a": "b=c"}}
    --pair [1,"x"] → {"pair": [1, "x"]}
    --limits {"most":18446744073709551616} → {"limits": {"most": 18446744073709551616}}
    --shape {"circle":{"radius":2}} → {"shape": {"circle": {"radius": 2}}}
    --either 12 → {"either": 12}
    --either twelve → {"either": "twelve"}
    --any [1] → {"any": [1]}
    --any [1 → {"any": "[1"}
    --a-b 1 --a_b 2 → {"a-b": 1, "a_b": 2}
    --c-d-e 1 --c-d_e 2 → {"c_d-e": 1, "c-d_e": 2}
    --min-length 1 → {"min_length": 1}
    --min_length 1 → {"min_length": 1}
    --x.y 1 --_z 2 --json → {"x.y": 1, "_z": 2, "json": true}
    --args {"name":"Ada","times":1} --times 2 → {"name": "Ada", "times": 2}
    --args {"help":1,"args":2,"-odd":3,"":4,"é":5,"a=b":6} → {"help": 1, "args": 2, "-odd": 3, "": 4, "é": 5, "a=b": 6}
    --args 7 → 7
    --args 7 --times 2 → {"times": 2}
"##;

/// Command lines, and their errors.
const REFUSED: &str = r##"
    --times 300 → error: invalid value '300' for '--times <INTEGER>': 300 is not in -3..=255
    --times -340282366920938463463374607431768211456 → is not in -3..=255
    --times many → invalid digit found in string
    --times - → cannot parse integer from empty string
    --above 0 → 0 is not above 0
    --above NaN → JSON has no such number
    --level hihg → tip: a similar value exists: 'high'
    --levels low,high → [possible values: low, high]
    --short abc → it has 3 characters; the limit is 2
    --short @no-such-file → cannot read no-such-file
    --loud=yes → invalid value 'yes' for '--loud[=<true|false>]'
    --sizes 1,-4 → -4 is not in -3..
    --pair 1,2 → invalid value '1,2' for '--pair <JSON>': it is not JSON: trailing characters at line 1 column 2
    --shape @no-such-file → cannot read no-such-file
    --ratoi 2 → tip: a similar argument exists: '--ratio'
    --limits.most 2 → unexpected argument '--limits.most' found
"##;

fn rows(table: &str) -> impl Iterator<Item = (Vec<&str>, &str)> {
    table.trim().lines().map(|line| {
        let (words, expected) = line.trim().split_once("→").unwrap();
        (words.split_whitespace().collect(), expected.trim())
    })
}

#[test]
fn each_kind_of_value_has_its_own_form() {
    let schema = serde_json::from_str(ARGUMENTS).unwrap();
    for (words, expected) in rows(GIVEN) {
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(given(&schema, &words), Ok(Some(expected)), "{words:?}");
    }
}

#[test]
fn invalid_values_fail_before_the_call_with_claps_errors() {
    let schema = serde_json::from_str(ARGUMENTS).unwrap();
    for (words, expected) in rows(REFUSED) {
        let error = given(&schema, &words).unwrap_err();
        assert!(error.contains(expected), "{words:?}: {error}");
    }
}

#[test]
fn missing_arguments_depend_on_the_schema() {
    let config = json!({"type": "object", "properties": {"a": true}, "required": ["a"]});
    let properties = json!({"config": config, "on": {"type": "boolean"}});
    let schema = json!({"properties": properties, "required": ["config", "on"]});
    for words in [vec![], vec!["--args", "{}"]] {
        let error = given(&schema, &words).unwrap_err();
        let expected = "the following required arguments were not provided:\n  --config <JSON>\n  \
            --on[=<true|false>]\n\nUsage: test --config <JSON> --on[=<true|false>] [OPTIONS]";
        assert!(error.contains(expected), "{error}");
    }
    // The call's own check finds parts that are missing.
    let words = ["--args", r#"{"config":{}}"#, "--on"];
    let arguments = json!({"config": {}, "on": true});
    assert_eq!(given(&schema, &words), Ok(Some(arguments)));
    let one_of = json!({"oneOf": [config, {"type": "integer"}]});
    let error = given(&one_of, &[]).unwrap_err();
    assert!(error.contains("  --args <JSON>\n"), "{error}");
    assert_eq!(given(&one_of, &["--args", "1"]), Ok(Some(json!(1))));
    assert_eq!(given(&json!(true), &[]), Ok(None));
    assert_eq!(given(&json!(true), &["--args=-3"]), Ok(Some(json!(-3))));
}

#[test]
fn number_of_flags_is_bounded() {
    let text = json!({"type": "string"});
    let properties = (0..1000).map(|nth| (format!("argument_{nth}"), text.clone()));
    let schema = json!({"properties": properties.collect::<Map<_, _>>()});
    let none = Map::new();
    let flags = Flags::new(Schemas::new(&none), Some(&schema));
    assert_eq!(flags.flags.len(), MAX_FLAGS);
    let args = given(&schema, &["--args", r#"{"argument_999":"x"}"#]);
    assert_eq!(args, Ok(Some(json!({"argument_999": "x"}))));
}
