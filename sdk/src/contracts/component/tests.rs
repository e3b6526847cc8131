//! Conversions by descriptions that are written out by hand.

use super::description::{content, kind, tagging};
use super::lift::lift;
use super::lower::lower;
use crate::contracts::canonical::{Node, Place};
use crate::memory::canonical::{Frame, Given, realloc};
use crate::memory::component::Lowered;

/// A description under construction.
struct Writer(Vec<u8>);

impl Writer {
    fn new() -> Self {
        Writer(vec![0])
    }

    /// Adds a node, and returns its position, which fits one byte.
    fn node(&mut self, bytes: &[u8]) -> u8 {
        let position = self.0.len();
        self.0.extend_from_slice(bytes);
        u8::try_from(position).unwrap()
    }

    fn at(&self, position: u8) -> Node<'_> {
        Node::new(&self.0, position.into())
    }
}

/// Lowers JSON to `size` bytes; fails with the message of the error.
fn lowered(writer: &Writer, ty: u8, size: usize, json: &str) -> Result<Vec<u8>, String> {
    let (mut frame, mut kept) = (Frame::new(size), Lowered::default());
    lower(json.as_bytes(), writer.at(ty), frame.from(0), &mut kept)
        .map_err(|fault| fault.to_string())?;
    Ok(frame.from(0).to_vec())
}

/// Lifts flat parameters or bytes to JSON; fails with the message of the error.
fn lifted(writer: &Writer, ty: u8, place: Place<'_>) -> Result<String, String> {
    let mut json = Vec::new();
    lift(writer.at(ty), place, &Given::take(), &mut json).map_err(|fault| fault.to_string())?;
    Ok(String::from_utf8(json).unwrap())
}

/// Passes a text as a host does, and returns its address and length.
fn given(text: &str) -> [u64; 2] {
    let start = realloc(0, 0, 1, text.len());
    // SAFETY: the block is new and has as many bytes.
    unsafe { start.copy_from(text.as_ptr(), text.len()) };
    [u64::from(start.addr() as u32), text.len() as u64]
}

const SIGNED: u8 = 1;

#[test]
fn integers_keep_their_width_and_sign() {
    let mut writer = Writer::new();
    let u8 = writer.node(&[kind::INTEGER, 1, 0]);
    let i16 = writer.node(&[kind::INTEGER, 2, SIGNED]);
    let u64 = writer.node(&[kind::INTEGER, 8, 0]);
    let i64 = writer.node(&[kind::INTEGER, 8, SIGNED]);
    for (ty, json, bytes) in [
        (u8, "255", &[255][..]),
        (i16, "-32768", &[0, 128]),
        (i16, "-1", &[255, 255]),
        (u64, "18446744073709551615", &[255; 8]),
        (i64, "-9223372036854775808", &[0, 0, 0, 0, 0, 0, 0, 128]),
    ] {
        assert_eq!(lowered(&writer, ty, bytes.len(), json).unwrap(), bytes);
        assert_eq!(lifted(&writer, ty, Place::Memory(bytes)).unwrap(), json);
    }
    for (ty, json) in [(u8, "256"), (i16, "32768"), (i16, "-32769")] {
        let wrong = lowered(&writer, ty, 2, json).unwrap_err();
        assert!(wrong.contains("out of the range"), "{wrong}");
    }
    assert!(lowered(&writer, u8, 1, "-1").is_err());
    // In a slot, an integer has the sign of a 32-bit one.
    let slot = [u64::from(-2i32 as u32)];
    assert_eq!(lifted(&writer, i16, Place::Slots(&slot)).unwrap(), "-2");
}

#[test]
fn records_are_read_in_any_order() {
    let mut writer = Writer::new();
    let byte = writer.node(&[kind::INTEGER, 1, 0]);
    let wide = writer.node(&[kind::INTEGER, 8, 0]);
    let option = writer.node(&[kind::OPTION, 8, wide]);
    let record = writer.node(&[
        kind::RECORD,
        2,
        1,
        b'a',
        0,
        0,
        0,
        byte,
        1,
        b'b',
        1,
        8,
        1,
        option,
    ]);
    let with = |a: u8, b: [u8; 2]| {
        let mut bytes = [0; 24];
        (bytes[0], bytes[8], bytes[16]) = (a, b[0], b[1]);
        bytes.to_vec()
    };
    for (json, bytes) in [
        (r#"{"a":7,"b":9}"#, with(7, [1, 9])),
        (r#"{"x":[{}],"b":9,"a":7}"#, with(7, [1, 9])),
        (r#"{"a":7}"#, with(7, [0, 0])),
        (r#"{"b":null,"a":7}"#, with(7, [0, 0])),
    ] {
        assert_eq!(lowered(&writer, record, 24, json).unwrap(), bytes, "{json}");
    }
    let missing = lowered(&writer, record, 24, r#"{"b":1}"#).unwrap_err();
    assert_eq!(missing, "the member `a` is missing");
    let bytes = with(7, [1, 9]);
    let json = lifted(&writer, record, Place::Memory(&bytes)).unwrap();
    assert_eq!(json, r#"{"a":7,"b":9}"#);
    let json = lifted(&writer, record, Place::Slots(&[7, 0, 0])).unwrap();
    assert_eq!(json, r#"{"a":7}"#);
}

#[test]
fn lists_and_tuples_have_their_lengths() {
    let mut writer = Writer::new();
    let byte = writer.node(&[kind::INTEGER, 1, 0]);
    let list = writer.node(&[kind::LIST, 1, byte]);
    let tuple = writer.node(&[kind::TUPLE, 2, 0, 0, byte, 1, 1, byte]);
    let [address, len] = given("\u{1}\u{2}\u{3}");
    let slots = [address, len];
    assert_eq!(
        lifted(&writer, list, Place::Slots(&slots)).unwrap(),
        "[1,2,3]"
    );
    assert_eq!(lowered(&writer, list, 8, "[ ]").unwrap(), [0; 8]);
    assert_eq!(
        lowered(&writer, list, 8, "[1,2]").unwrap()[4..],
        [2, 0, 0, 0]
    );
    assert_eq!(lowered(&writer, tuple, 2, "[1,2]").unwrap(), [1, 2]);
    for json in ["[1]", "[1,2,3]", "[]", "{}"] {
        assert!(lowered(&writer, tuple, 2, json).is_err(), "{json}");
    }
}

#[test]
fn variants_are_found_by_each_kind_of_tag() {
    let variant = |tagging: u8, ty: u8| {
        [
            &[kind::VARIANT, tagging, 1, b't', 1, b'c', 1, 1, 1, 2][..],
            &[1, 4, b'U', b'n', b'i', b't', content::UNIT, 0],
            &[2, 1, b'N', 1, b'M', content::VALUE, ty],
        ]
        .concat()
    };
    let mut writer = Writer::new();
    let byte = writer.node(&[kind::INTEGER, 1, 0]);
    let record = writer.node(&[kind::RECORD, 1, 1, b'n', 0, 0, 0, byte]);
    let external = writer.node(&variant(tagging::EXTERNAL, byte));
    let internal = writer.node(&variant(tagging::INTERNAL, record));
    let adjacent = writer.node(&variant(tagging::ADJACENT, byte));
    let untagged = writer.node(&variant(tagging::UNTAGGED, byte));
    for (ty, unit, value) in [
        (external, r#""Unit""#, r#"{"N":5}"#),
        (internal, r#"{"t":"Unit"}"#, r#"{"t":"N","n":5}"#),
        (adjacent, r#"{"t":"Unit"}"#, r#"{"t":"N","c":5}"#),
        (untagged, "null", "5"),
    ] {
        for (json, bytes, slots) in [(unit, [0, 0], [0, 0]), (value, [1, 5], [1, 5])] {
            assert_eq!(lowered(&writer, ty, 2, json).unwrap(), bytes, "{json}");
            assert_eq!(lifted(&writer, ty, Place::Memory(&bytes)).unwrap(), json);
            assert_eq!(lifted(&writer, ty, Place::Slots(&slots)).unwrap(), json);
        }
    }
    // Another name of the same variant, and members in another order.
    assert_eq!(lowered(&writer, external, 2, r#"{"M":5}"#).unwrap(), [1, 5]);
    assert_eq!(
        lowered(&writer, adjacent, 2, r#"{"c":5,"t":"M"}"#).unwrap(),
        [1, 5]
    );
    for (ty, json) in [
        (external, r#""X""#),
        (external, r#"{"N":5,"M":5}"#),
        (internal, r#"{"n":5}"#),
        (adjacent, r#"{"t":"N"}"#),
        (untagged, r#""text""#),
    ] {
        assert!(lowered(&writer, ty, 2, json).is_err(), "{json}");
    }
    assert!(lifted(&writer, external, Place::Memory(&[2, 0])).is_err());
}

#[test]
fn texts_are_those_that_the_host_passed() {
    let mut writer = Writer::new();
    let text = writer.node(&[kind::TEXT]);
    let json = writer.node(&[kind::JSON]);
    let float = writer.node(&[kind::FLOAT]);
    let slots = given("é\"\n");
    assert_eq!(
        lifted(&writer, text, Place::Slots(&slots)).unwrap(),
        r#""é\"\n""#
    );
    // Taken by the call before, so it is no block of this one.
    assert!(lifted(&writer, text, Place::Slots(&slots)).is_err());
    let slots = given(r#" {"a": 1} "#);
    assert_eq!(
        lifted(&writer, json, Place::Slots(&slots)).unwrap(),
        r#" {"a": 1} "#
    );
    for wrong in ["", "{", "1,2", r#"1,"b":2"#] {
        let slots = given(wrong);
        let error = lifted(&writer, json, Place::Slots(&slots)).unwrap_err();
        assert_eq!(error, "the text is not one JSON value", "{wrong}");
    }
    for number in [f64::NAN, f64::INFINITY] {
        let error = lifted(&writer, float, Place::Slots(&[number.to_bits()])).unwrap_err();
        assert!(error.starts_with("NaN and infinity"), "{error}");
    }
}
