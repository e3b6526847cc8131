//! The input of raw commands.

use fastrand::Rng;

use super::texts;
use crate::interface::Element;
use crate::schema::Text;

/// Lengths at which a loop over blocks, a count in one or two bytes, or a page ends.
const LENGTHS: [usize; 20] = [
    0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 255, 256, 1_024, 4_097, 65_537,
];

/// Floats that spread through a computation.
const FLOATS: [f64; 10] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN_POSITIVE,
    1e-310,
];

/// Returns bytes for a command that takes these elements; sometimes too few or too many of them.
pub fn bytes(random: &mut Rng, element: Option<Element>) -> Vec<u8> {
    let mut bytes = match element {
        Some(Element::Text) => texts::text(random, &Text::default())
            .unwrap_or_default()
            .into(),
        Some(element @ (Element::F32 | Element::F64)) => floats(random, element),
        _ => any(random),
    };
    match (random.u8(..6), element.map_or(1, Element::size)) {
        // Not a whole number of elements, or not text.
        (0, _) => bytes.push(0xff),
        (_, size) => bytes.truncate(bytes.len() / size * size),
    }
    bytes
}

fn length(random: &mut Rng) -> usize {
    match random.u8(..4) {
        0 => random.choice(LENGTHS).unwrap_or(0),
        _ => random.usize(..64),
    }
}

fn any(random: &mut Rng) -> Vec<u8> {
    let length = length(random);
    match random.u8(..4) {
        0 => vec![random.choice([0, 1, 0x7f, 0x80, 0xff]).unwrap_or(0); length],
        _ => std::iter::repeat_with(|| random.u8(..))
            .take(length)
            .collect(),
    }
}

fn floats(random: &mut Rng, element: Element) -> Vec<u8> {
    let mut bytes = Vec::new();
    let is_wild = random.u8(..3) == 0;
    for _ in 0..length(random).min(4_097) {
        let float = match is_wild {
            true => random.choice(FLOATS).unwrap_or(0.0),
            false => random.f64() * 2.0 - 1.0,
        };
        match element {
            Element::F32 => bytes.extend_from_slice(&(float as f32).to_le_bytes()),
            _ => bytes.extend_from_slice(&float.to_le_bytes()),
        }
    }
    bytes
}
