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
    ($($scalar:ident $wire:ident $kind:ident)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Scalar for $scalar {
            type Wire = $wire;
            const KIND: Kind = Kind::$kind;

            #[inline]
            fn to_wire(self) -> $wire {
                self as $wire
            }

            #[inline]
            fn from_wire(wire: $wire) -> Option<Self> {
                // A number that a narrower type cannot hold is invalid, never truncated.
                let value = wire as $scalar;
                (value.to_wire().to_slot() == wire.to_slot()).then_some(value)
            }
        }
    )*};
}

scalars!(
    u8 u32 Unsigned u16 u32 Unsigned u32 u32 Unsigned u64 u64 Unsigned
    i8 i32 Signed i16 i32 Signed i32 i32 Signed i64 i64 Signed
    f32 f32 Float f64 f64 Float
);

#[diagnostic::do_not_recommend]
impl Scalar for usize {
    type Wire = u32;
    const KIND: Kind = Kind::Unsigned;

    #[inline]
    fn to_wire(self) -> u32 {
        // Linear memory has 32-bit addresses: a guest loses nothing.
        self as u32
    }

    #[inline]
    fn from_wire(wire: u32) -> Option<Self> {
        Some(wire as usize)
    }
}

#[diagnostic::do_not_recommend]
impl Scalar for isize {
    type Wire = i32;
    const KIND: Kind = Kind::Signed;

    #[inline]
    fn to_wire(self) -> i32 {
        self as i32
    }

    #[inline]
    fn from_wire(wire: i32) -> Option<Self> {
        Some(wire as isize)
    }
}

#[diagnostic::do_not_recommend]
impl Scalar for bool {
    type Wire = u32;
    const KIND: Kind = Kind::Bool;

    #[inline]
    fn to_wire(self) -> u32 {
        u32::from(self)
    }

    /// As in C, any number except 0 is true.
    #[inline]
    fn from_wire(wire: u32) -> Option<Self> {
        Some(wire != 0)
    }
}

#[diagnostic::do_not_recommend]
impl Scalar for char {
    type Wire = u32;
    const KIND: Kind = Kind::Char;

    #[inline]
    fn to_wire(self) -> u32 {
        u32::from(self)
    }

    #[inline]
    fn from_wire(wire: u32) -> Option<Self> {
        char::from_u32(wire)
    }
}
