//! The numbers that cross the boundary.

pub use crate::memory::Address;

/// A number type of WebAssembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasmType {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
}

/// A type that a parameter or a result of an import can have.
///
/// A host sees each as 64 bits: integers zero-extended, floats by their bits.
pub trait Wire: Copy + 'static {
    /// The type in WebAssembly; `None` if it does not cross.
    const TYPE: Option<WasmType>;

    /// Converts from a host's 64 bits.
    fn from_slot(slot: u64) -> Self;

    /// Converts to a host's 64 bits.
    fn to_slot(self) -> u64;
}

macro_rules! wires {
    ($($wire:ident $bits:ident $ty:ident)*) => {$(
        impl Wire for $wire {
            const TYPE: Option<WasmType> = Some(WasmType::$ty);

            #[inline]
            fn from_slot(slot: u64) -> Self {
                slot as $bits as $wire
            }

            #[inline]
            fn to_slot(self) -> u64 {
                u64::from(self as $bits)
            }
        }
    )*};
}

wires!(u32 u32 I32 i32 u32 I32 u64 u64 I64 i64 u64 I64);

impl Wire for f32 {
    const TYPE: Option<WasmType> = Some(WasmType::F32);

    #[inline]
    fn from_slot(slot: u64) -> Self {
        f32::from_bits(slot as u32)
    }

    #[inline]
    fn to_slot(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl Wire for f64 {
    const TYPE: Option<WasmType> = Some(WasmType::F64);

    #[inline]
    fn from_slot(slot: u64) -> Self {
        f64::from_bits(slot)
    }

    #[inline]
    fn to_slot(self) -> u64 {
        self.to_bits()
    }
}

impl Wire for Address {
    const TYPE: Option<WasmType> = Some(WasmType::I32);

    #[inline]
    fn from_slot(slot: u64) -> Self {
        Address::at(slot as u32)
    }

    #[inline]
    fn to_slot(self) -> u64 {
        u64::from(self.get())
    }
}

/// The second number of a value that crosses as one. It has no size, and so does not cross.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Nothing;

impl Wire for Nothing {
    const TYPE: Option<WasmType> = None;

    #[inline]
    fn from_slot(_: u64) -> Self {
        Nothing
    }

    #[inline]
    fn to_slot(self) -> u64 {
        0
    }
}

impl Wire for () {
    const TYPE: Option<WasmType> = None;

    #[inline]
    fn from_slot(_: u64) -> Self {}

    #[inline]
    fn to_slot(self) -> u64 {
        0
    }
}

const _: () = assert!(size_of::<Nothing>() == 0, "a value with a size would cross");
