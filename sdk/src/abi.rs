//! The names and numbers of [ABI version 1](crate::docs::abi), shared by the guest and by hosts
//! written in Rust.

/// Expands to the literal of one of the names below, for attributes, which take no constants.
#[doc(hidden)]
#[macro_export]
macro_rules! __abi_name {
    (MEMORY_EXPORT) => {
        "memory"
    };
    (ALLOC_EXPORT) => {
        "alloc"
    };
    (FREE_EXPORT) => {
        "free"
    };
    (INIT_EXPORT) => {
        "plugin_init"
    };
    (CLEANUP_EXPORT) => {
        "plugin_cleanup"
    };
    (START_EXPORT) => {
        "plugin_start"
    };
    (STOP_EXPORT) => {
        "plugin_stop"
    };
    (EVENT_EXPORT) => {
        "plugin_event"
    };
    (STATE_SAVE_EXPORT) => {
        "plugin_state_save"
    };
    (STATE_LOAD_EXPORT) => {
        "plugin_state_load"
    };
    (HOOK_EXPORT_PREFIX) => {
        "plugin_"
    };
    (COMMAND_EXPORT_PREFIX) => {
        "command_"
    };
    (BATCH_EXPORT_PREFIX) => {
        "batch_"
    };
    (VERSION_EXPORT_PREFIX) => {
        "plugin_abi_"
    };
    (VERSION_EXPORT) => {
        "plugin_abi_1"
    };
    (PANIC_EXPORT) => {
        "plugin_panic_1"
    };
    (HEAP_EXPORT) => {
        "plugin_heap_1"
    };
    (ROOM_EXPORT) => {
        "plugin_room_1"
    };
    (PREPARE_EXPORT) => {
        "plugin_prepare"
    };
    (MANIFEST_SECTION) => {
        "plugin-sdk"
    };
    (LIBRARY_SECTION) => {
        "plugin-sdk-library"
    };
    (SNAPSHOT_SECTION) => {
        "plugin-sdk-snapshot"
    };
    (SERVICES_MODULE) => {
        "plugin_host"
    };
}

/// Makes constants of the names.
macro_rules! names {
    ($($(#[$doc:meta])* $constant:ident;)*) => {
        $($(#[$doc])* pub const $constant: &str = __abi_name!($constant);)*
    };
}

/// The ABI version that this crate implements.
pub const VERSION: u32 = 1;

names! {
    /// The export of linear memory.
    MEMORY_EXPORT;
    /// The export that allocates memory for the host.
    ALLOC_EXPORT;
    /// The export that frees memory of the host, or the last result.
    FREE_EXPORT;
    /// The export that makes the plugin from a configuration.
    INIT_EXPORT;
    /// The export that ends the plugin's life.
    CLEANUP_EXPORT;
    /// The export of the start hook.
    START_EXPORT;
    /// The export of the stop hook.
    STOP_EXPORT;
    /// The export of the event handlers.
    EVENT_EXPORT;
    /// The export that returns the plugin's state, for a newer instance to load.
    STATE_SAVE_EXPORT;
    /// The export that replaces the plugin's state by a saved one.
    STATE_LOAD_EXPORT;
    /// The prefix of the exports of hooks.
    HOOK_EXPORT_PREFIX;
    /// The prefix of the export of a command.
    COMMAND_EXPORT_PREFIX;
    /// The prefix of the export that takes many inputs of a command at once.
    BATCH_EXPORT_PREFIX;
    /// The prefix of the export whose name holds the ABI version, in decimal.
    VERSION_EXPORT_PREFIX;
    /// The export of version 1: a constant that holds the address of the panic record.
    VERSION_EXPORT;
    /// The export of the panic record in a plugin for a host with a contract of its own.
    PANIC_EXPORT;
    /// The export of a plugin that counts its allocations: a constant that holds the address of the
    /// heap record.
    HEAP_EXPORT;
    /// The export of a plugin with room for short answers of host functions: a constant that holds
    /// the address of [`ROOM_SIZE`] bytes.
    ROOM_EXPORT;
    /// The export that prepares the plugin for a snapshot, in modules from which one is taken.
    PREPARE_EXPORT;
    /// The custom section with the manifest.
    MANIFEST_SECTION;
    /// The custom section that marks a plugin that was built as a library.
    LIBRARY_SECTION;
    /// The custom section that marks a snapshot.
    SNAPSHOT_SECTION;
    /// The module that guests import the SDK's own services from.
    SERVICES_MODULE;
}

/// The largest number of bytes that arguments or a result may have: 2^31 - 1.
pub const MAX_LEN: u32 = (1 << 31) - 1;

/// The alignment, in bytes, of everything that `alloc` returns.
pub const ALIGNMENT: u32 = 16;

/// The size in bytes of the panic record whose address the version export holds.
pub const PANIC_RECORD_SIZE: u32 = 24;

/// The size in bytes of the heap record.
pub const HEAP_RECORD_SIZE: u32 = 32;

/// The size in bytes of the room for short answers of host functions.
pub const ROOM_SIZE: u32 = 1024;

/// The longest panic message, in bytes, that a guest keeps.
pub const MAX_PANIC_MESSAGE: usize = 1024;

/// The answer of a call in one number: `address << 32 | failed << 31 | length`.
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
    /// The address of the bytes in linear memory.
    pub address: u32,
    /// The number of bytes; at most [`MAX_LEN`].
    pub len: u32,
    /// `true` if the bytes are an error.
    pub failed: bool,
}

impl Packed {
    /// Returns the number that crosses the boundary.
    #[inline]
    pub const fn to_bits(self) -> u64 {
        ((self.address as u64) << 32) | ((self.failed as u64) << 31) | (self.len & MAX_LEN) as u64
    }

    /// Reads a number that crossed the boundary.
    #[inline]
    pub const fn from_bits(bits: u64) -> Self {
        Packed {
            address: (bits >> 32) as u32,
            len: bits as u32 & MAX_LEN,
            failed: bits & (1 << 31) != 0,
        }
    }
}

/// The number before each item of a batch: `failed << 31 | length`. The topmost bit is never set
/// for an input, and set for an answer that is an error.
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
    /// The number of bytes in the item; at most [`MAX_LEN`].
    pub len: u32,
    /// `true` if the bytes are an error.
    pub failed: bool,
}

impl ItemHeader {
    /// The length of a header in bytes.
    pub const SIZE: usize = 4;

    /// Returns the bytes before the item.
    #[inline]
    pub const fn to_bytes(self) -> [u8; Self::SIZE] {
        (((self.failed as u32) << 31) | (self.len & MAX_LEN)).to_le_bytes()
    }

    /// Reads the bytes before an item.
    #[inline]
    pub const fn from_bytes(bytes: [u8; Self::SIZE]) -> Self {
        let bits = u32::from_le_bytes(bytes);
        ItemHeader {
            len: bits & MAX_LEN,
            failed: bits & (1 << 31) != 0,
        }
    }

    /// Splits the next item off the front of some bytes: its header, the item and the rest. `None`
    /// if the bytes end within the item.
    #[inline]
    pub fn split(bytes: &[u8]) -> Option<(Self, &[u8], &[u8])> {
        let (header, rest) = bytes.split_first_chunk()?;
        let header = Self::from_bytes(*header);
        let (item, rest) = rest.split_at_checked(header.len as usize)?;
        Some((header, item, rest))
    }
}
