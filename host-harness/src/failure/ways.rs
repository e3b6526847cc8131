//! The way in which a guest ended itself, judged by the names of its functions.

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WayOut {
    /// A failed allocation.
    Allocation,
    /// A panic.
    Panic,
    /// A panic while another one was handled.
    PanicInPanic,
    /// Anything else.
    Other,
    /// The module has no names to judge by.
    Unknown,
}

impl WayOut {
    /// Judges by the numbers of functions that were called for a failed allocation and for a panic.
    pub(crate) fn of(allocations: usize, panics: usize, has_mangled_names: bool) -> Self {
        match (allocations, panics) {
            (0, 0) if has_mangled_names => WayOut::Other,
            (0, 0) => WayOut::Unknown,
            (0, 1) => WayOut::Panic,
            (0, _) => WayOut::PanicInPanic,
            _ => WayOut::Allocation,
        }
    }
}

// Mangled names contain identifiers unchanged.

/// Returns whether a function of this name is called after a failed allocation.
pub(crate) fn is_failed_allocation(name: &str) -> bool {
    ["alloc_error", "rust_oom", "rdl_oom"]
        .iter()
        .any(|part| name.contains(part))
}

/// Returns whether a function of this name begins a panic.
pub(crate) fn is_panic(name: &str) -> bool {
    name.contains("rust_begin_unwind")
}

/// Returns whether a name is mangled by Rust; an export's name is not.
pub(crate) fn is_mangled(name: &str) -> bool {
    name.starts_with("_ZN") || name.starts_with("_R")
}
