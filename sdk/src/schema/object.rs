//! Writes JSON objects while compiling.
#![allow(missing_docs, reason = "for this crate only")]

use super::sink::Sink;

/// A JSON object under construction.
pub struct ObjectWriter<'s, 'b> {
    sink: &'s mut Sink<'b>,
    empty: bool,
}

impl<'s, 'b> ObjectWriter<'s, 'b> {
    pub const fn begin(sink: &'s mut Sink<'b>) -> Self {
        sink.raw("{");
        ObjectWriter { sink, empty: true }
    }

    const fn key(&mut self, key: &str) {
        if !self.empty {
            self.sink.raw(",");
        }
        self.empty = false;
        self.sink.string(key);
        self.sink.raw(":");
    }

    /// Writes a name, and returns the place for its value.
    pub const fn value(&mut self, key: &str) -> &mut Sink<'b> {
        self.key(key);
        self.sink
    }

    /// Writes a member whose value is a string, unless it is empty.
    pub const fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.key(key);
            self.sink.string(text);
        }
    }

    /// Writes a member whose value is a string, even an empty one.
    pub const fn string(&mut self, key: &str, text: &str) {
        self.value(key).string(text);
    }

    pub const fn number(&mut self, key: &str, number: u64) {
        self.key(key);
        self.sink.number(number);
    }

    /// Writes a member that is `true`.
    pub const fn flag(&mut self, key: &str) {
        self.key(key);
        self.sink.raw("true");
    }

    pub const fn array(&mut self, key: &str) -> ArrayWriter<'_, 'b> {
        self.key(key);
        self.sink.raw("[");
        ArrayWriter {
            sink: self.sink,
            empty: true,
        }
    }

    /// Writes a member whose value is an array of strings, unless it is empty.
    pub const fn texts(&mut self, key: &str, texts: &[&str]) {
        if texts.is_empty() {
            return;
        }
        let mut array = self.array(key);
        each!(for text in texts {
            array.item().string(text);
        });
        array.end();
    }

    pub const fn end(self) {
        self.sink.raw("}");
    }
}

/// A JSON array under construction.
pub struct ArrayWriter<'s, 'b> {
    sink: &'s mut Sink<'b>,
    empty: bool,
}

impl<'b> ArrayWriter<'_, 'b> {
    /// Returns the place for the next item.
    pub const fn item(&mut self) -> &mut Sink<'b> {
        if !self.empty {
            self.sink.raw(",");
        }
        self.empty = false;
        self.sink
    }

    pub const fn end(self) {
        self.sink.raw("]");
    }
}
