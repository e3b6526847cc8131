//! Results: from JSON to the canonical ABI.

use super::description::{Variant, content, kind, tagging};
use crate::contracts::canonical::Node;
use crate::decode_error::DecodeError;
use crate::json::{Arena, Reader};
use crate::memory::canonical::Frame;
use crate::memory::component::Lowered;
use serde::Deserialize;
use serde::de::Error as _;

type Lower<T = ()> = Result<T, DecodeError>;

/// Writes results into memory that stays until the host has read them.
pub(super) struct Lowering<'a> {
    arena: &'a Arena,
    lowered: &'a mut Lowered,
}

/// Writes JSON as a value of a type to the beginning of `out`, which has room for it and is zero.
pub(super) fn lower(text: &[u8], ty: Node<'_>, out: &mut [u8], lowered: &mut Lowered) -> Lower {
    let arena = Arena::new();
    let mut reader = Reader::new(text, &arena);
    let mut lowering = Lowering {
        arena: &arena,
        lowered,
    };
    lowering.value(ty, &mut reader, out)?;
    reader.end()
}

impl<'a> Lowering<'a> {
    /// Reads the next value, and adds its position to an error.
    fn value(&mut self, ty: Node<'_>, reader: &mut Reader<'a>, out: &mut [u8]) -> Lower {
        reader.value(|reader| self.read(ty, reader, out))
    }

    fn read(&mut self, mut ty: Node<'_>, reader: &mut Reader<'a>, out: &mut [u8]) -> Lower {
        match ty.byte() {
            kind::BOOLEAN => put(out, u64::from(bool::deserialize(reader)?), 1),
            kind::INTEGER => {
                let size = ty.number();
                let number = match ty.byte() {
                    0 => unsigned(u64::deserialize(reader)?, size)?,
                    _ => signed(i64::deserialize(reader)?, size)?,
                };
                put(out, number, size);
            }
            kind::FLOAT => put(out, f64::deserialize(reader)?.to_bits(), 8),
            kind::TEXT => self.put_text(reader.kept_string()?, out),
            kind::JSON => self.put_text(reader.raw()?, out),
            kind::LIST => {
                let (size, element) = (ty.number(), ty.inner());
                reader.open_array()?;
                let (mut frame, mut count) = (Frame::default(), 0);
                while reader.element(count == 0)? {
                    self.value(element, reader, frame.grow(size))
                        .map_err(|fault| fault.in_element(count))?;
                    count += 1;
                }
                self.put_list(frame, count, out);
            }
            kind::TUPLE => {
                reader.open_array()?;
                let count = ty.number();
                for nth in 0..count {
                    let (position, _, inner) = (ty.number(), ty.number(), ty.inner());
                    if !reader.element(nth == 0)? {
                        return Err(DecodeError::custom("the array has too few elements"));
                    }
                    self.value(inner, reader, part(out, position))
                        .map_err(|fault| fault.in_element(nth))?;
                }
                if reader.element(count == 0)? {
                    return Err(DecodeError::custom("the array has too many elements"));
                }
            }
            kind::RECORD => self.record(ty, reader, out)?,
            kind::OPTION => {
                let (position, inner) = (ty.number(), ty.inner());
                if !reader.null()? {
                    put(out, 1, 1);
                    self.value(inner, reader, part(out, position))?;
                }
            }
            kind::MAP => {
                let (size, position, inner) = (ty.number(), ty.number(), ty.inner());
                reader.open_object()?;
                let (mut frame, mut count) = (Frame::default(), 0);
                while let Some(name) = reader.member(count == 0)? {
                    let entry = frame.grow(size);
                    self.put_text(name, entry);
                    self.value(inner, reader, part(entry, position))
                        .map_err(|fault| fault.in_member(name))?;
                    count += 1;
                }
                self.put_list(frame, count, out);
            }
            kind::ENUM => {
                let size = ty.number();
                let name = reader.kept_string()?;
                let chosen = (0..ty.number()).position(|_| ty.text() == name);
                put(out, chosen.ok_or_else(|| unknown(name))? as u64, size);
            }
            _ => self.variant(ty, reader, out)?,
        }
        Ok(())
    }

    /// Reads an object as a record, whose kind has been read. Ignores other members.
    fn record(&mut self, mut ty: Node<'_>, reader: &mut Reader<'a>, out: &mut [u8]) -> Lower {
        let count = ty.number();
        let mut missing: Vec<&str> = Vec::new();
        let mut fields = ty;
        for _ in 0..count {
            let field = Field::read(&mut fields);
            if !field.may_be_absent {
                missing.push(field.name);
            }
        }
        reader.open_object()?;
        // Members are usually in the order of the fields.
        let (mut rest, mut left, mut first) = (ty, count, true);
        while let Some(name) = reader.member(first)? {
            first = false;
            let mut found = None;
            for _ in 0..count {
                if left == 0 {
                    (rest, left) = (ty, count);
                }
                let field = Field::read(&mut rest);
                left -= 1;
                if field.name == name {
                    found = Some(field);
                    break;
                }
            }
            let Some(field) = found else {
                reader.raw()?;
                continue;
            };
            missing.retain(|missing| *missing != name);
            self.value(field.ty, reader, part(out, field.position))
                .map_err(|fault| fault.in_member(name))?;
        }
        match missing.first() {
            None => Ok(()),
            Some(name) => {
                let message = ["the member `", name, "` is missing"].concat();
                Err(DecodeError::custom(message))
            }
        }
    }

    /// Reads a variant, whose kind has been read.
    fn variant(&mut self, mut ty: Node<'_>, reader: &mut Reader<'a>, out: &mut [u8]) -> Lower {
        let tagging = ty.byte();
        let (tag, content_name, size, position, payload) =
            (ty.text(), ty.text(), ty.number(), ty.number(), ty.number());
        let variants = ty;
        if tagging == tagging::EXTERNAL {
            return self.external(variants, size, position, reader, out);
        }
        let text = reader.raw()?;
        if tagging == tagging::UNTAGGED {
            let mut last = DecodeError::custom("no variant fits the value");
            for (nth, variant) in each(variants).enumerate() {
                let outcome = match variant.content {
                    content::UNIT if text == "null" => Ok(()),
                    content::UNIT => continue,
                    _ => self.again(text, variant.ty, part(out, position)),
                };
                match outcome {
                    Ok(()) => {
                        put(out, nth as u64, size);
                        return Ok(());
                    }
                    Err(fault) => last = fault,
                }
                if let Some(payload) = out.get_mut(position..position + payload) {
                    payload.fill(0);
                }
            }
            return Err(last);
        }
        let (mut name, mut content_text) = (None, None);
        let mut members = Reader::new(text.as_bytes(), self.arena);
        members.open_object()?;
        let mut first = true;
        while let Some(member) = members.member(first)? {
            first = false;
            if member == tag {
                name = Some(members.kept_string()?);
            } else if tagging == tagging::ADJACENT && member == content_name {
                content_text = Some(members.raw()?);
            } else {
                members.raw()?;
            }
        }
        let name = name.ok_or_else(|| unknown(""))?;
        let (nth, variant) = find(variants, name)?;
        put(out, nth as u64, size);
        let payload = part(out, position);
        match (tagging, variant.content, content_text) {
            (_, content::UNIT, _) | (tagging::ADJACENT, content::OPTIONAL, None) => Ok(()),
            (tagging::ADJACENT, _, Some(text)) => self
                .again(text, variant.ty, payload)
                .map_err(|fault| fault.in_member(content_name)),
            (tagging::ADJACENT, _, None) => {
                let message = ["the member `", content_name, "` is missing"].concat();
                Err(DecodeError::custom(message))
            }
            _ => self.again(text, variant.ty, payload),
        }
    }

    /// Reads `"name"` or `{"name": content}`.
    fn external(
        &mut self,
        variants: Node<'_>,
        size: usize,
        position: usize,
        reader: &mut Reader<'a>,
        out: &mut [u8],
    ) -> Lower {
        if reader.is_string() {
            let (nth, _) = find(variants, reader.kept_string()?)?;
            put(out, nth as u64, size);
            return Ok(());
        }
        reader.open_object()?;
        let name = reader.member(true)?.unwrap_or_default();
        let (nth, variant) = find(variants, name)?;
        put(out, nth as u64, size);
        match variant.content {
            content::UNIT => drop(reader.raw()?),
            _ => self.value(variant.ty, reader, part(out, position))?,
        }
        match reader.member(false)? {
            None => Ok(()),
            Some(_) => Err(DecodeError::custom("the object has several members")),
        }
    }

    /// Reads text that has been found already.
    fn again(&mut self, text: &'a str, ty: Node<'_>, out: &mut [u8]) -> Lower {
        let mut reader = Reader::new(text.as_bytes(), self.arena);
        self.read(ty, &mut reader, out)
    }

    fn put_text(&mut self, text: &str, out: &mut [u8]) {
        if !text.is_empty() {
            let address = self.lowered.keep_bytes(text.as_bytes().to_vec());
            put_range(address, text.len(), out);
        }
    }

    fn put_list(&mut self, frame: Frame, count: usize, out: &mut [u8]) {
        if count > 0 {
            put_range(self.lowered.keep_frame(frame), count, out);
        }
    }
}

/// A field of a record.
struct Field<'a> {
    name: &'a str,
    may_be_absent: bool,
    position: usize,
    ty: Node<'a>,
}

impl<'a> Field<'a> {
    fn read(node: &mut Node<'a>) -> Self {
        let (name, may_be_absent) = (node.text(), node.byte() != 0);
        let (position, _, ty) = (node.number(), node.number(), node.inner());
        Field {
            name,
            may_be_absent,
            position,
            ty,
        }
    }
}

fn each<'a>(mut variants: Node<'a>) -> impl Iterator<Item = Variant<'a>> {
    (0..variants.number()).map(move |_| Variant::read(&mut variants))
}

fn find<'a>(variants: Node<'a>, name: &str) -> Lower<(usize, Variant<'a>)> {
    let found = each(variants)
        .enumerate()
        .find(|(_, variant)| variant.is(name));
    found.ok_or_else(|| unknown(name))
}

#[cold]
fn unknown(name: &str) -> DecodeError {
    DecodeError::custom(["there is no variant `", name, "`"].concat())
}

/// Checks that a number has at most `size` bytes.
fn unsigned(number: u64, size: usize) -> Lower<u64> {
    match number.checked_shr(8 * size as u32).unwrap_or(0) {
        0 => Ok(number),
        _ => Err(out_of_range()),
    }
}

/// Checks that a number has at most `size` bytes with its sign.
fn signed(number: i64, size: usize) -> Lower<u64> {
    let unused = 64 - 8 * size as u32;
    match (number << unused) >> unused == number {
        true => Ok(number as u64),
        false => Err(out_of_range()),
    }
}

#[cold]
fn out_of_range() -> DecodeError {
    DecodeError::custom("the number is out of the range that its schema states")
}

fn part(out: &mut [u8], position: usize) -> &mut [u8] {
    out.get_mut(position..).unwrap_or_default()
}

/// Writes the lowest `size` bytes of a number to the beginning of `out`.
pub(super) fn put(out: &mut [u8], number: u64, size: usize) {
    for (to, from) in out.iter_mut().zip(number.to_le_bytes()).take(size) {
        *to = from;
    }
}

/// Writes the address and the length of a text or list to the beginning of `out`.
pub(super) fn put_range(address: u32, len: usize, out: &mut [u8]) {
    put(out, u64::from(address), 4);
    put(part(out, 4), len as u64, 4);
}
