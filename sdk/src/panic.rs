//! The panic record, which a host reads from the memory of a dead guest.

use std::cell::Cell;

use crate::abi::PANIC_RECORD_SIZE;
#[cfg(target_arch = "wasm32")]
pub use hook::{Noted, install};

/// The record of a panic; all zero until then. `docs/abi.md` specifies the layout.
#[repr(C)]
pub struct PanicRecord {
    message: Text,
    file: Text,
    line: Cell<u32>,
    column: Cell<u32>,
}

#[repr(C)]
struct Text {
    address: Cell<u32>,
    len: Cell<u32>,
}

impl Text {
    const fn none() -> Self {
        Text {
            address: Cell::new(0),
            len: Cell::new(0),
        }
    }
}

const _: () = assert!(
    size_of::<PanicRecord>() == PANIC_RECORD_SIZE as usize,
    "the layout specified in docs/abi.md"
);

impl PanicRecord {
    /// Creates the record of a guest that has not panicked.
    #[allow(clippy::new_without_default, reason = "only ever a static")]
    pub const fn new() -> Self {
        PanicRecord {
            message: Text::none(),
            file: Text::none(),
            line: Cell::new(0),
            column: Cell::new(0),
        }
    }
}

/// The hook that notes panics. On other targets, panics stay with the caller.
#[cfg(target_arch = "wasm32")]
mod hook {
    use std::panic::{Location, PanicHookInfo};

    use super::{PanicRecord, Text};
    use crate::abi::MAX_PANIC_MESSAGE;
    use crate::contracts::terms::ContractTerms;
    use crate::memory::text::beginning;

    /// A plugin whose panics are noted.
    pub trait Noted: 'static {
        /// The contract that the plugin is built for.
        type Contract: ContractTerms;

        /// Returns the record in which the host looks.
        fn record() -> &'static PanicRecord;
    }

    /// Notes panics in the plugin's record from now on.
    pub fn install<P: Noted>() {
        // Captures nothing, so that the box needs no memory.
        std::panic::set_hook(Box::new(|panic| {
            P::record().note(message(panic), panic.location());
            if P::Contract::REPORTS_PANICS {
                P::Contract::report_panic(&line(panic));
            }
        }));
    }

    impl PanicRecord {
        /// Notes the first panic; a second one, while the first is handled, is less useful.
        fn note(&self, message: &str, place: Option<&Location<'_>>) {
            if self.line.get() != 0 {
                return;
            }
            // The message stays where it is: the panic is not caught, and nothing is dropped.
            self.message
                .set(beginning(message.as_bytes(), MAX_PANIC_MESSAGE));
            if let Some(place) = place {
                self.file.set(place.file());
                self.line.set(place.line());
                self.column.set(place.column());
            }
        }
    }

    impl Text {
        fn set(&self, text: &str) {
            self.address.set(text.as_ptr().addr() as u32);
            self.len.set(text.len() as u32);
        }
    }

    fn message<'a>(panic: &'a PanicHookInfo<'_>) -> &'a str {
        let payload = panic.payload();
        payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a panic whose payload is not text")
    }

    /// Returns a panic in one line, like Rust's own hook, without the formatting of numbers, which
    /// a plugin may not need otherwise.
    #[cfg(feature = "_contract")]
    fn line(panic: &PanicHookInfo<'_>) -> String {
        let mut line = b"panicked at ".to_vec();
        if let Some(place) = panic.location() {
            line.extend_from_slice(place.file().as_bytes());
            for number in [place.line(), place.column()] {
                line.push(b':');
                crate::json::write_u64(number.into(), &mut line);
            }
            line.extend_from_slice(b": ");
        }
        line.extend_from_slice(message(panic).as_bytes());
        crate::memory::text::utf8_owned(line).unwrap_or_default()
    }

    #[cfg(not(feature = "_contract"))]
    fn line(_: &PanicHookInfo<'_>) -> String {
        String::new()
    }
}
