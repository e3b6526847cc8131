//! The output of text that is made while compiling.
#![allow(
    clippy::indexing_slicing,
    reason = "the compiler has no `get`, and a panic there is an error like any other"
)]

/// Measures text, and writes it as far as there is room.
pub struct Sink<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl Sink<'_> {
    /// Creates a sink that only counts.
    pub const fn measuring() -> Sink<'static> {
        Sink {
            buffer: &mut [],
            len: 0,
        }
    }
}

impl<'a> Sink<'a> {
    /// Creates a sink that writes into a buffer. If the buffer is shorter than the
    /// [text](Sink::len), its content is meaningless.
    pub const fn writing(buffer: &'a mut [u8]) -> Self {
        Sink { buffer, len: 0 }
    }

    /// Returns the number of bytes so far.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there has been no text.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes text unchanged.
    pub const fn raw(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    const fn bytes(&mut self, bytes: &[u8]) {
        let (room, len) = (self.buffer.len(), bytes.len());
        if self.len <= room && len <= room - self.len {
            // Of all ways to copy, this one takes the fewest steps and calls in the compiler's
            // interpreter. SAFETY: both ranges are within their slices, as checked, and the buffer
            // is borrowed exclusively.
            unsafe {
                let free = self.buffer.as_mut_ptr().add(self.len);
                core::ptr::copy_nonoverlapping(bytes.as_ptr(), free, len);
            }
        }
        self.len += len;
    }

    /// Writes text as a JSON string.
    pub const fn string(&mut self, text: &str) {
        self.raw("\"");
        self.escaped(text);
        self.raw("\"");
    }

    /// Writes text as the content of a JSON string.
    pub const fn escaped(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut rest = text.as_bytes();
        // Text without escapes is written in one piece.
        let mut ahead = rest;
        let mut plain = 0;
        while let [byte, next @ ..] = ahead {
            let byte = *byte;
            ahead = next;
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                plain += 1;
                continue;
            }
            let (before, _) = rest.split_at(plain);
            self.bytes(before);
            match byte {
                b'"' => self.raw("\\\""),
                b'\\' => self.raw("\\\\"),
                b'\n' => self.raw("\\n"),
                b'\r' => self.raw("\\r"),
                b'\t' => self.raw("\\t"),
                _ => {
                    self.raw("\\u00");
                    self.bytes(&[HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]]);
                }
            }
            rest = ahead;
            plain = 0;
        }
        self.bytes(rest);
    }

    /// Writes a number.
    pub const fn number(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut first = digits.len();
        let mut rest = number;
        loop {
            first -= 1;
            digits[first] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        let (_, digits) = digits.split_at(first);
        self.bytes(digits);
    }
}

#[cfg(test)]
mod tests {
    use super::Sink;

    fn written(write: impl Fn(&mut Sink<'_>)) -> String {
        let mut sink = Sink::measuring();
        write(&mut sink);
        let mut bytes = vec![0; sink.len()];
        let mut sink = Sink::writing(&mut bytes);
        write(&mut sink);
        assert_eq!(sink.len(), bytes.len());
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn strings_are_escaped_as_serde_json_does() {
        let every: String = (0..0x80).filter_map(char::from_u32).collect();
        for text in ["", "plain", "\"", "a\\", "\n\nb", "é\u{1f}\u{7f}…", &every] {
            let ours: String = serde_json::from_str(&written(|sink| sink.string(text))).unwrap();
            assert_eq!(ours, text);
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        for number in [0, 9, 10, 4_294_967_296, u64::MAX] {
            assert_eq!(written(|sink| sink.number(number)), number.to_string());
        }
    }

    #[test]
    fn text_without_room_is_only_counted() {
        let mut bytes = [b'-'; 4];
        let mut sink = Sink::writing(&mut bytes);
        for text in ["abc", "de", "f"] {
            sink.raw(text);
        }
        assert_eq!(sink.len(), 6);
        assert_eq!(&bytes, b"abc-");
    }
}
