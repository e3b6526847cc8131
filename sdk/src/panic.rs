//! The panic record, which a host reads from the memory of a dead guest.

use std::cell::Cell;
use std::panic::PanicHookInfo;

use crate::abi::{MAX_PANIC_MESSAGE, PANIC_RECORD_SIZE};
use crate::contracts::terms::ContractTerms;
use crate::decode_error::cut;

/// The record of a panic; all zero until then. `docs/abi.md` specifies the layout. The bytes of the
/// message follow the part that a host sees.
#[repr(C)]
pub struct PanicRecord {
    message: Text,
    file: Text,
    line: Cell<u32>,
    column: Cell<u32>,
    bytes: [Cell<u8>; MAX_PANIC_MESSAGE],
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
    size_of::<PanicRecord>() == PANIC_RECORD_SIZE as usize + MAX_PANIC_MESSAGE,
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
            bytes: [const { Cell::new(0) }; MAX_PANIC_MESSAGE],
        }
    }

    #[cfg_attr(
        not(target_arch = "wasm32"),
        allow(dead_code, reason = "noted on wasm32 only")
    )]
    /// Notes the first panic; a second one, while the first is handled, is less useful.
    fn note(&self, panic: &PanicHookInfo<'_>) {
        if self.line.get() != 0 {
            return;
        }
        let message = cut(message(panic), MAX_PANIC_MESSAGE);
        for (kept, byte) in self.bytes.iter().zip(message.bytes()) {
            kept.set(byte);
        }
        self.message.address.set(self.bytes.as_ptr().addr() as u32);
        self.message.len.set(message.len() as u32);
        if let Some(place) = panic.location() {
            self.file.address.set(place.file().as_ptr().addr() as u32);
            self.file.len.set(place.file().len() as u32);
            self.line.set(place.line());
            self.column.set(place.column());
        }
    }

    /// Notes panics here from now on. On other targets than wasm32, panics stay with the caller.
    pub fn install<C: ContractTerms>(&'static self) {
        #[cfg(target_arch = "wasm32")]
        std::panic::set_hook(Box::new(|panic| {
            self.note(panic);
            if C::REPORTS_PANICS {
                C::report_panic(&line(panic));
            }
        }));
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

/// Returns a panic in one line, like Rust's own hook, without the formatting of numbers, which a
/// plugin may not need otherwise.
#[cfg(all(target_arch = "wasm32", feature = "_contract"))]
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
    String::from_utf8(line).unwrap_or_default()
}

#[cfg(all(target_arch = "wasm32", not(feature = "_contract")))]
fn line(_: &PanicHookInfo<'_>) -> String {
    String::new()
}
