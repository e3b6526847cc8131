//! Writes JSON objects member by member.

use super::number::write_u64;
use super::write::{separate, write_name, write_str};

/// A JSON object under construction at the end of a buffer.
pub struct Object<'a>(&'a mut Vec<u8>);

impl<'a> Object<'a> {
    /// Begins an object.
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Object(out)
    }

    /// Writes a name, and returns the buffer to write its value to.
    pub fn key(&mut self, name: &str) -> &mut Vec<u8> {
        write_name(name, self.0);
        self.0
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

    /// Begins a member whose value is an array; [`element`](Self::element) writes its elements.
    pub fn open_array(&mut self, name: &str) {
        self.key(name).push(b'[');
    }

    /// Writes a string as an element of the open array.
    pub fn element(&mut self, value: &str) {
        separate(self.0);
        write_str(value, self.0);
    }

    /// Ends the open array.
    pub fn close_array(&mut self) {
        self.0.push(b']');
    }

    /// Writes the members of another object, given as JSON between its braces.
    #[cfg(any(feature = "host-neomind", not(target_arch = "wasm32")))]
    pub fn members(&mut self, members: &[u8]) {
        separate(self.0);
        self.0.extend_from_slice(members);
    }

    /// Ends the object.
    pub fn end(self) {
        self.0.push(b'}');
    }
}

/// Returns one object as text.
pub fn object(write: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut text = Vec::with_capacity(64);
    let mut object = Object::begin(&mut text);
    write(&mut object);
    object.end();
    text
}
