//! The forms in which hosts keep values for plugins and pass on their users' settings.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Result, code};
use crate::json;

/// A form of values at a host.
pub trait ValueForm {
    /// Reads the bytes that the host has under `name`.
    fn read<T: DeserializeOwned>(bytes: &[u8], name: &str) -> Result<T>;

    /// Writes a value for the host.
    fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>>;
}

/// Writes every value as JSON, strings in quotes.
pub enum Json {}

impl ValueForm for Json {
    #[inline]
    fn read<T: DeserializeOwned>(bytes: &[u8], name: &str) -> Result<T> {
        from_json(bytes, name)
    }

    #[inline]
    fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
        to_json(value)
    }
}

/// Writes strings as plain text and everything else as JSON. The type that is read decides what
/// text means.
#[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
pub enum Text {}

#[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
impl ValueForm for Text {
    fn read<T: DeserializeOwned>(bytes: &[u8], name: &str) -> Result<T> {
        from_json(&plain::to_json::<T>(bytes, plain::Quotes::AreText), name)
    }

    fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
        Ok(plain::of_json(to_json(value)?, |_| true))
    }
}

/// Like [`Text`], but also reads JSON strings, and writes a string as JSON where its plain text
/// would be misread. Writes at least one byte.
#[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
pub enum TextOrJson {}

#[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
impl ValueForm for TextOrJson {
    fn read<T: DeserializeOwned>(bytes: &[u8], name: &str) -> Result<T> {
        from_json(&plain::to_json::<T>(bytes, plain::Quotes::AreJson), name)
    }

    fn write<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
        let sound = |text: &str| !text.is_empty() && !text.starts_with('"');
        Ok(plain::of_json(to_json(value)?, sound))
    }
}

/// Writes a value as JSON.
#[inline]
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    json::write(value, &mut text)?;
    Ok(text)
}

/// Reads the JSON that a service has under `name`, which begins the path in an error.
#[inline]
pub(crate) fn from_json<T: DeserializeOwned>(text: &[u8], name: &str) -> Result<T> {
    let arena = json::Arena::new();
    json::read(text, &arena).map_err(|fault| {
        let error = fault.in_member(name).into_error("the host's bytes");
        // With `invalid_argument`, a plugin that passes the error on would blame its own caller.
        error.with_code(code::BAD_ANSWER)
    })
}

/// Converts between plain text and JSON.
#[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
pub mod plain {
    use std::borrow::Cow;
    use std::fmt;

    use serde::de::{self, DeserializeOwned, Deserializer, IgnoredAny, Visitor};
    use serde::forward_to_deserialize_any;

    use crate::json::{self, Arena};

    /// The meaning of text that begins with a quotation mark.
    #[derive(Clone, Copy, PartialEq)]
    pub enum Quotes {
        /// The quotes are part of the text.
        AreText,
        /// The text is a JSON string, if it is a valid one.
        AreJson,
    }

    /// Returns the text of a JSON string that is `sound` as plain text, and other JSON unchanged.
    pub fn of_json(json: Vec<u8>, sound: impl FnOnce(&str) -> bool) -> Vec<u8> {
        if json.first() != Some(&b'"') {
            return json;
        }
        match json::read::<String>(&json, &Arena::new()) {
            Ok(text) if sound(&text) => text.into_bytes(),
            _ => json,
        }
    }

    /// Returns the JSON to read a `T` from.
    pub fn to_json<T: DeserializeOwned>(bytes: &[u8], quotes: Quotes) -> Cow<'_, [u8]> {
        // Succeeds only for a type that reads nothing.
        let requested = match T::deserialize(Probe { optional: false }) {
            Err(requested) => requested,
            Ok(_) => Requested::Any,
        };
        quoted_if_needed(bytes, requested, quotes)
    }

    fn quoted_if_needed(bytes: &[u8], requested: Requested, quotes: Quotes) -> Cow<'_, [u8]> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            // The JSON reader reports it.
            return bytes.into();
        };
        let is_json = || json::read::<IgnoredAny>(bytes, &Arena::new()).is_ok();
        let stays = match (requested, text.as_bytes().first()) {
            (Requested::Text { .. } | Requested::Name { .. }, Some(b'"')) => {
                quotes == Quotes::AreJson && is_json()
            }
            (Requested::Text { optional } | Requested::Name { optional }, _) if text == "null" => {
                optional
            }
            // A variant with data is an object.
            (Requested::Name { .. }, Some(b'{')) | (Requested::Any, _) => is_json(),
            _ => false,
        };
        if stays {
            return bytes.into();
        }
        let mut quoted = Vec::with_capacity(text.len() + 2);
        json::write_str(text, &mut quoted);
        quoted.into()
    }

    /// The first thing that a type asks a deserializer for.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Requested {
        /// A string.
        Text {
            /// `true` if `null` is `None`.
            optional: bool,
        },
        /// A variant, written as its name if it has no data.
        Name {
            /// `true` if `null` is `None`.
            optional: bool,
        },
        /// Anything else.
        Any,
    }

    impl fmt::Display for Requested {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Ok(())
        }
    }

    impl std::error::Error for Requested {}

    impl de::Error for Requested {
        fn custom<T: fmt::Display>(_: T) -> Self {
            Requested::Any
        }
    }

    /// An empty deserializer that fails with what it was asked for.
    struct Probe {
        optional: bool,
    }

    impl<'de> Deserializer<'de> for Probe {
        type Error = Requested;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Requested> {
            Err(Requested::Any)
        }

        fn deserialize_str<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Requested> {
            let Probe { optional } = self;
            Err(Requested::Text { optional })
        }

        fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Requested> {
            self.deserialize_str(visitor)
        }

        fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Requested> {
            self.deserialize_str(visitor)
        }

        fn deserialize_enum<V: Visitor<'de>>(
            self,
            _: &'static str,
            _: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Requested> {
            let Probe { optional } = self;
            Err(Requested::Name { optional })
        }

        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Requested> {
            visitor.visit_some(Probe { optional: true })
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, Requested> {
            visitor.visit_newtype_struct(self)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 bytes byte_buf unit unit_struct
            seq tuple tuple_struct map struct identifier ignored_any
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::path::PathBuf;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Volume {
        Loud,
        #[serde(rename = "12")]
        Twelve,
        #[serde(rename = "null")]
        Null,
        Exactly(u32),
        Between {
            least: u32,
        },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Name(String);

    /// Strings that look like something else.
    const TEXTS: [&str; 16] = [
        "my_value",
        "",
        " ",
        "12",
        "-0.5",
        "true",
        "null",
        "\"",
        "\"quoted\"",
        " \"quoted\"",
        "{\"a\":1}",
        "{",
        "[1]",
        "grüße\n\0",
        "12 ",
        "\\",
    ];

    #[track_caller]
    fn survives<T: Clone + Debug + PartialEq + Serialize + DeserializeOwned>(value: &T) {
        for (written, read) in [
            (Text::write(value), Text::read::<T> as fn(&[u8], &str) -> _),
            (TextOrJson::write(value), TextOrJson::read::<T>),
            (Json::write(value), Json::read::<T>),
        ] {
            assert_eq!(&read(&written.unwrap(), "key").unwrap(), value);
        }
    }

    #[test]
    fn every_value_survives_a_round_trip() {
        for text in TEXTS {
            survives(&text.to_owned());
            survives(&Name(text.to_owned()));
            survives(&vec![text.to_owned()]);
            survives(&BTreeMap::from([(text.to_owned(), text.to_owned())]));
            survives(&PathBuf::from(text));
            if text != "null" {
                survives(&Some(text.to_owned()));
            }
        }
        survives(&None::<String>);
        survives(&Some(3));
        survives(&'"');
        for volume in [
            Volume::Loud,
            Volume::Twelve,
            Volume::Null,
            Volume::Exactly(3),
            Volume::Between { least: 1 },
        ] {
            survives(&volume);
        }
        survives(&u128::MAX);
        survives(&(true, 1.5, 'a', ()));
        survives(&json!({"a": [1, null, "12"], "b": "x"}));
        survives(&json!("neither JSON"));
    }

    #[test]
    fn only_text_is_written_without_json() {
        for text in TEXTS {
            assert_eq!(Text::write(text).unwrap(), text.as_bytes());
        }
        assert_eq!(Text::write(&Volume::Loud).unwrap(), b"loud");
        assert_eq!(Text::write(&['a']).unwrap(), br#"["a"]"#);
        assert_eq!(Text::write(&12).unwrap(), b"12");
        assert_eq!(TextOrJson::write("loud").unwrap(), b"loud");
        assert_eq!(TextOrJson::write("12").unwrap(), b"12");
        assert_eq!(TextOrJson::write("").unwrap(), br#""""#);
        assert_eq!(TextOrJson::write("\"a\"").unwrap(), br#""\"a\"""#);
    }

    #[test]
    fn the_type_decides_how_foreign_text_is_read() {
        let read = |text: &str| Text::read::<String>(text.as_bytes(), "key").unwrap();
        for text in TEXTS {
            assert_eq!(read(text), text);
        }
        let quoted = br#""my_value""#;
        assert_eq!(Text::read::<String>(quoted, "key").unwrap(), "\"my_value\"");
        let unquoted = TextOrJson::read::<String>(quoted, "key").unwrap();
        assert_eq!(unquoted, "my_value");
        assert_eq!(Text::read::<u32>(b"12", "key").unwrap(), 12);
        for (text, value) in [
            ("12", json!(12)),
            ("my_value", json!("my_value")),
            (r#"{"a":1}"#, json!({"a": 1})),
        ] {
            assert_eq!(Text::read::<Value>(text.as_bytes(), "key").unwrap(), value);
        }
        for (bytes, why) in [(&b"many"[..], "key"), (b"\"\xff\"", "UTF-8")] {
            let error = Text::read::<u32>(bytes, "key").unwrap_err();
            assert_eq!(error.code(), "bad_answer");
            assert!(error.message().contains(why), "{error}");
        }
    }
}
