//! A plugin that does its work with another plugin's functions.
#![forbid(unsafe_code)]

use lending::Lending;
use plugin_sdk::prelude::*;

/// Shouts twice.
#[plugin]
#[derive(Default)]
pub struct Borrowing {
    lending: Lending,
}

#[plugin]
impl Borrowing {
    /// In capitals, then in small letters.
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
