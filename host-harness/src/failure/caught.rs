//! Panics of native plugins, caught with their message and place.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;
use std::thread;

use plugin_sdk::abi::MAX_PANIC_MESSAGE;

use super::{FailureKind, Panic};

thread_local! {
    /// The plugin that runs on this thread, if one does.
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// A plugin that runs.
struct Running {
    /// Its last panic.
    panic: Option<Panic>,
    /// `true` if the thread was panicking already when the plugin was called.
    was_panicking: bool,
}

/// Runs code of a plugin. A panic becomes a failure, and is not printed.
///
/// A host function ends the plugin's call with a [`FailureKind`] as the payload of a panic.
pub(crate) fn caught<R>(code: impl FnOnce() -> R) -> Result<R, FailureKind> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !note(panic) {
                others(panic);
            }
        }));
    });
    let before = RUNNING.replace(Some(Running {
        panic: None,
        was_panicking: thread::panicking(),
    }));
    // After a panic, the plugin is not called again.
    let outcome = catch_unwind(AssertUnwindSafe(code));
    let running = RUNNING.replace(before);
    outcome.map_err(|payload| match payload.downcast::<FailureKind>() {
        Ok(ended) => *ended,
        Err(payload) => {
            let noted = running.and_then(|running| running.panic);
            FailureKind::Panic(noted.unwrap_or_else(|| nowhere(message(&*payload))))
        }
    })
}

/// Returns whether the stack of the plugin that runs on this thread is being unwound.
pub(crate) fn is_unwinding() -> bool {
    let is_its_own = |running: &Running| !running.was_panicking;
    thread::panicking() && RUNNING.with_borrow(|running| running.as_ref().is_some_and(is_its_own))
}

/// Runs code of the host during a call of a plugin: its panics are not the plugin's.
pub(crate) fn outside<R>(code: impl FnOnce() -> R) -> R {
    /// Resumes the plugin, also when the code panics.
    struct Resume(Option<Running>);
    impl Drop for Resume {
        fn drop(&mut self) {
            RUNNING.replace(self.0.take());
        }
    }
    let _resume = Resume(RUNNING.take());
    code()
}

/// Notes a panic of the plugin that runs on this thread; returns whether one does.
fn note(panic: &PanicHookInfo<'_>) -> bool {
    let place = panic.location();
    let noted = Panic {
        file: place.map_or("", |place| place.file()).to_owned(),
        line: place.map_or(0, |place| place.line()),
        column: place.map_or(0, |place| place.column()),
        ..nowhere(message(panic.payload()))
    };
    RUNNING.with_borrow_mut(|running| match running {
        Some(running) => {
            running.panic = Some(noted);
            true
        }
        None => false,
    })
}

/// Returns a panic whose place is unknown.
fn nowhere(message: &str) -> Panic {
    let (message, _) = message.split_at(message.floor_char_boundary(MAX_PANIC_MESSAGE));
    Panic {
        message: message.to_owned(),
        file: String::new(),
        line: 0,
        column: 0,
    }
}

/// Returns the message of a panic.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic whose payload is not text")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panic_of(code: impl FnOnce()) -> Panic {
        match caught(code) {
            Err(FailureKind::Panic(panic)) => panic,
            _ => panic!("no panic was caught"),
        }
    }

    #[test]
    fn a_panic_is_caught_with_its_message_and_place() {
        let line = line!() + 1;
        let panic = panic_of(|| panic!("{} cakes left", 0));
        assert_eq!(panic.message, "0 cakes left");
        assert_eq!((panic.file.as_str(), panic.line), (file!(), line));
        let panic = panic_of(|| panic::resume_unwind(Box::new(7)));
        assert_eq!(panic.message, "a panic whose payload is not text");
        assert_eq!(panic.line, 0);
    }

    #[test]
    fn a_panic_of_the_host_is_not_the_plugins() {
        let panic = panic_of(|| {
            let _ = catch_unwind(|| outside(|| panic!("printed: a host function panicked")));
            panic!("the plugin");
        });
        assert_eq!(panic.message, "the plugin");
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let panic = panic_of(|| panic!("{}", "ä".repeat(MAX_PANIC_MESSAGE)));
        assert!(panic.message.len() <= MAX_PANIC_MESSAGE);
        assert!(panic.message.ends_with('ä'));
    }
}
