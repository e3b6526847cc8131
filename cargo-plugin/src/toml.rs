//! Conversion between TOML and JSON.

use serde_json::{Map, Value};

/// Converts a TOML value to JSON. A date or a time becomes a string, as TOML writes it; a float
/// that JSON lacks becomes `null`.
pub fn to_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(is_true) => is_true.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(to_json).collect(),
        toml::Value::Table(members) => {
            let members = members.into_iter();
            let members = members.map(|(name, value)| (name, to_json(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}

/// Converts a JSON value to TOML, which has no null, and no integer or float beyond 64 bits.
///
/// serde would write a number as the table that it is for `serde_json`.
pub fn from_json(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.as_i64()?.into(),
        Value::Number(number) => number.as_f64()?.into(),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.iter().map(from_json).collect();
            items?.into()
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, _)| Some((name.clone(), from_json(value)?));
            let members: Option<toml::Table> = members.iter().map(member).collect();
            members?.into()
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_become_text_and_numbers_keep_their_kind() {
        let text = "day = 1979-05-27\ntimes = [07:32:00, 1979-05-27T07:32:00Z]\n\
            whole = 9223372036854775807\nfloat = 1.0\nnone = nan\n[table]\nis = true\n";
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(
            to_json(toml::Value::Table(table)),
            json!({
                "day": "1979-05-27", "times": ["07:32:00", "1979-05-27T07:32:00Z"],
                "whole": i64::MAX, "float": 1.0, "none": null, "table": {"is": true},
            })
        );
    }

    #[test]
    fn numbers_of_json_are_numbers_of_toml_or_have_no_form() {
        let value = json!({"whole": i64::MIN, "float": -0.5, "list": [1, "two"]});
        let text = toml::to_string(&from_json(&value).unwrap()).unwrap();
        assert_eq!(
            text,
            "float = -0.5\nlist = [1, \"two\"]\nwhole = -9223372036854775808\n"
        );
        for without in [json!(null), json!([1, [null]]), json!({"most": u64::MAX})] {
            assert_eq!(from_json(&without), None, "{without}");
        }
    }
}
