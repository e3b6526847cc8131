//! Formats the bytes and text of trace events.

use std::fmt::{self, Display, Formatter};

use crate::text;

/// The most bytes of text that are shown.
const MAX_TEXT: usize = 512;

/// The most bytes of other data that are shown.
const MAX_HEX: usize = 32;

/// The content of a trace event.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    Bytes(&'a [u8]),
    Text(&'a str),
}

impl Content<'_> {
    pub(crate) fn len(self) -> usize {
        match self {
            Content::Bytes(bytes) => bytes.len(),
            Content::Text(text) => text.len(),
        }
    }
}

/// Formats text on one line with control characters escaped, and other bytes in hexadecimal. Long
/// content is cut, followed by its length.
impl Display for Content<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Content::Text(text) => text,
            Content::Bytes(bytes) => match beginning_in_utf8(bytes) {
                Some(text) => text,
                None => return hex(bytes, f),
            },
        };
        f.write_str(&text::one_line(text, MAX_TEXT))?;
        match self.len() {
            len if len > MAX_TEXT => write!(f, " ({len} bytes)"),
            _ => Ok(()),
        }
    }
}

/// Returns the bytes as text, or the part of it that may be shown. The rest is not checked: finding
/// out whether ten megabytes are valid text is not worth the time.
fn beginning_in_utf8(bytes: &[u8]) -> Option<&str> {
    // More than is shown, so the last character is cut off anyway.
    let beginning = bytes.get(..MAX_TEXT + 4).unwrap_or(bytes);
    let text = match std::str::from_utf8(beginning) {
        Ok(text) => text,
        // A character that was cut by the line above.
        Err(error) if error.error_len().is_none() && beginning.len() < bytes.len() => {
            std::str::from_utf8(beginning.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    // Numbers in memory are often valid UTF-8, with many control characters.
    let controls = text
        .chars()
        .filter(|character| character.is_control() && !character.is_ascii_whitespace());
    (controls.count() * 8 <= text.len()).then_some(text)
}

fn hex(bytes: &[u8], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("0x")?;
    for byte in bytes.iter().take(MAX_HEX) {
        write!(f, "{byte:02x}")?;
    }
    let cut = if bytes.len() > MAX_HEX { "…" } else { "" };
    write!(f, "{cut} ({} bytes)", bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8]) -> String {
        Content::Bytes(bytes).to_string()
    }

    #[test]
    fn text_is_shown_on_one_line_and_escaped() {
        assert_eq!(shown(br#"{"name":"Ada"}"#), r#"{"name":"Ada"}"#);
        assert_eq!(
            shown("two\nlines \x1b[2J \u{202e}".as_bytes()),
            r"two\nlines \u{1b}[2J \u{202e}"
        );
        assert_eq!(shown(b""), "");
    }

    #[test]
    fn other_bytes_are_shown_in_hexadecimal_with_their_length() {
        assert_eq!(shown(b"\xff\x00\x10"), "0xff0010 (3 bytes)");
        assert_eq!(shown(&1.5f32.to_le_bytes()), "0x0000c03f (4 bytes)");
        assert_eq!(
            shown(&[0; 1000]),
            format!("0x{}… (1000 bytes)", "0".repeat(64))
        );
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        let long = "ä".repeat(100_000);
        let expected = format!("{}… (200000 bytes)", "ä".repeat(256));
        assert_eq!(shown(long.as_bytes()), expected);
        let shifted = format!("x{long}");
        assert!(shown(shifted.as_bytes()).ends_with("ä… (200001 bytes)"));
        let broken = [long.as_bytes(), b"\xff"].concat();
        assert!(shown(&broken).ends_with("… (200001 bytes)"));
        assert!(shown(&[b'\x1b'; 100]).starts_with("0x1b1b"));
    }
}
