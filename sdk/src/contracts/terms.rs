//! The trait for the terms in which contracts differ, apart from their functions.

use super::forms::ValueForm;

/// The terms of the contract that a plugin is built for. The type also implements every service.
pub trait ContractTerms {
    /// The form in which the host keeps a plugin's values.
    type Kept: ValueForm;
    /// The form in which the host passes on settings.
    type Settings: ValueForm;

    /// `false` if the host returns only the status of an HTTP response, and not its body.
    const HAS_BODIES: bool = true;

    /// `true` if the guest reports a panic to its host before it traps.
    const REPORTS_PANICS: bool = false;

    /// Returns the configuration for a plugin with an init hook that the host calls before it has
    /// initialised it. `None` makes that call an error.
    #[inline]
    fn configuration() -> Option<Vec<u8>> {
        None
    }

    /// Reports a panic to the host: one line of UTF-8.
    #[inline]
    fn report_panic(_: &str) {}
}
