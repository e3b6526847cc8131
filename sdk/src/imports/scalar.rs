//! Values that cross as one number.

use crate::imports::description::Kind;
use crate::imports::wire::Wire;

/// A value that crosses the boundary as one number.
///
/// Numbers, `bool` and `char` implement it; [derive](macro@crate::HostScalar) it for enums without
/// fields that have a `repr`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross to the host as it is",
    label = "a host knows no such type",
    note = "take a number, `bool`, `&str`, `&[u8]`, `&mut [T]` of numbers, `&CStr` or an enum with `#[derive(HostScalar)]`; put #[json] before the argument to \
            pass any other type as JSON"
)]
pub trait Scalar: Copy {
    /// The type of the number.
    type Wire: Wire;

    /// The meaning of the number.
    const KIND: Kind;

    /// Converts to the number.
    fn to_wire(self) -> Self::Wire;

    /// Converts from the number; `None` if it is not a value of this type.
    fn from_wire(wire: Self::Wire) -> Option<Self>;
}

macro_rules! scalars {
    ($($scalar:ident $wire:ident $kind:ident |$value:ident| $to:expr, |$number:ident| $from:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Scalar for $scalar {
            type Wire = $wire;
            const KIND: Kind = Kind::$kind;

            #[inline]
            fn to_wire(self) -> $wire {
                let $value = self;
                $to
            }

            #[inline]
            fn from_wire($number: $wire) -> Option<Self> {
                $from
            }
        }
    )*};
}

/// Lists numbers that cross as they are.
macro_rules! numbers {
    ($($scalar:ident $wire:ident $kind:ident)*) => {
        scalars! {$(
            $scalar $wire $kind |number| number as $wire, |wire| {
                // A number that a narrower type cannot hold is invalid, never truncated.
                let value = wire as $scalar;
                (value.to_wire().to_slot() == wire.to_slot()).then_some(value)
            };
        )*}
    };
}

numbers!(
    u8 u32 Unsigned u16 u32 Unsigned u32 u32 Unsigned u64 u64 Unsigned
    i8 i32 Signed i16 i32 Signed i32 i32 Signed i64 i64 Signed
    f32 f32 Float f64 f64 Float
);

scalars! {
    // Linear memory has 32-bit addresses: a guest loses nothing.
    usize u32 Unsigned |size| size as u32, |wire| Some(wire as usize);
    isize i32 Signed |size| size as i32, |wire| Some(wire as isize);
    // As in C, any number except 0 is true.
    bool u32 Bool |value| value.into(), |wire| Some(wire != 0);
    char u32 Char |character| character.into(), |wire| char::from_u32(wire);
}
