//! Constructors: functions that run before anything else does, which the linker lists in `.init_array`.
//!
//! Dependencies bring them (the crates `ctor` and `inventory`, C++), and so does the SDK's own list of commands. Where nothing in a module calls them, the
//! linker makes every export call all of them, each time. The plugin calls them itself instead, once, at the beginning of its first call.

/// Runs the constructors, unless they have run. A plugin for hosts of the SDK's own ABI calls this once, others from several places.
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
    // SAFETY: the linker makes this function, which takes and returns nothing. It is to be called once, and no other code of the module calls it.
    unsafe { __wasm_call_ctors() };
}
