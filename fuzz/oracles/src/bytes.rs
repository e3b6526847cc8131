//! Inputs as a sequence of small decisions.

/// The rest of an input. Every read succeeds: beyond the end, there are zeros.
#[derive(Clone, Debug)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// Reads from the beginning of an input.
    pub fn new(input: &'a [u8]) -> Self {
        Bytes(input)
    }

    /// Returns whether everything has been read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the next byte.
    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// Returns a number below `end`, which is at most 256; 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()).checked_rem(end).unwrap_or(0)
    }

    /// Returns the next eight bytes as a number.
    pub fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// Returns up to `len` bytes.
    pub fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Returns bytes whose number, up to 255, is the next byte.
    pub fn short(&mut self) -> &'a [u8] {
        let len = self.byte();
        self.take(len.into())
    }

    /// Returns the bytes before the next line feed, and skips it.
    pub fn line(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == b'\n');
        let line = self.take(end.unwrap_or(self.0.len()));
        self.byte();
        line
    }

    /// Returns all bytes that are left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_read_succeeds_on_any_input() {
        let mut bytes = Bytes::new(b"\x07\x02ab\x01line\nrest");
        assert_eq!(bytes.below(4), 3);
        assert_eq!(bytes.short(), b"ab");
        assert_eq!(bytes.byte(), 1);
        assert_eq!(bytes.line(), b"line");
        assert_eq!(bytes.take(2), b"re");
        assert_eq!(bytes.word(), u64::from_le_bytes(*b"st\0\0\0\0\0\0"));
        assert!(bytes.is_empty());
        assert_eq!(
            (bytes.byte(), bytes.below(0), bytes.line()),
            (0, 0, &b""[..])
        );
    }
}
