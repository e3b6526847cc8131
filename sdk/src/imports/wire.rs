//! The numbers that cross the boundary.

pub use crate::memory::Address;

/// A type of WebAssembly's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasmType {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
    /// A float of 32 bits.
    F32,
    /// A float of 64 bits.
    F64,
}

/// What a parameter or a result of an import can be.
///
/// A host sees each as 64 bits: integers zero-extended, floats by their bits.
pub trait Wire: Copy + 'static {
    /// Its type; `None` if it does not cross at all.
    const TYPE: Option<WasmType>;

    /// From a host's 64 bits.
    fn from_slot(slot: u64) -> Self;

    /// To a host's 64 bits.
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

/// The second number of what crosses as one: it has no size, and so does not cross.
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

const _: () = assert!(size_of::<Nothing>() == 0, "what has a size would cross");
