//! The `log` crate's lines, to the host.

/// What a host implements.
pub trait Log {
    /// The most detailed level that the host wants: 0 none, 1 error, 2 warn, 3 info, 4 debug, 5 trace.
    fn max_level(&mut self) -> u32;
    /// Takes a line.
    fn write(&mut self, level: u32, target: &str, message: &str);
}
