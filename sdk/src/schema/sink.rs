//! Where text goes that is made while compiling.

/// Takes text: measures it first, and then, being made again with a buffer of that size, writes it down.
pub struct Sink<'a> {
    buffer: &'a mut [u8],
    len: usize,
    /// Whether nothing is written down.
    measures: bool,
}

impl Sink<'_> {
    /// Counts, and writes nothing.
    pub const fn measuring() -> Sink<'static> {
        Sink {
            buffer: &mut [],
            len: 0,
            measures: true,
        }
    }
}

impl<'a> Sink<'a> {
    /// Writes into a buffer that is as long as what was measured.
    pub const fn writing(buffer: &'a mut [u8]) -> Self {
        Sink {
            buffer,
            len: 0,
            measures: false,
        }
    }

    /// How many bytes there have been.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Takes text as it is.
    pub const fn raw(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    const fn bytes(&mut self, bytes: &[u8]) {
        if self.measures {
            self.len += bytes.len();
            return;
        }
        // Of all ways to copy, this is the one with the fewest steps and calls, for each of which the compiler's interpreter takes its time.
        let len = self.len + bytes.len();
        assert!(len <= self.buffer.len());
        // SAFETY: both ranges have just been seen to lie within their slices, of which one is borrowed alone.
        unsafe {
            core::ptr::copy_nonoverlapping(
                bytes.as_ptr(),
                self.buffer.as_mut_ptr().add(self.len),
                bytes.len(),
            );
        }
        self.len = len;
    }

    /// Takes text as a JSON string.
    pub const fn string(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.raw("\"");
        let mut rest = text.as_bytes();
        // What needs no escape is taken in one piece, for each step of the compiler's interpreter costs.
        let mut plain = 0;
        while plain < rest.len() {
            let byte = rest[plain];
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                plain += 1;
                continue;
            }
            let (before, from) = rest.split_at(plain);
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
            (_, rest) = from.split_at(1);
            plain = 0;
        }
        self.bytes(rest);
        self.raw("\"");
    }

    /// Takes a number.
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
