//! Bytes of a transcript.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of a transcript, or only their number if there were too many to keep.
///
/// In JSON it is a string if the bytes are text, else an object with a member `hex` or `cut`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data(Kept);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    All(Vec<u8>),
    /// The number of bytes, none of which were kept.
    None(u64),
}

impl Data {
    /// Creates data whose bytes are not kept.
    pub(crate) fn cut(bytes: u64) -> Self {
        Data(Kept::None(bytes))
    }

    /// Keeps the bytes unless they are more than a limit.
    pub(crate) fn within(bytes: &[u8], limit: usize) -> Self {
        match bytes.len() <= limit {
            true => bytes.into(),
            false => Data::cut(bytes.len() as u64),
        }
    }

    /// Returns the bytes; `None` if they were not kept.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Kept::All(bytes) => Some(bytes),
            Kept::None(_) => None,
        }
    }

    /// Returns the number of bytes, also if they were not kept.
    pub fn len(&self) -> u64 {
        match &self.0 {
            Kept::All(bytes) => bytes.len() as u64,
            Kept::None(bytes) => *bytes,
        }
    }

    /// Returns whether two values in JSON differ in the order of members only. The order has no
    /// meaning, and the harness itself makes `serde_json` keep another one natively.
    pub(crate) fn is_reordered(&self, other: &Data) -> bool {
        let (Some(one), Some(other)) = (self.bytes(), other.bytes()) else {
            return false;
        };
        let sorted = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes.sort_unstable();
            bytes
        };
        // Parsed numbers of more than 64 bits would lose digits, which an order of members keeps.
        if one == other || one.len() != other.len() || sorted(one) != sorted(other) {
            return false;
        }
        let read = |bytes| serde_json::from_slice::<serde_json::Value>(bytes).ok();
        matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
    }

    /// Returns whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the bytes, to change them; `None` if they were not kept.
    pub fn bytes_mut(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.0 {
            Kept::All(bytes) => Some(bytes),
            Kept::None(_) => None,
        }
    }
}

/// Creates data without bytes.
impl Default for Data {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<&[u8]> for Data {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<Vec<u8>> for Data {
    fn from(bytes: Vec<u8>) -> Self {
        Data(Kept::All(bytes))
    }
}

/// The form in JSON of data that is not text.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Form<'a> {
    Text(Cow<'a, str>),
    Hex { hex: String },
    Cut { cut: u64 },
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match &self.0 {
            Kept::None(bytes) => Form::Cut { cut: *bytes },
            Kept::All(bytes) => match std::str::from_utf8(bytes) {
                // Each control character would become six.
                Ok(text) if !text.contains(is_control) => Form::Text(text.into()),
                _ => Form::Hex { hex: hex(bytes) },
            },
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Form::deserialize(deserializer)? {
            Form::Text(text) => text.into_owned().into_bytes().into(),
            Form::Hex { hex } => from_hex(&hex)
                .ok_or_else(|| D::Error::custom("bytes are pairs of hexadecimal digits"))?
                .into(),
            Form::Cut { cut } => Data::cut(cut),
        })
    }
}

fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t' | '\r')
}

/// Returns bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        hex.extend(
            [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')),
        );
    }
    hex
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_survives_json_as_text_hex_or_length() {
        for (data, json) in [
            (Data::from(&b"{\"a\":1}"[..]), r#""{\"a\":1}""#),
            (Data::from(&b"a\n"[..]), r#""a\n""#),
            (Data::from(&b"\x1b"[..]), r#"{"hex":"1b"}"#),
            (Data::from(&b""[..]), r#""""#),
            (Data::from(&[0xff, 0][..]), r#"{"hex":"ff00"}"#),
            (Data::within(b"abcd", 3), r#"{"cut":4}"#),
        ] {
            assert_eq!(serde_json::to_string(&data).unwrap(), json);
            assert_eq!(serde_json::from_str::<Data>(json).unwrap(), data);
        }
        assert!(serde_json::from_str::<Data>(r#"{"hex":"f"}"#).is_err());
        assert!(serde_json::from_str::<Data>(r#"{"other":1}"#).is_err());
    }

    #[test]
    fn only_another_order_of_members_is_no_difference() {
        for (one, other, expected) in [
            (r#"[{"a":1,"b":2}]"#, r#"[{"b":2,"a":1}]"#, true),
            (r#"{"a":1,"b":2}"#, r#"{"b":1,"a":2}"#, false),
            ("[1,2]", "[2,1]", false),
            ("1.0", "1.00", false),
            ("a", "b", false),
            ("[36893488147419103233]", "[36893488147419103232]", false),
        ] {
            let [left, right] = [one, other].map(|text| Data::from(text.as_bytes()));
            assert_eq!(left.is_reordered(&right), expected, "{one} {other}");
        }
    }
}
