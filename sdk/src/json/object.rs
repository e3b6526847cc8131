//! Writes JSON objects member by member.

use super::write::{write_str, write_u64};

/// A JSON object under construction at the end of a buffer.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Object<'a> {
    /// Begins an object.
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        let start = out.len();
        Object { out, start }
    }

    /// Writes a name that needs no escapes, and returns the buffer to write its value to.
    pub fn key(&mut self, name: &str) -> &mut Vec<u8> {
        if self.out.len() > self.start {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// Writes a member whose value is a string.
    pub fn string(&mut self, name: &str, value: &str) {
        write_str(value, self.key(name));
    }

    /// Writes a member whose value is a number.
    pub fn number(&mut self, name: &str, value: u64) {
        write_u64(value, self.key(name));
    }

    /// Writes a member whose value is JSON already.
    pub fn json(&mut self, name: &str, value: &[u8]) {
        self.key(name).extend_from_slice(value);
    }

    /// Writes a member whose value is an array of strings.
    pub fn strings<'t>(&mut self, name: &str, values: impl IntoIterator<Item = &'t str>) {
        let out = self.key(name);
        let mut before = b'[';
        for value in values {
            out.push(before);
            write_str(value, out);
            before = b',';
        }
        if before == b'[' {
            out.push(before);
        }
        out.push(b']');
    }

    /// Writes the members of another object, given as JSON between its braces.
    #[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
    pub fn members(&mut self, members: &[u8]) {
        if self.out.len() > self.start && !members.is_empty() {
            self.out.push(b',');
        }
        self.out.extend_from_slice(members);
    }

    /// Writes a member of any name, whose value is JSON already.
    #[cfg(any(feature = "_contract", not(target_arch = "wasm32")))]
    pub fn named(&mut self, name: &str, value: &[u8]) {
        if self.out.len() > self.start {
            self.out.push(b',');
        }
        write_str(name, self.out);
        self.out.push(b':');
        self.out.extend_from_slice(value);
    }

    /// Ends the object.
    pub fn end(self) {
        self.out.push(b'}');
    }
}

/// Returns one object as text.
pub(crate) fn object(write: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut text = Vec::new();
    let mut object = Object::begin(&mut text);
    write(&mut object);
    object.end();
    text
}
