//! Arguments: from the canonical ABI to JSON.

use super::description::{Variant, content, kind, tagging};
use crate::contracts::canonical::{Node, Place};
use crate::decode_error::DecodeError;
use crate::json::{self, Arena, separate, write_str, write_u64};
use crate::memory::canonical::Given;
use serde::de::{Error as _, IgnoredAny};

type Lift<T = ()> = Result<T, DecodeError>;

/// Appends the value at a place as JSON.
pub(super) fn lift(mut ty: Node<'_>, place: Place<'_>, given: &Given, out: &mut Vec<u8>) -> Lift {
    match ty.byte() {
        kind::BOOLEAN => {
            let word: &[u8] = match place.number(1) {
                0 => b"false",
                _ => b"true",
            };
            out.extend_from_slice(word);
        }
        kind::INTEGER => {
            let size = ty.number();
            let number = place.number(size);
            let unused = 64 - 8 * size as u32;
            match ty.byte() {
                0 => write_u64(number, out),
                _ => {
                    let signed = (number << unused) as i64 >> unused;
                    if signed < 0 {
                        out.push(b'-');
                    }
                    write_u64(signed.unsigned_abs(), out);
                }
            }
        }
        kind::FLOAT => {
            let number = f64::from_bits(place.number(8));
            json::write(&number, out).map_err(|_| not_finite())?;
        }
        kind::TEXT => write_str(text(place, given)?, out),
        kind::JSON => {
            let text = text(place, given)?.as_bytes();
            json::read::<IgnoredAny>(text, &Arena::new()).map_err(|_| not_json())?;
            out.extend_from_slice(text);
        }
        kind::LIST => {
            let (size, element) = (ty.number(), ty.inner());
            out.push(b'[');
            for (nth, place) in elements(place, size, given)?.enumerate() {
                separate(out);
                lift(element, place, given, out).map_err(|fault| fault.in_element(nth))?;
            }
            out.push(b']');
        }
        kind::TUPLE => {
            out.push(b'[');
            for nth in 0..ty.number() {
                let part = place.part(ty.number(), ty.number());
                separate(out);
                lift(ty.inner(), part, given, out).map_err(|fault| fault.in_element(nth))?;
            }
            out.push(b']');
        }
        kind::RECORD => {
            out.push(b'{');
            members(ty, place, given, out)?;
            out.push(b'}');
        }
        kind::OPTION => {
            let (position, inner) = (ty.number(), ty.inner());
            match place.number(1) {
                0 => out.extend_from_slice(b"null"),
                _ => lift(inner, place.part(position, 1), given, out)?,
            }
        }
        kind::MAP => {
            let (size, position, inner) = (ty.number(), ty.number(), ty.inner());
            out.push(b'{');
            for entry in elements(place, size, given)? {
                let name = text(entry, given)?;
                key(name, out);
                lift(inner, entry.part(position, 2), given, out)
                    .map_err(|fault| fault.in_member(name))?;
            }
            out.push(b'}');
        }
        kind::ENUM => {
            let chosen = place.number(ty.number());
            let count = ty.number();
            let name = (0..count).map(|_| ty.text()).nth(chosen as usize);
            write_str(name.ok_or_else(broken)?, out);
        }
        _ => variant(ty, place, given, out)?,
    }
    Ok(())
}

/// Appends a variant; the kind has been read.
fn variant(mut ty: Node<'_>, place: Place<'_>, given: &Given, out: &mut Vec<u8>) -> Lift {
    let tagging = ty.byte();
    let (tag, content_name, size, position, _) =
        (ty.text(), ty.text(), ty.number(), ty.number(), ty.number());
    let chosen = place.number(size);
    let count = ty.number();
    let variant = (0..count)
        .map(|_| Variant::read(&mut ty))
        .nth(chosen as usize);
    let variant = variant.ok_or_else(broken)?;
    let payload = place.part(position, 1);
    let is_unit = variant.content == content::UNIT;
    match tagging {
        tagging::EXTERNAL if is_unit => write_str(variant.name(), out),
        tagging::EXTERNAL => {
            out.push(b'{');
            key(variant.name(), out);
            lift(variant.ty, payload, given, out)?;
            out.push(b'}');
        }
        tagging::INTERNAL => {
            out.push(b'{');
            key(tag, out);
            write_str(variant.name(), out);
            if !is_unit {
                let mut record = variant.ty;
                record.byte();
                members(record, payload, given, out)?;
            }
            out.push(b'}');
        }
        tagging::ADJACENT => {
            out.push(b'{');
            key(tag, out);
            write_str(variant.name(), out);
            let is_absent = variant.content == content::OPTIONAL && payload.number(1) == 0;
            if !is_unit && !is_absent {
                key(content_name, out);
                lift(variant.ty, payload, given, out)
                    .map_err(|fault| fault.in_member(content_name))?;
            }
            out.push(b'}');
        }
        _ if is_unit => out.extend_from_slice(b"null"),
        _ => lift(variant.ty, payload, given, out)?,
    }
    Ok(())
}

/// Appends the members of a record; the kind has been read.
fn members(mut ty: Node<'_>, place: Place<'_>, given: &Given, out: &mut Vec<u8>) -> Lift {
    for _ in 0..ty.number() {
        let name = ty.text();
        let may_be_absent = ty.byte() != 0;
        let part = place.part(ty.number(), ty.number());
        let inner = ty.inner();
        if may_be_absent && inner.peek() == kind::OPTION && part.number(1) == 0 {
            continue;
        }
        key(name, out);
        lift(inner, part, given, out).map_err(|fault| fault.in_member(name))?;
    }
    Ok(())
}

fn key(name: &str, out: &mut Vec<u8>) {
    separate(out);
    write_str(name, out);
    out.push(b':');
}

/// Returns the text at a place.
pub(super) fn text<'a>(place: Place<'_>, given: &'a Given) -> Lift<&'a str> {
    let (address, len) = place.range();
    let bytes = given.bytes(address, len).ok_or_else(broken)?;
    std::str::from_utf8(bytes).map_err(|_| broken())
}

/// Returns the places of the elements of the list at a place.
fn elements<'a>(
    place: Place<'_>,
    size: usize,
    given: &'a Given,
) -> Lift<impl Iterator<Item = Place<'a>>> {
    let (address, len) = place.range();
    let bytes = len.checked_mul(size);
    let bytes = bytes.and_then(|bytes| given.bytes(address, bytes));
    let bytes = bytes.ok_or_else(broken)?;
    Ok(bytes.chunks_exact(size.max(1)).map(Place::Memory))
}

#[cold]
fn not_finite() -> DecodeError {
    DecodeError::custom("NaN and infinity have no form in JSON, by which plugins take arguments")
}

#[cold]
fn not_json() -> DecodeError {
    DecodeError::custom("the text is not one JSON value")
}

/// The error for values that no engine passes.
#[cold]
fn broken() -> DecodeError {
    DecodeError::custom("the engine does not follow the canonical ABI")
}
