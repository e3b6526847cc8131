//! Commands that take and return plain bytes.

use std::borrow::Cow;

use crate::error::{Error, code};
use crate::json::{decimal, object};
use crate::memory::text::utf8;
use crate::memory::{Answer, CallFrame, Number, as_bytes, as_numbers};

/// The manifest's name for text; numbers have the names of their types.
const TEXT: &str = "text";

/// The content of plain bytes.
#[derive(Clone, Copy)]
pub struct Bytes {
    /// The type of the numbers, or `text`.
    pub items: &'static str,
    /// `true` if the command may change them in place.
    pub in_place: bool,
}

impl Bytes {
    /// Describes bytes that the command only reads.
    pub const fn of(items: &'static str) -> Self {
        Bytes {
            items,
            in_place: false,
        }
    }
}

/// A type that the one argument of a raw command can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the argument of a raw command",
    label = "this type is not made of plain bytes",
    note = "take `&[u8]`, `&mut [u8]`, `Vec<u8>`, `&str`, `String`, or a slice of numbers such as `&mut [f32]`"
)]
pub trait RawArgument<'a>: Sized {
    /// The alignment of the bytes.
    const ALIGNMENT: usize = 1;
    /// The content of the bytes, for the plugin's manifest.
    const BYTES: Bytes;

    /// Reads the argument from the bytes of the call.
    fn from_bytes(bytes: &'a mut [u8]) -> Result<Self, Error>;
}

macro_rules! raw_arguments {
    ($([$($generics:tt)*] $type:ty, $alignment:expr, $bytes:expr, |$given:ident| $read:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<'a, $($generics)*> RawArgument<'a> for $type {
            const ALIGNMENT: usize = $alignment;
            const BYTES: Bytes = $bytes;

            fn from_bytes($given: &'a mut [u8]) -> Result<Self, Error> {
                $read
            }
        }
    )*};
}

raw_arguments! {
    [T: Number] &'a mut [T], align_of::<T>(), Bytes { items: T::NAME, in_place: true }, |bytes| {
        let len = bytes.len();
        let aligned = bytes.as_ptr().addr().is_multiple_of(align_of::<T>());
        as_numbers(bytes).ok_or_else(|| not_numbers(size_of::<T>(), len, aligned))
    };
    [T: Number] &'a [T], align_of::<T>(), Bytes::of(T::NAME),
        |bytes| <&mut [T]>::from_bytes(bytes).map(|numbers| &*numbers);
    [T: Number] Vec<T>, align_of::<T>(), Bytes::of(T::NAME),
        |bytes| <&[T]>::from_bytes(bytes).map(<[T]>::to_vec);
    [] &'a str, 1, Bytes::of(TEXT), |bytes| utf8(bytes).map_err(|valid| {
        invalid("UTF-8", valid, "bytes that are not, from byte ")
    });
    [] String, 1, Bytes::of(TEXT), |bytes| <&str>::from_bytes(bytes).map(str::to_owned);
}

#[cold]
fn not_numbers(size: usize, len: usize, aligned: bool) -> Error {
    if aligned {
        invalid(
            match size {
                2 => "a multiple of 2 bytes",
                4 => "a multiple of 4 bytes",
                _ => "a multiple of 8 bytes",
            },
            len,
            "this many: ",
        )
    } else {
        invalid(
            "bytes aligned as `alloc` aligns them",
            size,
            "an address that is not a multiple of ",
        )
    }
}

/// Returns the error for unexpected bytes; `found` is followed by `number`.
#[cold]
pub(crate) fn invalid(expected: &str, number: usize, found: &str) -> Error {
    let found = [found, &decimal(number as u64)].concat();
    let message = ["the arguments: expected ", expected, ", found ", &found].concat();
    let details = object(|details| {
        details.string("path", "");
        details.string("expected", expected);
        details.string("found", &found);
    });
    Error::new(code::INVALID_ARGUMENT, message).with_details_json(details)
}

/// A type that a raw command can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a raw command",
    label = "this type is not made of plain bytes",
    note = "return `Vec<u8>`, `&[u8]`, `String`, `&str`, a slice of numbers, nothing, or `Result<T, E>` of such a `T`"
)]
pub trait RawResult {
    /// The content of the bytes, for the plugin's manifest; `None` without any.
    const BYTES: Option<Bytes>;

    /// Leaves the bytes of the result in the frame of the call.
    fn answer(self, frame: &mut CallFrame<'_>);
}

macro_rules! raw_results {
    ($([$($generics:tt)*] $type:ty, $bytes:expr, |$value:ident, $frame:ident| $answer:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> RawResult for $type {
            const BYTES: Option<Bytes> = $bytes;

            fn answer(self, $frame: &mut CallFrame<'_>) {
                let $value = self;
                $answer
            }
        }
    )*};
}

raw_results! {
    [] (), None, |_nothing, frame| frame.answer = Answer::in_place(&[]);
    [] Vec<u8>, Some(Bytes::of("u8")), |bytes, frame| {
        // A batch has the answers before this one.
        if frame.output.is_empty() {
            *frame.output = bytes;
        } else {
            frame.output.extend_from_slice(&bytes);
        }
    };
    [] String, Some(Bytes::of(TEXT)), |text, frame| text.into_bytes().answer(frame);
    [T: Number] &[T], Some(Bytes::of(T::NAME)), |numbers, frame| {
        frame.answer = Answer::in_place(as_bytes(numbers));
    };
    [T: Number] &mut [T], Some(Bytes::of(T::NAME)), |numbers, frame| (&*numbers).answer(frame);
    [] &str, Some(Bytes::of(TEXT)), |text, frame| text.as_bytes().answer(frame);
    [T: Number, const N: usize] [T; N], Some(Bytes::of(T::NAME)), |numbers, frame| {
        frame.output.extend_from_slice(as_bytes(&numbers));
    };
    [] Cow<'_, [u8]>, Some(Bytes::of("u8")), |bytes, frame| match bytes {
        Cow::Borrowed(bytes) => bytes.answer(frame),
        Cow::Owned(bytes) => bytes.answer(frame),
    };
    [] Cow<'_, str>, Some(Bytes::of(TEXT)), |text, frame| match text {
        Cow::Borrowed(text) => text.answer(frame),
        Cow::Owned(text) => text.answer(frame),
    };
}
