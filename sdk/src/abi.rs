//! The names and numbers of ABI version 1 (`docs/abi.md`), shared by the guest and by hosts written in Rust.

/// The ABI version that this crate speaks.
pub const VERSION: u32 = 1;

/// What the name of the export starts with that tells the ABI version; the version follows in decimal.
pub const VERSION_EXPORT_PREFIX: &str = "plugin_abi_";

/// What the name of every command's export starts with.
pub const COMMAND_EXPORT_PREFIX: &str = "command_";

/// The largest number of bytes that arguments or a result may have: 2^31 - 1.
pub const MAX_LEN: u32 = (1 << 31) - 1;

/// The alignment, in bytes, of everything that `alloc` returns.
pub const ALIGNMENT: u32 = 16;

/// The size in bytes of the panic record whose address the version export holds.
pub const PANIC_RECORD_SIZE: u32 = 24;

/// The longest panic message, in bytes, that a guest keeps.
pub const MAX_PANIC_MESSAGE: usize = 1024;

/// A call's answer in one number: `address << 32 | failed << 31 | length`.
///
/// ```
/// use plugin_sdk::abi::Packed;
///
/// let packed = Packed { address: 0x8000_0010, len: 5, failed: true };
/// let wire = packed.to_bits();
/// assert_eq!(wire, 0x8000_0010_8000_0005);
/// assert_eq!(Packed::from_bits(wire), packed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Where the bytes begin in linear memory.
    pub address: u32,
    /// How many bytes there are; at most [`MAX_LEN`].
    pub len: u32,
    /// Whether the bytes are an error.
    pub failed: bool,
}

impl Packed {
    /// The number that crosses the boundary.
    #[inline]
    pub const fn to_bits(self) -> u64 {
        ((self.address as u64) << 32) | ((self.failed as u64) << 31) | (self.len & MAX_LEN) as u64
    }

    /// Takes a number that crossed the boundary apart.
    #[inline]
    pub const fn from_bits(bits: u64) -> Self {
        Packed {
            address: (bits >> 32) as u32,
            len: bits as u32 & MAX_LEN,
            failed: bits & (1 << 31) != 0,
        }
    }
}
