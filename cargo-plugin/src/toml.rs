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
}
