//! The plugin's commands and hooks by name, for hosts that call every command through one export.
//!
//! No macro sees the whole plugin, so each command announces itself. Its expansion makes a static
//! [`Entry`] and a constructor: a function that the linker lists in `.init_array`, and that adds
//! the entry to the list. The list is intrusive, so a command costs no more than its entry. The
//! constructors run when the first name is looked up, or earlier (`constructors.rs`).

use std::cell::Cell;

pub use crate::memory::contracts::Export;

/// The export of a hook without arguments.
pub type HookExport = unsafe extern "C" fn() -> u64;

/// A command or a hook, with its entry point.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A command and its codec.
    Command(Codec, Export),
    /// `#[start]`
    Start(HookExport),
    /// `#[stop]`
    Stop(HookExport),
    /// `#[event]`, which takes `{"topic", "data"}`.
    Event(Export),
}

/// The form of arguments and result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// JSON.
    Json,
    /// The SDK's binary codec.
    Binary,
    /// Plain bytes.
    Raw,
}

/// A command or a hook of the plugin.
pub struct Entry {
    /// The name of a command; empty for a hook.
    pub name: &'static str,
    /// The entry point.
    pub kind: Kind,
    /// The contract's description of the command; may be empty.
    pub described: &'static str,
    next: Cell<Option<&'static Entry>>,
}

// SAFETY: wasm32 without `atomics`, which `guest.rs` refuses, has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Entry {}

impl Entry {
    /// Creates the entry of a command.
    pub const fn command(
        name: &'static str,
        codec: Codec,
        described: &'static str,
        export: Export,
    ) -> Self {
        Entry {
            name,
            kind: Kind::Command(codec, export),
            described,
            next: Cell::new(None),
        }
    }

    /// Creates the entry of a hook.
    pub const fn hook(kind: Kind) -> Self {
        Entry {
            name: "",
            kind,
            described: "",
            next: Cell::new(None),
        }
    }
}

/// A list of entries.
pub struct Registry {
    first: Cell<Option<&'static Entry>>,
}

// SAFETY: as above.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Registry {}

/// The plugin's list.
#[cfg(target_arch = "wasm32")]
static PLUGIN: Registry = Registry::new();

impl Registry {
    /// Creates an empty list.
    #[allow(clippy::new_without_default, reason = "only ever a static")]
    pub const fn new() -> Self {
        Registry {
            first: Cell::new(None),
        }
    }

    /// Adds an entry, which must not be in a list already.
    pub fn add(&self, entry: &'static Entry) {
        entry.next.set(self.first.replace(Some(entry)));
    }

    /// Returns all entries.
    pub fn iter(&self) -> impl Iterator<Item = &'static Entry> {
        std::iter::successors(self.first.get(), |entry| entry.next.get())
    }

    /// Returns the codec and the entry point of a command.
    pub fn command(&self, name: &[u8]) -> Option<(Codec, Export)> {
        self.iter().find_map(|entry| match entry.kind {
            Kind::Command(codec, export) if entry.name.as_bytes() == name => Some((codec, export)),
            _ => None,
        })
    }
}

/// Adds an entry to the plugin's list. Constructors call this.
#[cfg(target_arch = "wasm32")]
pub fn announce(entry: &'static Entry) {
    PLUGIN.add(entry);
}

/// Returns the plugin's list, which is complete.
#[cfg(target_arch = "wasm32")]
pub fn plugin() -> &'static Registry {
    crate::constructors::run();
    &PLUGIN
}

/// Returns an empty list: native builds have no constructors.
#[cfg(not(target_arch = "wasm32"))]
pub fn plugin() -> Registry {
    Registry::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn one(_: *mut u8, _: u32) -> u64 {
        1
    }

    unsafe extern "C" fn two(_: *mut u8, _: u32) -> u64 {
        2
    }

    unsafe extern "C" fn started() -> u64 {
        3
    }

    fn leaked(entry: Entry) -> &'static Entry {
        Box::leak(Box::new(entry))
    }

    #[test]
    fn commands_are_found_by_their_whole_name() {
        let registry = Registry::new();
        registry.add(leaked(Entry::command("greet", Codec::Json, "", one)));
        registry.add(leaked(Entry::hook(Kind::Start(started))));
        registry.add(leaked(Entry::command("greet_all", Codec::Raw, "", two)));
        let found = |name: &str| {
            let (codec, export) = registry.command(name.as_bytes())?;
            // SAFETY: these functions ignore their arguments.
            Some((codec, unsafe { export(std::ptr::null_mut(), 0) }))
        };
        assert_eq!(found("greet"), Some((Codec::Json, 1)));
        assert_eq!(found("greet_all"), Some((Codec::Raw, 2)));
        for none in ["", "gree", "greet_", "Greet"] {
            assert_eq!(found(none), None, "{none}");
        }
        assert_eq!(registry.iter().count(), 3);
    }
}
