//! JSON for the boundary: reading from borrowed text, with the path to any error, and writing into
//! one reused buffer.
//!
//! `serde_json` reads and writes JSON well, but costs a guest much. Its number parser adds floats
//! to a plugin that has none, its errors add formatting, and it does not report *where* in the
//! arguments a value was wrong. This module is a third of its size in a guest; property tests
//! compare its behaviour with `serde_json` (`tests/json_oracle.rs`, and the fuzz target `json`). It
//! is stricter in one respect: half of a surrogate pair is an error also in text that is skipped or
//! passed on as it is.

mod arena;

pub(crate) mod number;
mod object;
mod plain;
pub(crate) mod private;
mod read;
mod write;

pub use arena::Arena;

pub(crate) use number::decimal;
#[cfg(any(feature = "log", feature = "_contract", not(target_arch = "wasm32")))]
pub(crate) use number::write_u64;
pub use object::{Object, object};
pub(crate) use plain::is_same;
pub use read::Reader;
#[cfg(any(feature = "host-component", not(target_arch = "wasm32")))]
pub(crate) use write::separate;
#[cfg(any(feature = "log", feature = "_contract", not(target_arch = "wasm32")))]
pub(crate) use write::write_str;
pub use write::{WriteError, write};

/// Reads one value from JSON text, which may be followed by white space only.
pub fn read<'de, T: serde::Deserialize<'de>>(
    text: &'de [u8],
    arena: &'de Arena,
) -> Result<T, crate::decode_error::DecodeError> {
    let mut reader = Reader::new(text, arena);
    let value = reader.value(|reader| T::deserialize(reader))?;
    reader.end()?;
    Ok(value)
}

/// Returns whether text is one value without white space around it.
#[cfg(feature = "binary")]
pub(crate) fn is_value(text: &str) -> bool {
    let arena = Arena::new();
    let raw = Reader::new(text.as_bytes(), &arena).raw();
    raw.is_ok_and(|raw| raw.len() == text.len())
}

/// Calls `each` with the name of each member of an object, and with the text of its value. The
/// object may be followed by white space only.
///
/// This is for JSON that is passed on, whose values need no interpretation.
pub fn members<'de>(
    text: &'de [u8],
    arena: &'de Arena,
    mut each: impl FnMut(&'de str, &'de str) -> Result<(), crate::decode_error::DecodeError>,
) -> Result<(), crate::decode_error::DecodeError> {
    let mut reader = Reader::new(text, arena);
    reader.members(|reader, name| each(name, reader.raw()?))?;
    reader.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_their_text_unchanged() {
        let text = r#" { "a" : [1, {"b":2}] , "\u00e9\n":" x\"}" ,"":-0.50e1, "a":null } "#;
        let (arena, mut found) = (Arena::new(), Vec::new());
        let walk = members(text.as_bytes(), &arena, |name, value| {
            found.push((name, value));
            Ok(())
        });
        walk.unwrap();
        let expected = [
            ("a", r#"[1, {"b":2}]"#),
            ("é\n", r#"" x\"}""#),
            ("", "-0.50e1"),
            ("a", "null"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn truncated_and_malformed_objects_are_refused() {
        let whole = r#"{"a":[{"b":"c"},true],"d":1.5}"#;
        for end in 0..whole.len() {
            let arena = Arena::new();
            let text = whole.as_bytes().get(..end).unwrap();
            assert!(members(text, &arena, |_, _| Ok(())).is_err(), "{end}");
        }
        for wrong in [
            "[]",
            "5",
            "{} {}",
            "{1:2}",
            r#"{"a":tru}"#,
            r#"{"a" 1}"#,
            "{\"a\":\"\u{1}\"}",
        ] {
            let arena = Arena::new();
            assert!(
                members(wrong.as_bytes(), &arena, |_, _| Ok(())).is_err(),
                "{wrong}"
            );
        }
    }
}
