//! The names and numbers of ABI version 1 (`docs/abi.md`), shared by the guest and by hosts written in Rust.

/// The ABI version that this crate speaks.
pub const VERSION: u32 = 1;

/// What the name of the export starts with that tells the ABI version; the version follows in decimal.
pub const VERSION_EXPORT_PREFIX: &str = "plugin_abi_";

/// The version export of this ABI version: a constant that holds the address of the panic record.
pub const VERSION_EXPORT: &str = "plugin_abi_1";

/// The export of the linear memory.
pub const MEMORY_EXPORT: &str = "memory";

/// The export that allocates memory for the host.
pub const ALLOC_EXPORT: &str = "alloc";

/// The export that takes memory from [`ALLOC_EXPORT`], or a result, back.
pub const FREE_EXPORT: &str = "free";

/// The export of the init hook, which every plugin has.
pub const INIT_EXPORT: &str = "plugin_init";

/// The export of the cleanup hook, which every plugin has.
pub const CLEANUP_EXPORT: &str = "plugin_cleanup";

/// The export of the start hook.
pub const START_EXPORT: &str = "plugin_start";

/// The export of the stop hook.
pub const STOP_EXPORT: &str = "plugin_stop";

/// The export of the event hook.
pub const EVENT_EXPORT: &str = "plugin_event";

/// The export that holds the address of the panic record in plugins for other hosts.
pub const PANIC_EXPORT: &str = "plugin_panic_1";

/// The module of the services' imports.
pub const SERVICES_MODULE: &str = "plugin_host";

/// The custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "plugin-sdk";

/// The custom section that names the plugins that were built as libraries.
pub const LIBRARY_SECTION: &str = "plugin-sdk-library";

/// What the name of every command's export starts with.
pub const COMMAND_EXPORT_PREFIX: &str = "command_";

/// What the name of the export starts with that takes many inputs of a command at once.
pub const BATCH_EXPORT_PREFIX: &str = "batch_";

/// The largest number of bytes that arguments or a result may have: 2^31 - 1.
pub const MAX_LEN: u32 = (1 << 31) - 1;

/// The alignment, in bytes, of everything that `alloc` returns.
pub const ALIGNMENT: u32 = 16;

/// The size in bytes of the panic record whose address the version export holds.
pub const PANIC_RECORD_SIZE: u32 = 24;

/// The export of a plugin that counts its allocations: a constant that holds the heap record's address.
pub const HEAP_EXPORT: &str = "plugin_heap_1";

/// The size in bytes of the heap record.
pub const HEAP_RECORD_SIZE: u32 = 32;

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

/// The number before each item of a batch: `failed << 31 | length`. Inputs never have the topmost bit, answers have it where they are errors.
///
/// ```
/// use plugin_sdk::abi::ItemHeader;
///
/// let header = ItemHeader { len: 5, failed: true };
/// assert_eq!(header.to_bytes(), [5, 0, 0, 0x80]);
/// assert_eq!(ItemHeader::from_bytes([5, 0, 0, 0x80]), header);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemHeader {
    /// How many bytes the item has; at most [`MAX_LEN`].
    pub len: u32,
    /// Whether the bytes are an error.
    pub failed: bool,
}

impl ItemHeader {
    /// The length of a header in bytes.
    pub const SIZE: usize = 4;

    /// The bytes that stand before the item.
    #[inline]
    pub const fn to_bytes(self) -> [u8; Self::SIZE] {
        (((self.failed as u32) << 31) | (self.len & MAX_LEN)).to_le_bytes()
    }

    /// What the bytes before an item say.
    #[inline]
    pub const fn from_bytes(bytes: [u8; Self::SIZE]) -> Self {
        let bits = u32::from_le_bytes(bytes);
        ItemHeader {
            len: bits & MAX_LEN,
            failed: bits & (1 << 31) != 0,
        }
    }

    /// Takes the next item off the front of some bytes: its header, the item itself and the rest. `None` if they break off within it.
    #[inline]
    pub fn split(bytes: &[u8]) -> Option<(Self, &[u8], &[u8])> {
        let (header, rest) = bytes.split_first_chunk()?;
        let header = Self::from_bytes(*header);
        let (item, rest) = rest.split_at_checked(header.len as usize)?;
        Some((header, item, rest))
    }
}
