//! Memory at fixed addresses, where a host reads and writes without asking the guest.
//!
//! Such a host assumes that this memory is unused. In the usual layout of a Rust module that is
//! true: the stack comes first, with 1 MiB, and grows down towards address 0, so its low end is
//! idle unless calls are deeply nested. But the linker can use another layout, and a host may write
//! more than fits. So this module touches nothing until [`Layout`] has shown, from the addresses in
//! this very call, that the memory belongs neither to the data nor to the used part of the stack.
//!
//! Bytes outside all Rust allocations are accessed like the registers of a device, by volatile
//! reads and writes, which the language allows there at any address including 0 ([since Rust
//! 1.90](https://doc.rust-lang.org/std/ptr/fn.read_volatile.html)). They are copied at once: no
//! reference to such a place exists.

use std::ptr;

// Stable since the same release as that rule, so that an older compiler fails here.
#[cfg(target_arch = "wasm32")]
const _: Option<u32> = 1u32.checked_sub_signed(1);

/// The size of a word in bytes, the unit of copying.
const WORD: usize = size_of::<u64>();

/// The stack in bytes that the copying functions may need, with the allocator. Unoptimised, they
/// use less than a tenth of it.
const ROOM: usize = 16 * 1024;

/// The guest's use of memory at the beginning of a call.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The beginning of the data, with constants and everything that never moves. The heap follows.
    data: usize,
    /// The lowest used address of the stack.
    stack: usize,
    /// The address of an empty stack.
    stack_end: usize,
}

impl Layout {
    /// Returns the current layout.
    #[cfg(target_arch = "wasm32")]
    pub fn now() -> Self {
        unsafe extern "C" {
            // Symbols whose addresses the linker sets; there is nothing at them to read.
            static __global_base: u8;
            static __stack_high: u8;
        }
        Layout {
            data: (&raw const __global_base).addr(),
            stack: in_use(),
            stack_end: (&raw const __stack_high).addr(),
        }
    }

    /// Returns an empty layout: native builds have no such memory.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn now() -> Self {
        Layout {
            data: 0,
            stack: 0,
            stack_end: 0,
        }
    }

    /// Returns the number of idle bytes from address 0 on, minus the needs of the copying call.
    pub fn idle(&self) -> usize {
        // If the symbol is not the end of the stack, the place of the stack is unknown.
        if self.stack >= self.stack_end {
            return 0;
        }
        self.data.min(self.stack.saturating_sub(ROOM)) / WORD * WORD
    }

    /// Returns whether a host may use the memory below an address.
    pub fn is_idle_below(&self, end: usize) -> bool {
        self.idle() >= end
    }
}

/// Returns an address on the stack. Everything below it is unused, except by the functions called
/// next.
#[cfg(target_arch = "wasm32")]
#[inline(never)]
fn in_use() -> usize {
    let last = std::hint::black_box(0u8);
    ptr::from_ref(std::hint::black_box(&last)).addr()
}

/// Copies what a host has written from address 0 on. `None` if that reaches into the guest's own
/// memory, which is then destroyed: see [`put_immediate`].
pub fn take(len: usize) -> Option<Vec<u8>> {
    // SAFETY: the check shows that the guest does not use the bytes. Address 0 is a multiple of
    // eight, and so is the idle length.
    Layout::now()
        .is_idle_below(len)
        .then(|| unsafe { copy_out(ptr::null(), len) })
}

/// Writes a text to where a host reads it; `false` if there is no room for it there.
pub fn put<const ADDRESS: usize>(text: &[u8]) -> bool {
    const { assert!(ADDRESS.is_multiple_of(WORD), "words are written") };
    let idle = Layout::now().is_idle_below(ADDRESS.saturating_add(text.len()));
    if idle {
        // SAFETY: the check shows that the guest does not use the bytes; the address is a multiple
        // of eight.
        unsafe { copy_in(ptr::without_provenance_mut(ADDRESS), text) };
    }
    idle
}

/// Reads bytes, inside or outside of Rust allocations.
///
/// # Safety
/// `start` must be a multiple of the alignment of `u64`. The `len` bytes there, rounded up to a
/// multiple of eight, must be readable and either all in one allocation, or in none and within
/// linear memory.
unsafe fn copy_out(start: *const u8, len: usize) -> Vec<u8> {
    let mut text = vec![0; len.next_multiple_of(WORD)];
    let (words, _) = text.as_chunks_mut();
    for (nth, word) in words.iter_mut().enumerate() {
        let from = start.cast::<u64>().wrapping_add(nth);
        // SAFETY: the caller guarantees it for the bytes.
        *word = unsafe { from.read_volatile() }.to_ne_bytes();
    }
    text.truncate(len);
    text
}

/// Writes bytes, inside or outside of Rust allocations.
///
/// # Safety
/// `start` must be a multiple of the alignment of `u64`. The bytes there, as many as in the text,
/// must be writable and either all in one allocation, or in none and within linear memory.
unsafe fn copy_in(start: *mut u8, text: &[u8]) {
    let (words, rest) = text.as_chunks();
    for (nth, word) in words.iter().enumerate() {
        let to = start.cast::<u64>().wrapping_add(nth);
        // SAFETY: the caller guarantees it for the bytes.
        unsafe { to.write_volatile(u64::from_ne_bytes(*word)) };
    }
    let to = start.wrapping_add(text.len() - rest.len());
    for (nth, byte) in rest.iter().enumerate() {
        // SAFETY: as above.
        unsafe { to.wrapping_add(nth).write_volatile(*byte) };
    }
}

/// A text that can be written without being in memory: at most `MOST_WORDS` words in ASCII.
pub trait Immediate {
    /// The text.
    const TEXT: &'static str;
}

/// The longest immediate text, in words.
const MOST_WORDS: usize = 24;

/// Writes a text to where a host reads it, with each word a number in the code. This works even
/// after a host has overwritten the guest's data. Returns the length, with spaces up to a whole
/// word; `None` if there is no room.
pub fn put_immediate<const ADDRESS: usize, T: Immediate>() -> Option<usize> {
    const { assert!(ADDRESS.is_multiple_of(WORD), "words are written") };
    const {
        assert!(
            T::TEXT.len() <= MOST_WORDS * WORD,
            "the text has more words"
        )
    };
    let idle = Layout::now().is_idle_below(ADDRESS.saturating_add(MOST_WORDS * WORD));
    if idle {
        // A loop would take the words from a table in the data.
        macro_rules! put {
            ($($nth:literal)*) => {$(
                if const { $nth * WORD < T::TEXT.len() } {
                    let to = ptr::without_provenance_mut::<u64>(const { ADDRESS + $nth * WORD });
                    // SAFETY: the check shows that the guest does not use the bytes; the address is
                    // a multiple of eight.
                    unsafe { to.write_volatile(const { word(T::TEXT, $nth) }) };
                }
            )*};
        }
        put!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);
    }
    idle.then_some(T::TEXT.len().next_multiple_of(WORD))
}

/// Returns a word of a text, padded with spaces after the end.
const fn word(text: &str, nth: usize) -> u64 {
    let mut word = [b' '; WORD];
    let mut from = match text.as_bytes().split_at_checked(nth * WORD) {
        Some((_, from)) => from,
        None => &[],
    };
    let mut to: &mut [u8] = &mut word;
    while let ([byte, free @ ..], [next, rest @ ..]) = (to, from) {
        *byte = *next;
        to = free;
        from = rest;
    }
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A megabyte of stack before the data, with a little in use.
    const USUAL: Layout = Layout {
        data: 1 << 20,
        stack: (1 << 20) - 100,
        stack_end: 1 << 20,
    };

    #[test]
    fn the_low_end_of_the_usual_stack_is_idle() {
        assert_eq!(USUAL.idle(), (1 << 20) - ROOM - 104);
        assert!(USUAL.is_idle_below(128 << 10));
        assert!(!USUAL.is_idle_below((1 << 20) - ROOM));
    }

    #[test]
    fn a_small_or_full_stack_leaves_no_idle_memory() {
        for stack_end in [0, 16 << 10, 64 << 10, 128 << 10] {
            let layout = Layout {
                data: stack_end,
                stack: stack_end.saturating_sub(8),
                stack_end,
            };
            assert!(!layout.is_idle_below(128 << 10), "{stack_end}");
        }
        let deep = Layout {
            stack: 130 << 10,
            ..USUAL
        };
        assert!(!deep.is_idle_below(128 << 10));
    }

    #[test]
    fn data_before_the_stack_are_not_idle() {
        let data_first = Layout {
            data: 1024,
            stack: (1 << 20) + 900,
            stack_end: (1 << 20) + 1024,
        };
        assert_eq!(data_first.idle(), 1024);
        assert!(!data_first.is_idle_below(64 << 10));
    }

    #[test]
    fn a_stack_elsewhere_leaves_no_idle_memory() {
        assert_eq!(
            Layout {
                stack: 2 << 20,
                ..USUAL
            }
            .idle(),
            0
        );
        assert_eq!(
            Layout {
                stack: USUAL.stack_end,
                ..USUAL
            }
            .idle(),
            0
        );
    }

    #[test]
    fn native_builds_read_and_write_nothing() {
        struct Told;
        impl Immediate for Told {
            const TEXT: &'static str = "told";
        }
        assert_eq!(take(1), None);
        assert!(!put::<65536>(b"1"));
        assert_eq!(put_immediate::<65536, Told>(), None);
    }

    #[test]
    fn texts_of_any_length_are_copied_whole() {
        let text: Vec<u8> = (1..=64).collect();
        for len in 0..=text.len() {
            let mut memory = [0u64; 9];
            let start = memory.as_mut_ptr().cast::<u8>();
            // SAFETY: the bytes of the text, rounded up to words, are in the array, which is
            // aligned for words.
            let read = unsafe {
                copy_in(start, &text[..len]);
                copy_out(start, len)
            };
            assert_eq!(read, text[..len]);
            assert!(
                memory[len.div_ceil(8)..].iter().all(|word| *word == 0),
                "nothing behind it is written"
            );
        }
    }

    #[test]
    fn immediate_words_are_those_of_the_text() {
        let text = r#"{"success":false}"#;
        let words: Vec<u8> = (0..3)
            .flat_map(|nth| word(text, nth).to_le_bytes())
            .collect();
        assert_eq!(words, br#"{"success":false}       "#);
    }
}
