//! A plugin that calls another plugin's functions as a library.
#![forbid(unsafe_code)]

use lending::Lending;
use plugin_sdk::prelude::*;

/// Repeats a text in two ways.
#[plugin]
#[derive(Default)]
pub struct Borrowing {
    lending: Lending,
}

#[plugin]
impl Borrowing {
    /// Returns a text in upper case, then in lower case, and the number of shouts.
    #[command]
    pub fn echo(&mut self, text: &str) -> String {
        let shouted = self.lending.shout(text);
        let whispered = lending::whisper(text);
        format!("{shouted}, {whispered} ({})", self.lending.shouts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_used_as_a_library_works_natively() {
        assert_eq!(Borrowing::default().echo("Ho"), "HO, ho (1)");
    }
}
