//! Writes any `Serialize` value as compact JSON.

use std::fmt::{self, Display, Write as _};

use serde::Serialize;
use serde::ser;
use serde_json::ser::{CompactFormatter, Formatter as _};

use super::number::write_u64;
use super::plain::{ESCAPES, append, plain_len};
use super::private;
use crate::memory::short::{SHORT, append_short};
use crate::memory::text::utf8;

/// The reason why a value has no form in JSON, or in the binary codec.
pub struct WriteError(pub(crate) Box<str>);

// Shows the message alone: every conversion to `dyn Error` includes this code, and quoting a string
// costs five kilobytes.
impl fmt::Debug for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WriteError {}

impl ser::Error for WriteError {
    fn custom<T: Display>(message: T) -> Self {
        WriteError(format!("{message}").into_boxed_str())
    }
}

type Written = Result<(), WriteError>;

/// Appends `value` to `out` as compact JSON, byte for byte like `serde_json::to_vec`.
///
/// # Errors
///
/// Fails if a map's key is neither a string nor a number nor a boolean, if a float is NaN or
/// infinite (`serde_json` writes `null` there, which does not read back as a number), or if the
/// value's own `Serialize` fails. `out` then holds a part of the text.
pub fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Written {
    value.serialize(&mut Writer { out })
}

/// Appends a string with its quotation marks.
pub(crate) fn write_str(text: &str, out: &mut Vec<u8>) {
    write_between([0, b'"', b'"', 0], text, out);
}

/// Appends the name of a member, with what separates it from the member before and from its value.
pub(crate) fn write_name(name: &str, out: &mut Vec<u8>) {
    let comma = if is_first(out) { 0 } else { b',' };
    write_between([comma, b'"', b'"', b':'], name, out);
}

/// Appends a string between two characters on each side; zeros among these are left out.
///
/// The characters are one parameter: an engine passes more than four on the stack, in a way that
/// keeps the callee waiting.
fn write_between([a, b, y, z]: [u8; 4], text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    let (mut before, after) = ([a, b], [y, z]);
    loop {
        let plain = plain_len(rest);
        if plain == rest.len() && plain <= SHORT {
            return append_short(before, rest, after, out);
        }
        append_short(before, &[], [0; 2], out);
        before = [0; 2];
        let (run, behind) = rest.split_at_checked(plain).unwrap_or_default();
        append(run, out);
        rest = behind;
        if let Some((&byte, behind)) = rest.split_first() {
            write_escaped(byte, out);
            rest = behind;
        }
    }
}

fn write_escaped(byte: u8, out: &mut Vec<u8>) {
    if let Some((_, name)) = ESCAPES.iter().find(|(escaped, _)| *escaped == byte) {
        append(&[b'\\', *name], out);
        return;
    }
    let hex = |digit: u8| digit + if digit < 10 { b'0' } else { b'a' - 10 };
    append(
        &[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)],
        out,
    );
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

#[cold]
fn cannot_be_written() -> WriteError {
    WriteError("the number cannot be written".into())
}

/// The most bytes of the preceding text in an error about a number.
const SHOWN: usize = 48;

fn name(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "infinity",
        f64::NEG_INFINITY => "-infinity",
        _ => "NaN",
    }
}

#[cold]
fn not_finite(name: &str, out: &[u8]) -> WriteError {
    let text = utf8(out).unwrap_or_default();
    let from = text.len().saturating_sub(SHOWN);
    let shown = (from..=text.len()).find_map(|from| text.get(from..));
    let shown = shown.unwrap_or_default();
    let place = match (shown.is_empty(), from) {
        (true, _) => ["", "", ""],
        (false, 0) => [", found after `", shown, "`"],
        (false, _) => [", found after `…", shown, "`"],
    };
    let place = place.concat();
    let words = [
        "JSON has no number for ",
        name,
        &place,
        ": make sure that the number is finite, or write an `Option` that is `None`",
    ];
    WriteError(words.concat().into_boxed_str())
}

/// An array or object under construction; `close` is its end.
struct Compound<'a> {
    out: &'a mut Vec<u8>,
    close: &'static str,
}

/// Returns whether the next element or member is the first: no value ends with an opening bracket.
fn is_first(out: &[u8]) -> bool {
    matches!(out.last(), Some(b'[' | b'{'))
}

/// Writes a comma before each element or member except the first.
pub(crate) fn separate(out: &mut Vec<u8>) {
    if !is_first(out) {
        out.push(b',');
    }
}

fn write_member<T: Serialize + ?Sized>(out: &mut Vec<u8>, key: &str, value: &T) -> Written {
    write_name(key, out);
    write(value, out)
}

impl<'a> Compound<'a> {
    fn open(out: &'a mut Vec<u8>, bracket: u8, close: &'static str) -> Self {
        out.push(bracket);
        Compound { out, close }
    }

    /// `{"variant":[` or `{"variant":{`
    fn open_variant(out: &'a mut Vec<u8>, variant: &str, bracket: u8, close: &'static str) -> Self {
        open_variant(variant, out);
        Compound::open(out, bracket, close)
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        separate(self.out);
        write(value, self.out)
    }

    fn close(self) -> Written {
        self.out.extend_from_slice(self.close.as_bytes());
        Ok(())
    }
}

fn open_variant(variant: &str, out: &mut Vec<u8>) {
    out.push(b'{');
    write_name(variant, out);
}

/// Converts the value written since `start` to a key.
///
/// So one writer serves keys and values, and a plugin needs no second copy of it for the few keys
/// that are not strings.
fn make_key(out: &mut Vec<u8>, start: usize) -> Written {
    match out.get(start) {
        Some(b'"') => Ok(()),
        Some(b'0'..=b'9' | b'-' | b't' | b'f') => {
            out.insert(start, b'"');
            out.push(b'"');
            Ok(())
        }
        _ => Err(WriteError(
            "the key of a map must be a string, a number or a boolean".into(),
        )),
    }
}

macro_rules! integers {
    ($($signed:ident $unsigned:ident $signed_type:ty, $unsigned_type:ty;)*) => {$(
        fn $signed(self, number: $signed_type) -> Written {
            if number < 0 {
                self.out.push(b'-');
            }
            write_u64(number.unsigned_abs().into(), self.out);
            Ok(())
        }

        fn $unsigned(self, number: $unsigned_type) -> Written {
            write_u64(number.into(), self.out);
            Ok(())
        }
    )*};
}

macro_rules! floats {
    ($($method:ident $write:ident $float:ty;)*) => {$(
        fn $method(self, number: $float) -> Written {
            if !number.is_finite() {
                return Err(not_finite(name(number.into()), self.out));
            }
            CompactFormatter
                .$write(&mut *self.out, number)
                .map_err(|_| cannot_be_written())
        }
    )*};
}

impl<'a> ser::Serializer for &'a mut Writer<'_> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Struct<'a>;
    type SerializeStructVariant = Compound<'a>;

    integers! {
        serialize_i8 serialize_u8 i8, u8;
        serialize_i16 serialize_u16 i16, u16;
        serialize_i32 serialize_u32 i32, u32;
        serialize_i64 serialize_u64 i64, u64;
    }

    fn serialize_i128(self, number: i128) -> Written {
        self.out.extend_from_slice(number.to_string().as_bytes());
        Ok(())
    }

    fn serialize_u128(self, number: u128) -> Written {
        self.out.extend_from_slice(number.to_string().as_bytes());
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Written {
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    // `serde_json` has the algorithm for the shortest digits that read back as the same number.
    // Only its formatter is used: the errors of its serializer would cost a guest 5 KB, and writing
    // to a vector does not fail.
    floats! {
        serialize_f32 write_f32 f32;
        serialize_f64 write_f64 f64;
    }

    fn serialize_char(self, value: char) -> Written {
        write_str(value.encode_utf8(&mut [0; 4]), self.out);
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Written {
        write_str(value, self.out);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Written {
        let mut array = Compound::open(self.out, b'[', "]");
        for byte in value {
            array.element(byte)?;
        }
        array.close()
    }

    fn serialize_none(self) -> Written {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        open_variant(variant, self.out);
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, WriteError> {
        Ok(Compound::open(self.out, b'[', "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, WriteError> {
        Ok(Compound::open(self.out, b'[', "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, WriteError> {
        Ok(Compound::open(self.out, b'[', "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, WriteError> {
        Ok(Compound::open_variant(self.out, variant, b'[', "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, WriteError> {
        Ok(Compound::open(self.out, b'{', "}"))
    }

    // Inlined like the methods of `Struct`, the name is a constant, so that only plugins that write
    // such text contain this code.
    #[inline(always)]
    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Struct<'a>, WriteError> {
        let verbatim = private::is_text(name);
        let start = self.out.len();
        if !verbatim {
            self.out.push(b'{');
        }
        Ok(Struct {
            out: self.out,
            verbatim: verbatim.then_some(start),
        })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, WriteError> {
        Ok(Compound::open_variant(self.out, variant, b'{', "}}"))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Written {
        let mut text = String::new();
        write!(text, "{value}").map_err(ser::Error::custom)?;
        self.serialize_str(&text)
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident)*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = WriteError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
                self.element(value)
            }

            fn end(self) -> Written {
                self.close()
            }
        }
    )*};
}

elements! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

/// A struct under construction.
struct Struct<'a> {
    out: &'a mut Vec<u8>,
    /// The start of the string that is JSON already, if the struct is only that.
    verbatim: Option<usize>,
}

impl ser::SerializeStruct for Struct<'_> {
    type Ok = ();
    type Error = WriteError;

    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        match self.verbatim {
            None => write_member(self.out, key, value),
            Some(_) => write(value, self.out),
        }
    }

    #[inline(always)]
    fn end(self) -> Written {
        match self.verbatim {
            None => self.out.push(b'}'),
            Some(start) => unquote(start, self.out),
        }
        Ok(())
    }
}

/// Replaces the string that begins at `start` by its content, reversing [`write_str`].
fn unquote(start: usize, out: &mut Vec<u8>) {
    let mut quoted = out.split_off(start).into_iter();
    out.reserve(quoted.len());
    quoted.next();
    quoted.next_back();
    while let Some(byte) = quoted.next() {
        let escaped = if byte == b'\\' { quoted.next() } else { None };
        out.push(match escaped {
            None => byte,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            // JSON escapes all other control characters already.
            Some(other) => other,
        });
    }
}

impl ser::SerializeStructVariant for Compound<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        write_member(self.out, key, value)
    }

    fn end(self) -> Written {
        self.close()
    }
}

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        separate(self.out);
        let start = self.out.len();
        write(key, self.out)?;
        make_key(self.out, start)?;
        self.out.push(b':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        write(value, self.out)
    }

    fn end(self) -> Written {
        self.close()
    }
}
