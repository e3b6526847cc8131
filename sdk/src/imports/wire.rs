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

    /// Returns the address that this is, as it is in this process.
    #[cfg(not(target_arch = "wasm32"))]
    fn address(self) -> Option<Address> {
        None
    }
}

/// The second number of a value that crosses as one. It has no size, and so does not cross.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Nothing;

macro_rules! wires {
    ($(
        $wire:ty, $type:expr, |$slot:pat_param| $from:expr, |$value:pat_param| $to:expr
        $(, address |$this:pat_param| $address:expr)?;
    )*) => {$(
        impl Wire for $wire {
            const TYPE: Option<WasmType> = $type;

            #[inline]
            fn from_slot($slot: u64) -> Self {
                $from
            }

            #[inline]
            fn to_slot(self) -> u64 {
                let $value = self;
                $to
            }

            $(
                #[cfg(not(target_arch = "wasm32"))]
                fn address(self) -> Option<Address> {
                    let $this = self;
                    Some($address)
                }
            )?
        }
    )*};
}

wires! {
    u32, Some(WasmType::I32), |slot| slot as u32, |value| value.into();
    i32, Some(WasmType::I32), |slot| slot as i32, |value| u64::from(value as u32);
    u64, Some(WasmType::I64), |slot| slot, |value| value;
    i64, Some(WasmType::I64), |slot| slot as i64, |value| value as u64;
    f32, Some(WasmType::F32), |slot| f32::from_bits(slot as u32), |value| value.to_bits().into();
    f64, Some(WasmType::F64), |slot| f64::from_bits(slot), |value| value.to_bits();
    Address, Some(WasmType::I32), |slot| Address::at(slot as u32), |value| value.get().into(),
    address |address| address;
    Nothing, None, |_| Nothing, |_| 0;
    (), None, |_| (), |()| 0;
}

const _: () = assert!(size_of::<Nothing>() == 0, "a value with a size would cross");
