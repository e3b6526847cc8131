//! A module for a host of its own kind, which uses a plugin's functions and is none.

/// A shout's length.
#[unsafe(no_mangle)]
pub extern "C" fn shout_length(times: u32) -> u32 {
    lending::Lending::default()
        .shout(&"ho".repeat(times as usize))
        .len() as u32
}
