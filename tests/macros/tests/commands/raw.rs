//! Commands that take and return plain bytes.

use std::borrow::Cow;

use plugin_sdk::prelude::*;

use super::*;

#[plugin]
#[derive(Default)]
struct Bytes {
    kept: Vec<u8>,
}

#[plugin]
impl Bytes {
    #[command(raw)]
    fn nothing(&self) {}

    #[command(raw)]
    fn echo(&self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    #[command(raw)]
    fn lend<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(1..).unwrap_or_default()
    }

    #[command(raw)]
    fn flip<'a>(&self, bytes: &'a mut [u8]) -> &'a mut [u8] {
        bytes.reverse();
        bytes
    }

    #[command(raw)]
    fn double(&self, samples: &mut [f32]) {
        for sample in samples {
            *sample *= 2.0;
        }
    }

    #[command(raw)]
    fn sum(&self, numbers: &[u64]) -> [u64; 1] {
        [numbers.iter().sum()]
    }

    #[command(raw)]
    fn copied(&self, numbers: Vec<i16>) -> Vec<u8> {
        numbers.iter().map(|number| *number as u8).collect()
    }

    #[command(raw)]
    fn text<'a>(&self, text: &'a str) -> &'a str {
        text.trim()
    }

    #[command(raw)]
    fn owned_text(&self, text: String) -> String {
        text.to_uppercase()
    }

    #[command(raw)]
    fn either<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match text.contains(' ') {
            true => Cow::Owned(text.replace(' ', "")),
            false => Cow::Borrowed(text),
        }
    }

    #[command(raw)]
    fn kept(&mut self, bytes: &[u8]) -> &[u8] {
        self.kept.extend_from_slice(bytes);
        &self.kept
    }

    #[command(raw)]
    fn alone(numbers: &[f64]) -> Result<Cow<'_, [u8]>> {
        match numbers {
            [] => Err(Error::new("empty", "there are no numbers")),
            _ => Ok(Cow::Owned(vec![numbers.len() as u8])),
        }
    }

    #[command(raw, rename = "as-text")]
    fn renamed(&self) -> &'static str {
        "constant"
    }
}

/// Arguments with the alignment that the guest's `alloc` gives them.
struct Arguments {
    room: Vec<u8>,
    start: usize,
    len: usize,
}

impl Arguments {
    fn new(bytes: &[u8]) -> Self {
        let room = vec![0; bytes.len() + 16];
        let mut arguments = Arguments {
            start: room.as_ptr().align_offset(16),
            len: bytes.len(),
            room,
        };
        arguments.bytes().copy_from_slice(bytes);
        arguments
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.room[self.start..self.start + self.len]
    }
}

#[test]
fn owned_bytes_pass_through_unread() {
    let echo = |bytes: &[u8]| {
        let handler = Bytes::__plugin_sdk_command_echo;
        written(&mut Bytes::default(), handler, &mut bytes.to_vec()).unwrap()
    };
    assert_eq!(echo(b"\xff{not json"), b"\xff{not json");
    assert_eq!(echo(b""), b"");
}

#[test]
fn borrowed_bytes_are_returned_without_a_copy() {
    let mut bytes = *b"abc";
    let tail: *const [u8] = &bytes[1..];
    let lend = Bytes::__plugin_sdk_command_lend;
    let place = place_of(&mut Bytes::default(), lend, &mut bytes);
    assert!(std::ptr::eq(place, tail));

    let whole: *const [u8] = &bytes;
    let flip = Bytes::__plugin_sdk_command_flip;
    let place = place_of(&mut Bytes::default(), flip, &mut bytes);
    assert!(std::ptr::eq(place, whole));
    assert_eq!(&bytes, b"cba");
}

#[test]
fn bytes_of_the_plugin_are_returned_without_a_copy() {
    let mut plugin = Bytes {
        kept: Vec::with_capacity(16),
    };
    let handler = Bytes::__plugin_sdk_command_kept;
    let place = place_of(&mut plugin, handler, &mut b"xyz".to_vec());
    let kept: *const [u8] = &*plugin.kept;
    assert!(std::ptr::eq(place, kept));
    assert_eq!(plugin.kept, b"xyz");
}

#[test]
fn numbers_are_read_and_changed_in_place() {
    let mut samples = Arguments::new(&[1.5f32.to_le_bytes(), (-2f32).to_le_bytes()].concat());
    let double = Bytes::__plugin_sdk_command_double;
    let place = place_of(&mut Bytes::default(), double, samples.bytes());
    assert_eq!(place.len(), 0);
    assert_eq!(
        samples.bytes(),
        [3f32.to_le_bytes(), (-4f32).to_le_bytes()].concat()
    );
}

#[test]
fn arrays_of_numbers_are_copied_out() {
    let mut numbers = Arguments::new(&[7u64.to_le_bytes(), 8u64.to_le_bytes()].concat());
    let sum = Bytes::__plugin_sdk_command_sum;
    let output = written(&mut Bytes::default(), sum, numbers.bytes()).unwrap();
    assert_eq!(output, 15u64.to_le_bytes());
}

#[test]
fn raw_text_is_borrowed_or_owned() {
    let text = |handler: Handler<Bytes>, text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        written(&mut Bytes::default(), handler, &mut bytes).unwrap()
    };
    assert_eq!(
        text(Bytes::__plugin_sdk_command_owned_text, "straße"),
        "STRASSE".as_bytes()
    );
    assert_eq!(text(Bytes::__plugin_sdk_command_either, "a b"), b"ab");
    let mut bytes = *b" x ";
    let middle: *const [u8] = &bytes[1..2];
    let trimmed = Bytes::__plugin_sdk_command_text;
    let place = place_of(&mut Bytes::default(), trimmed, &mut bytes);
    assert!(std::ptr::eq(place, middle));
}

#[test]
fn a_raw_command_without_a_result_returns_no_bytes() {
    let nothing = Bytes::__plugin_sdk_command_nothing;
    let place = place_of(&mut Bytes::default(), nothing, &mut []);
    assert_eq!(place.len(), 0);
}

#[test]
fn raw_text_that_is_not_utf_8_is_refused() {
    assert_eq!(
        refused(
            &mut Bytes::default(),
            Bytes::__plugin_sdk_command_text,
            b"ab\xffc"
        ),
        json!({
            "code": "invalid_argument",
            "message": "the arguments: expected UTF-8, found bytes that are not, from byte 2",
            "details": {"path": "", "expected": "UTF-8", "found": "bytes that are not, from byte 2"},
        })
    );
}

#[test]
fn a_partial_number_is_refused() {
    for (handler, len, expected) in [
        (
            Bytes::__plugin_sdk_command_copied as Handler<Bytes>,
            3,
            "a multiple of 2 bytes",
        ),
        (
            Bytes::__plugin_sdk_command_double,
            6,
            "a multiple of 4 bytes",
        ),
        (Bytes::__plugin_sdk_command_sum, 12, "a multiple of 8 bytes"),
    ] {
        let mut arguments = Arguments::new(&vec![0; len]);
        let given = served(&mut Bytes::default(), handler, arguments.bytes());
        let error = seen(&given.err().unwrap());
        assert_eq!(error["code"], "invalid_argument");
        assert_eq!(
            error["details"],
            json!({"path": "", "expected": expected, "found": format!("this many: {len}")})
        );
    }
}

#[test]
fn unaligned_numbers_are_refused() {
    let mut numbers = Arguments::new(&[0; 9]);
    let sum = Bytes::__plugin_sdk_command_sum;
    let given = served(&mut Bytes::default(), sum, &mut numbers.bytes()[1..]);
    assert_eq!(
        seen(&given.err().unwrap())["details"]["expected"],
        "bytes aligned as `alloc` aligns them"
    );
}

#[test]
fn a_raw_command_fails_like_any_other() {
    assert_eq!(
        refused(
            &mut Bytes::default(),
            Bytes::__plugin_sdk_command_alone,
            b""
        ),
        json!({"code": "empty", "message": "there are no numbers"})
    );
}

#[test]
fn raw_commands_remain_ordinary_functions() {
    let mut samples = [1.0, 2.0];
    Bytes::default().double(&mut samples);
    assert_eq!(samples, [2.0, 4.0]);
    assert_eq!(Bytes::default().renamed(), "constant");
}
