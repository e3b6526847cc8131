//! The plugin's commands and hooks by name, for hosts that call all commands through one export.
//!
//! No macro sees the whole of a plugin, so that each command announces itself: the expansion makes a static [`Entry`] and a constructor, a function that the linker
//! lists in `.init_array` and that puts the entry into the list. The list is intrusive, so it costs a command no more than its entry. The constructors run when the
//! first name is looked up, or before that (`constructors.rs`).

use std::cell::Cell;

pub use crate::memory::contracts::Export;

/// A hook's export that takes no arguments.
pub type HookExport = unsafe extern "C" fn() -> u64;

/// What an entry is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A command, and how its arguments and its result stand in bytes.
    Command(Codec, Export),
    /// `#[start]`
    Start(HookExport),
    /// `#[stop]`
    Stop(HookExport),
    /// `#[event]`, which takes `{"topic", "data"}`.
    Event(Export),
}

/// How a command's arguments and its result stand in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// JSON.
    Json,
    /// The binary codec of this SDK.
    Binary,
    /// Plain bytes.
    Raw,
}

/// A command or a hook of the plugin.
pub struct Entry {
    /// A command's name; empty for a hook.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What the contract has the command say of itself, if anything.
    pub described: &'static str,
    next: Cell<Option<&'static Entry>>,
}

// SAFETY: wasm32 without `atomics`, which `guest.rs` refuses, has one thread only.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Entry {}

impl Entry {
    /// A command.
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

    /// A hook.
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

/// The plugin's own.
#[cfg(target_arch = "wasm32")]
static PLUGIN: Registry = Registry::new();

impl Registry {
    /// A list without entries.
    #[allow(clippy::new_without_default, reason = "only ever a static")]
    pub const fn new() -> Self {
        Registry {
            first: Cell::new(None),
        }
    }

    /// Puts an entry into the list, which must not be in one already.
    pub fn add(&self, entry: &'static Entry) {
        entry.next.set(self.first.replace(Some(entry)));
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = &'static Entry> {
        std::iter::successors(self.first.get(), |entry| entry.next.get())
    }

    /// The command of a name, how its bytes are to be understood and what leads to it.
    pub fn command(&self, name: &[u8]) -> Option<(Codec, Export)> {
        self.iter().find_map(|entry| match entry.kind {
            Kind::Command(codec, export) if entry.name.as_bytes() == name => Some((codec, export)),
            _ => None,
        })
    }
}

/// Puts an entry of the plugin's into its list: what constructors call.
#[cfg(target_arch = "wasm32")]
pub fn announce(entry: &'static Entry) {
    PLUGIN.add(entry);
}

/// The plugin's list, which is complete.
#[cfg(target_arch = "wasm32")]
pub fn plugin() -> &'static Registry {
    crate::constructors::run();
    &PLUGIN
}

/// The plugin's list. Natively there are no constructors, and nobody asks.
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
    fn a_command_is_found_by_its_whole_name_and_a_hook_by_none() {
        let registry = Registry::new();
        registry.add(leaked(Entry::command("greet", Codec::Json, "", one)));
        registry.add(leaked(Entry::hook(Kind::Start(started))));
        registry.add(leaked(Entry::command("greet_all", Codec::Raw, "", two)));
        let found = |name: &str| {
            let (codec, export) = registry.command(name.as_bytes())?;
            // SAFETY: these take nothing from their arguments.
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
