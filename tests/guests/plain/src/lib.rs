//! An ordinary module, not a plugin, that uses a plugin crate as a library.

/// Returns the length of a shout.
#[unsafe(no_mangle)]
pub extern "C" fn shout_length(times: u32) -> u32 {
    lending::Lending::default()
        .shout(&"ho".repeat(times as usize))
        .len() as u32
}
