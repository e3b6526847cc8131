//! Constructors: functions that run before all other code, which the linker lists in `.init_array`.
//!
//! Dependencies have them (the crates `ctor` and `inventory`, C++), and so does the SDK's list of
//! commands. If no code in a module calls them, the linker makes every export run all of them on
//! each call. So the plugin calls them itself, once, at the beginning of its first call.

/// Runs the constructors unless they have run. In a plugin for the SDK's own ABI one function calls
/// this, with other contracts several.
#[inline]
pub fn run() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    #[cfg(feature = "_contract")]
    {
        use std::sync::atomic::{AtomicBool, Ordering};

        static HAVE_RUN: AtomicBool = AtomicBool::new(false);
        if HAVE_RUN.swap(true, Ordering::Relaxed) {
            return;
        }
    }
    // SAFETY: the linker makes this function, which takes and returns nothing. It may be called
    // once, and no other code of the module calls it.
    unsafe { __wasm_call_ctors() };
}
