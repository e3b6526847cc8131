//! Panics that are the specified outcome of a call.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// `true` while a panic is an outcome.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a call that may panic, and returns the panic's message if it does.
///
/// libFuzzer's panic hook ends the process, so this one comes first.
pub fn expected_panic<R>(call: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !EXPECTED.get() {
                before(panic);
            }
        }));
    });
    EXPECTED.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(call));
    EXPECTED.set(false);
    outcome.map_err(|payload| message(&*payload))
}

/// Returns the text of a panic.
pub fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expected_panic_is_returned_and_a_value_too() {
        assert_eq!(expected_panic(|| 5), Ok(5));
        let number = 6;
        let panicked: Result<(), _> = expected_panic(|| panic!("wrong: {number}"));
        assert_eq!(panicked, Err("wrong: 6".to_owned()));
    }
}
