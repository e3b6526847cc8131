//! A plugin with constructors: code that runs before any other, in which values register.

use std::sync::atomic::{AtomicU32, Ordering};

use plugin_sdk::prelude::*;

static RUNS: AtomicU32 = AtomicU32::new(0);

/// A constructor, as the crate `ctor` and C++ make them.
#[cfg(target_arch = "wasm32")]
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = {
    extern "C" fn construct() {
        RUNS.fetch_add(1, Ordering::Relaxed);
    }
    construct
};

/// A value that a constructor registers.
pub struct Flavour(&'static str);

inventory::collect!(Flavour);
inventory::submit!(Flavour("lemon"));
inventory::submit!(Flavour("vanilla"));

/// Counts constructors.
#[plugin]
pub struct Constructed {
    at_first: u32,
}

#[plugin]
impl Constructed {
    #[init]
    fn new() -> Self {
        Constructed {
            at_first: RUNS.load(Ordering::Relaxed),
        }
    }

    /// Returns how often the constructor had run when the plugin was created, and until now.
    #[command]
    pub fn runs(&self) -> [u32; 2] {
        [self.at_first, RUNS.load(Ordering::Relaxed)]
    }

    /// Returns the registered values, each once per registration.
    #[command]
    pub fn flavours(&self) -> Vec<&str> {
        let mut names: Vec<&str> = inventory::iter::<Flavour>()
            .map(|flavour| flavour.0)
            .collect();
        names.sort();
        names
    }
}
