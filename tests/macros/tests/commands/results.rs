//! The results of commands, and the forms in which hosts receive them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use plugin_sdk::prelude::*;

use super::*;

type Fallible<T, E = Refusal> = std::result::Result<T, E>;
type Borrowed<'a> = Result<&'a str>;
type Outcome = Fallible<Vec<u8>>;

#[derive(Debug, PluginError)]
enum Refusal {
    Closed,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the shop is closed")
    }
}

impl std::error::Error for Refusal {}

#[derive(Serialize, Schema)]
struct Report<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

/// A value whose serialization fails for some values.
struct Moody(bool);

impl Serialize for Moody {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        match self.0 {
            true => serializer.serialize_str("well"),
            false => Err(serde::ser::Error::custom("not today")),
        }
    }
}

#[plugin]
#[derive(Default)]
struct Gives {
    name: String,
    list: Vec<u32>,
}

#[plugin]
impl Gives {
    #[command]
    fn unit(&self) {}

    #[command]
    fn explicit_unit(&self) -> () {}

    #[command]
    fn plain(&self) -> (u64, i64, f64, bool, char) {
        (u64::MAX, i64::MIN, 0.1, true, '"')
    }

    #[command(schema = Vec<u8>)]
    fn opaque(&self) -> impl Serialize + use<> {
        [1, 2]
    }

    #[command]
    fn own(&self) -> &str {
        &self.name
    }

    #[command]
    fn own_mutable(&mut self) -> &mut Vec<u32> {
        self.list.push(1);
        &mut self.list
    }

    #[command]
    fn given<'a>(&self, text: &'a str) -> &'a str {
        text
    }

    #[command]
    fn either<'a>(&'a self, text: &'a str) -> Cow<'a, str> {
        if text.is_empty() {
            Cow::Borrowed(&self.name)
        } else {
            Cow::Borrowed(text)
        }
    }

    #[command]
    fn report<'a, 'b: 'a>(&'b self, note: Option<&'a str>) -> Report<'a> {
        Report {
            name: &self.name,
            note,
        }
    }

    #[command]
    fn optional(&self, give: bool) -> Option<u8> {
        give.then_some(1)
    }

    #[command]
    fn aliased(&self, fail: bool) -> Fallible<u8> {
        if fail { Err(Refusal::Closed) } else { Ok(1) }
    }

    #[command]
    fn aliased_whole(&self) -> Outcome {
        Ok(vec![1])
    }

    #[command]
    fn aliased_reference(&self) -> Borrowed<'_> {
        Ok(&self.name)
    }

    #[command]
    fn nothing_or_error(&self, fail: bool) -> Result<(), &'static str> {
        if fail { Err("no") } else { Ok(()) }
    }

    #[command]
    fn result_in_result(&self) -> Result<Result<u8, u8>> {
        Ok(Err(3))
    }

    #[command]
    fn floats(&self) -> Vec<f64> {
        vec![-0.0, 1e300, 5e-324, 0.1]
    }

    #[command]
    fn not_finite(&self) -> Vec<f64> {
        vec![0.5, f64::NAN]
    }

    #[command]
    fn by_number(&self) -> BTreeMap<i8, u8> {
        BTreeMap::from([(-1, 1)])
    }

    #[command]
    fn by_list(&self) -> BTreeMap<Vec<u8>, u8> {
        BTreeMap::from([(vec![1], 1)])
    }

    #[command(schema = Vec<String>)]
    fn moody(&self, well: bool) -> Result<Vec<Moody>> {
        Ok(vec![Moody(true), Moody(well)])
    }

    #[command]
    fn error(&self) -> Error {
        Error::new("a_value", "not a failure")
    }
}

fn result_of(handler: Handler<Gives>, arguments: &str) -> Value {
    let mut plugin = Gives {
        name: "Ada".to_owned(),
        list: Vec::new(),
    };
    call(&mut plugin, handler, arguments).unwrap()
}

#[test]
fn a_command_without_a_result_returns_null() {
    assert_eq!(result_of(Gives::__plugin_sdk_command_unit, ""), json!(null));
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_explicit_unit, ""),
        json!(null)
    );
}

#[test]
fn integers_beyond_the_precision_of_a_float_stay_exact() {
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_plain, ""),
        json!([
            18446744073709551615u64,
            -9223372036854775808i64,
            0.1,
            true,
            "\""
        ])
    );
}

#[test]
fn a_result_can_have_an_opaque_type() {
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_opaque, ""),
        json!([1, 2])
    );
}

#[test]
fn results_can_borrow_from_the_plugin_and_the_arguments() {
    assert_eq!(result_of(Gives::__plugin_sdk_command_own, ""), "Ada");
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_own_mutable, ""),
        json!([1])
    );
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_given, r#"{"text": "a\nb"}"#),
        "a\nb"
    );
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_either, r#"{"text": ""}"#),
        "Ada"
    );
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_either, r#"{"text": "Bob"}"#),
        "Bob"
    );
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_report, "{}"),
        json!({"name": "Ada"})
    );
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_report, r#"{"note": "\t"}"#),
        json!({"name": "Ada", "note": "\t"})
    );
}

#[test]
fn none_is_null_and_not_a_failure() {
    let handler = Gives::__plugin_sdk_command_optional;
    assert_eq!(result_of(handler, r#"{"give": true}"#), 1);
    assert_eq!(result_of(handler, r#"{"give": false}"#), json!(null));
}

#[test]
fn an_alias_of_result_is_a_result() {
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_aliased, r#"{"fail": false}"#),
        1
    );
    assert_eq!(
        refused(
            &mut Gives::default(),
            Gives::__plugin_sdk_command_aliased,
            br#"{"fail": true}"#
        ),
        json!({"code": "closed", "message": "the shop is closed"})
    );
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_aliased_whole, ""),
        json!([1])
    );
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_aliased_reference, ""),
        "Ada"
    );
    assert_eq!(
        result_of(
            Gives::__plugin_sdk_command_nothing_or_error,
            r#"{"fail": false}"#
        ),
        json!(null)
    );
}

#[test]
fn only_the_outer_result_decides_success() {
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_result_in_result, ""),
        json!({"Err": 3})
    );
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_error, "")["code"],
        "a_value"
    );
}

#[test]
fn floats_are_numbers_and_nan_is_an_error() {
    let give = |handler| written(&mut Gives::default(), handler, &mut []);
    let floats = give(Gives::__plugin_sdk_command_floats).unwrap();
    assert_eq!(floats, b"[-0.0,1e+300,5e-324,0.1]");
    let error = give(Gives::__plugin_sdk_command_not_finite).unwrap_err();
    assert_eq!(error.code(), "invalid_result");
    assert!(error.message().contains("NaN"), "{}", error.message());
}

#[test]
fn keys_other_than_strings_become_strings_or_are_refused() {
    assert_eq!(
        result_of(Gives::__plugin_sdk_command_by_number, ""),
        json!({"-1": 1})
    );
    assert_eq!(
        refused(
            &mut Gives::default(),
            Gives::__plugin_sdk_command_by_list,
            b""
        ),
        json!({
            "code": "invalid_result",
            "message": "the key of a map must be a string, a number or a boolean",
        })
    );
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let handler = Gives::__plugin_sdk_command_moody;
    assert_eq!(
        result_of(handler, r#"{"well": true}"#),
        json!(["well", "well"])
    );
    assert_eq!(
        refused(&mut Gives::default(), handler, br#"{"well": false}"#),
        json!({"code": "invalid_result", "message": "not today"})
    );
}
