//! The values within a value, by number.

use serde_json::Value;

/// Returns the number of values in a value, itself included.
pub fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Returns a value within a value, by its number; the value itself has the number 0, and each value
/// comes before those in it.
pub fn part_mut(value: &mut Value, mut number: usize) -> Option<&mut Value> {
    counted_down(value, &mut number)
}

fn counted_down<'v>(value: &'v mut Value, left: &mut usize) -> Option<&'v mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| counted_down(item, left)),
        Value::Object(members) => {
            let mut members = members.values_mut();
            members.find_map(|member| counted_down(member, left))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_part_has_a_number() {
        let mut value = json!({"a": [1, {"b": 2}], "c": 3});
        assert_eq!(count(&value), 6);
        let mut parts = (0..7).map(|number| part_mut(&mut value, number).cloned());
        assert!(parts.next().is_some());
        assert_eq!(parts.next(), Some(Some(json!([1, {"b": 2}]))));
        let rest: Vec<_> = parts.collect();
        assert_eq!(
            rest,
            [
                Some(json!(1)),
                Some(json!({"b": 2})),
                Some(json!(2)),
                Some(json!(3)),
                None
            ]
        );
    }
}
